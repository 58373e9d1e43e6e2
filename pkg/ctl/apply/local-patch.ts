// Patches that are applied on this side, without a server: what becomes of an object, in kubectl's words where a patch does not
// fit. Pure.
import { isApiError } from '../../api/meta/status.ts';
import { applyJsonPatch, JsonPatchFault } from '../../api/patch/json-patch.ts';
import { applyStrategicMerge } from '../../api/patch/strategic-merge.ts';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { asJson, isObject, text } from '../objects/access.ts';
import { applyMergePatch } from './json-merge.ts';
import { mergeSchemaOf } from './merge-schema.ts';

export type PatchType = 'json' | 'merge' | 'strategic';

/** Throws Failure for a patch that is none, or does not fit the object. */
export function patchedLocally(object: JsonObject, patch: Json, type: PatchType): JsonObject {
  const result = type === 'json' ? operated(object, patch) : merged(object, patch, type);
  if (isObject(result)) return result;
  throw new Failure(`json: cannot unmarshal ${jsonType(result)} into Go value of type unstructured.detector`);
}

/** `patch` has words of its own for one fault. */
function operated(object: JsonObject, patch: Json): Json {
  try {
    return applyOperations(object, patch);
  } catch (cause) {
    const missing = cause instanceof Failure ? MISSING_KEY.exec(cause.message)?.[1] : undefined;
    if (missing === undefined) throw cause;
    throw new Failure(`Object to be patched is missing field (${missing})`, { cause });
  }
}

const MISSING_KEY = /^replace operation does not apply: doc is missing key: (.*)$/;

function merged(object: JsonObject, patch: Json, type: 'merge' | 'strategic'): Json {
  if (type === 'merge') {
    if (!isObject(patch) && !Array.isArray(patch)) throw new Failure('Invalid JSON Patch');
    return applyMergePatch(object, patch);
  }
  const [apiVersion, kind] = [text(object, 'apiVersion'), text(object, 'kind')];
  const schema = mergeSchemaOf(apiVersion, kind);
  if (schema?.kind !== 'object')
    throw new Failure(
      `strategic merge patch is not supported for ${apiVersion}, Kind=${kind} locally, try --type merge`,
    );
  if (!isObject(patch)) throw new Failure('invalid JSON document');
  try {
    return asJson(applyStrategicMerge(object, patch, schema.schema()));
  } catch (cause) {
    if (isApiError(cause)) throw new Failure(cause.message, { cause });
    throw cause;
  }
}

/** JSON Patch. Throws Failure that names the operation which does not fit. */
export function applyOperations(object: JsonObject, patch: Json): Json {
  if (!Array.isArray(patch))
    throw new Failure(`json: cannot unmarshal ${jsonType(patch)} into Go value of type jsonpatch.Patch`);
  return patch.reduce<Json>((changed, operation) => {
    if (!isObject(operation))
      throw new Failure(`json: cannot unmarshal ${jsonType(operation)} into Go value of type jsonpatch.Operation`);
    try {
      return asJson(applyJsonPatch(changed, [operation]));
    } catch (cause) {
      if (!(cause instanceof JsonPatchFault)) throw cause;
      throw new Failure(faultText(operation, cause.message), { cause });
    }
  }, object);
}

/** The fault as Go's library words it for this operation. */
function faultText(operation: JsonObject, fault: string): string {
  const [op, path, from] = ['op', 'path', 'from'].map((field) => text(operation, field));
  if (fault.startsWith('Unexpected kind')) return fault;
  if (fault.startsWith('testing value')) return `${fault}: test failed`;
  if (fault === 'operation missing path field') return `${op} operation failed to decode path: missing value`;
  if (fault.startsWith('operation missing'))
    return `${op} operation failed to decode from: operation, missing from field: missing value`;
  const missing = /^doc is missing path: "(.*)"$/.exec(fault)?.[1];
  if (missing !== undefined) {
    const what =
      op === 'copy' || op === 'move'
        ? `doc is missing ${missing === from ? 'from' : 'destination'} path: ${missing}`
        : op === 'test'
          ? `is missing path: ${missing}`
          : `doc is missing path: ${op === 'replace' ? missing : `"${missing}"`}`;
    return `${op} operation does not apply: ${what}: missing value`;
  }
  const key = /^Unable to remove nonexistent key: (.*)$/.exec(fault)?.[1];
  if (key !== undefined) return `error in ${op} for path: '${op === 'move' ? key : path}': ${fault}: missing value`;
  if (op === 'replace') return `replace operation does not apply: doc is missing key: ${path}: missing value`;
  const index = /^value was not a proper array index: '(.*)'$/.exec(fault)?.[1];
  const why = index === undefined ? `${fault}: invalid index referenced` : notANumber(op, index, fault);
  return `error in ${op} for path: '${path}': ${why}`;
}

function notANumber(op: string | undefined, index: string, fault: string): string {
  const parsing = `strconv.Atoi: parsing ${JSON.stringify(index)}: invalid syntax`;
  return op === 'add' ? `${fault}: ${parsing}` : parsing;
}

function jsonType(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return isObject(value) ? 'object' : typeof value;
}
