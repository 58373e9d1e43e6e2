// JSON, merge and strategic merge patches of an object: parses the patch, applies it to the live object and reports what
// field validation has to say of the patch itself. Decoding of the result into the kind is decodePatched.
import { ApiError } from '../../api/meta/status.ts';
import { decodeValue, type Decoded, type DecodeValueOptions, type FieldValidation } from '../../api/schema/decode.ts';
import { withinDepth } from '../../api/schema/decode-depth.ts';
import { hasDuplicateKeys, readJson, type TextNotes } from '../../api/schema/decode-json.ts';
import { jsonKind } from '../../api/schema/decode-scalars.ts';
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { ObjectSchema } from '../../api/schema/object-schema.ts';
import { goFormat } from '../../api/patch/go-format.ts';
import { applyJsonPatch, JsonPatchFault, MAX_OPERATIONS, type Operation } from '../../api/patch/json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { badPatch, inapplicable, invalidResult } from '../../api/patch/patch-errors.ts';
import { applyStrategicMerge } from '../../api/patch/strategic-merge.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

export interface PatchRequest {
  /** Of the request, parameters allowed: `application/json-patch+json; charset=utf-8`. */
  readonly contentType: string;
  /** The body's text, or its value from a caller in this process. */
  readonly patch: unknown;
  readonly live: unknown;
  readonly schema: ObjectSchema;
  readonly fieldValidation: FieldValidation;
}

export interface Patched {
  readonly object: unknown;
  readonly warnings: string[];
}

/** Applies a patch; `live` and the patch stay unchanged. Throws an ApiError as Kubernetes would answer. */
export function patchObject(request: PatchRequest): Patched {
  return withinDepth(() => patched(request));
}

function patched(request: PatchRequest): Patched {
  const { live, schema } = request;
  switch (mediaType(request.contentType)) {
    case JSON_PATCH: {
      const { value, faults } = parsePatch(request, []);
      const operations = operationsOf(value);
      const warnings = strictFaults(request, [...faults, ...unknownMembers(operations)]);
      try {
        return { object: applyJsonPatch(live, operations), warnings };
      } catch (error) {
        if (error instanceof JsonPatchFault) throw inapplicable(error.message);
        throw error;
      }
    }
    case MERGE_PATCH: {
      const { value, faults } = parsePatch(request, {});
      if (!isRecord(value)) throw badPatch(notAMap(value));
      const warnings = strictFaults(request, faults);
      return { object: applyMergePatch(live, value), warnings };
    }
    case STRATEGIC_MERGE_PATCH: {
      const { value, faults } = parsePatch(request, {});
      if (!isRecord(value)) throw badPatch(notAMap(value));
      const warnings = strictFaults(request, faults);
      const object = applyStrategicMerge(isRecord(live) ? live : {}, value, schema);
      return { object, warnings };
    }
    default:
      throw new ApiError('UnsupportedMediaType', '415: Unsupported Media Type', { details: {} });
  }
}

/**
 * Decodes what a patch made of an object. Where Kubernetes answers a create with 400 it answers a patch with 422, and shows
 * the patched object (or, for a strategic merge, the patch).
 */
export function decodePatched(
  result: unknown,
  request: { readonly contentType: string; readonly patch: unknown },
  options: DecodeValueOptions,
): Decoded {
  const strategic = mediaType(request.contentType) === STRATEGIC_MERGE_PATCH;
  const { groupVersionKind } = options;
  const shown = (): string => {
    const value = typeof request.patch === 'string' ? readJson(request.patch) : undefined;
    if (!strategic) return JSON.stringify(result);
    return goFormat(value?.ok === true ? value.value : request.patch);
  };
  // A strategic merge never changes what the object is.
  const value = strategic && isRecord(result) ? { ...result, ...typeMeta(groupVersionKind) } : result;
  if (!strategic && isRecord(value) && (!value['kind'] || !value['apiVersion'])) {
    const missing = !value['kind'] ? 'Kind' : 'apiVersion';
    throw invalidResult(shown(), `Object '${missing}' is missing in '${JSON.stringify(result)}'`);
  }
  try {
    return decodeValue(value, options);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const prefix = `${groupVersionKind.kind} in version ${JSON.stringify(groupVersionKind.version)} cannot be handled as a ${groupVersionKind.kind}: `;
    throw invalidResult(shown(), error.message.replace(prefix, ''));
  }
}

function typeMeta({ group, version, kind }: DecodeValueOptions['groupVersionKind']): {
  kind: string;
  apiVersion: string;
} {
  return { kind, apiVersion: group === '' ? version : `${group}/${version}` };
}

function mediaType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function parsePatch(
  { patch, fieldValidation }: PatchRequest,
  empty: unknown,
): { value: unknown; faults: readonly string[] } {
  if (typeof patch !== 'string') return { value: patch ?? empty, faults: [] };
  let value: unknown;
  try {
    value = JSON.parse(patch);
  } catch (cause) {
    const reading = readJson(patch);
    throw badPatch(`error decoding patch: ${reading.ok ? String(cause) : reading.message}`, cause);
  }
  if (fieldValidation === 'Ignore' || !hasDuplicateKeys(patch, value)) return { value, faults: [] };
  const reading = readJson(patch);
  return reading.ok ? { value, faults: duplicateFaults(reading.value, '', reading.notes) } : { value, faults: [] };
}

function duplicateFaults(value: unknown, path: string, notes: TextNotes): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => duplicateFaults(item, `${path}[${index}]`, notes));
  if (!isRecord(value)) return [];
  const repeated = notes.duplicates.get(value);
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = path === '' ? key : `${path}.${key}`;
    const own = repeated?.has(key) === true ? [`duplicate field ${JSON.stringify(place)}`] : [];
    return [...own, ...duplicateFaults(inner, place, notes)];
  });
}

/** Strict refuses, Warn tells, Ignore keeps silent. */
function strictFaults({ fieldValidation }: PatchRequest, faults: readonly string[]): string[] {
  if (fieldValidation === 'Ignore') return [];
  if (fieldValidation === 'Strict' && faults.length > 0) {
    throw invalidResult('', `strict decoding error: ${faults.join(', ')}`);
  }
  return [...faults];
}

const MEMBERS: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

function unknownMembers(operations: readonly Operation[]): string[] {
  return operations.flatMap((operation, index) =>
    Object.keys(operation)
      .filter((key) => !MEMBERS.has(key))
      .map((key) => `json patch unknown field "[${index}].${key}"`),
  );
}

function operationsOf(value: unknown): readonly Operation[] {
  // To Go's decoder null is a list of nothing.
  if (value === null) return [];
  if (!Array.isArray(value)) {
    throw badPatch(
      `error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go value of type []handlers.jsonPatchOp`,
    );
  }
  if (value.length > MAX_OPERATIONS) {
    throw new ApiError(
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${value.length}`,
    );
  }
  return value.map((item: unknown) => {
    if (isRecord(item)) return item;
    if (item === null) return {};
    throw badPatch(
      `error decoding patch: json: cannot unmarshal ${jsonKind(item)} into Go value of type handlers.jsonPatchOp`,
    );
  });
}

function notAMap(value: unknown): string {
  if (value === null) return 'Invalid JSON Patch';
  return `error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`;
}
