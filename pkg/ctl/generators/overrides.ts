// `run --overrides`: changes of the generated pod as a JSON patch, a merge patch or a strategic merge patch. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { applyStrategicMerge } from '../../api/patch/strategic-merge.ts';
import { schemaOf } from '../../api/schema/object-schema.ts';
import { applyMergePatch } from '../apply/json-merge.ts';
import { applyOperations } from '../apply/local-patch.ts';
import { Failure } from '../cli/failure.ts';
import { asJson, isObject } from '../objects/access.ts';
import { parseYamlValue } from '../resources/manifest-text.ts';

/** What Go's library decodes an object's type into, as its messages call it. */
const TYPE_OF_OBJECT =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Throws Failure for a patch that is none or does not fit. */
export function overriddenPod(pod: JsonObject, overrides: string, type: string): JsonObject {
  if (!['json', 'merge', 'strategic'].includes(type)) throw new Failure(`invalid override type: ${type}`);
  const result = patched(pod, read(overrides), type);
  if (isObject(result)) return result;
  throw new Failure(
    `couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type ${TYPE_OF_OBJECT}`,
  );
}

function read(overrides: string): Json {
  try {
    return parseYamlValue(overrides);
  } catch (cause) {
    throw new Failure('Invalid JSON Patch', { cause });
  }
}

function patched(pod: JsonObject, patch: Json, type: string): Json {
  if (type === 'json') return applyOperations(pod, patch);
  if (type === 'merge') return applyMergePatch(pod, patch);
  if (!isObject(patch)) throw new Failure('Invalid JSON Patch');
  return asJson(applyStrategicMerge(pod, patch, schemaOf('core.v1.Pod')));
}
