// `run --overrides`: changes of the generated pod as a JSON patch, a merge patch or a strategic merge patch. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { applyJsonPatch, JsonPatchFault } from '../../api/patch/json-patch.ts';
import { applyStrategicMerge } from '../../api/patch/strategic-merge.ts';
import { schemaOf } from '../../api/schema/object-schema.ts';
import { applyMergePatch } from '../apply/json-merge.ts';
import { Failure } from '../cli/failure.ts';
import { asJson, isObject, text } from '../objects/access.ts';
import { parseYamlValue } from '../resources/manifest-text.ts';

/** Throws Failure for a patch that is none or does not fit. */
export function overriddenPod(pod: JsonObject, overrides: string, type: string): JsonObject {
  if (!['json', 'merge', 'strategic'].includes(type)) throw new Failure(`invalid override type: ${type}`);
  const result = patched(pod, read(overrides), type);
  return isObject(result) ? result : pod;
}

function read(overrides: string): Json {
  try {
    return parseYamlValue(overrides);
  } catch (cause) {
    throw new Failure('Invalid JSON Patch', { cause });
  }
}

function patched(pod: JsonObject, patch: Json, type: string): Json {
  if (type === 'json') return byOperations(pod, patch);
  if (type === 'merge') return applyMergePatch(pod, patch);
  if (!isObject(patch)) throw new Failure('Invalid JSON Patch');
  return asJson(applyStrategicMerge(pod, patch, schemaOf('core.v1.Pod')));
}

function byOperations(pod: JsonObject, patch: Json): Json {
  if (!Array.isArray(patch))
    throw new Failure(
      `json: cannot unmarshal ${isObject(patch) ? 'object' : typeof patch} into Go value of type jsonpatch.Patch`,
    );
  let changed: Json = pod;
  for (const operation of patch.filter(isObject)) {
    try {
      changed = asJson(applyJsonPatch(changed, [operation]));
    } catch (cause) {
      if (!(cause instanceof JsonPatchFault)) throw cause;
      const missing = cause.message.includes('nonexistent') ? ': missing value' : '';
      const where = `error in ${text(operation, 'op')} for path: '${text(operation, 'path')}'`;
      throw new Failure(`${where}: ${cause.message}${missing}`, { cause });
    }
  }
  return changed;
}
