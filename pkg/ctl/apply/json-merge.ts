// RFC 7396 merge patches: the difference of two values, and the three-way form that kubectl uses for kinds without merge
// keys. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { isObject } from '../objects/access.ts';

/** The merge patch that turns `original` into `modified`. */
export function mergePatchBetween(original: JsonObject, modified: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [key, before] of Object.entries(original)) {
    const after = modified[key];
    if (after === undefined) patch[key] = null;
    else if (isObject(before) && isObject(after)) {
      const inner = mergePatchBetween(before, after);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isDeepStrictEqual(before, after)) patch[key] = after;
  }
  for (const [key, after] of Object.entries(modified)) if (original[key] === undefined) patch[key] = after;
  return patch;
}

/** What `modified` changes or adds over `current`, and what it no longer has of `original`. */
export function threeWayMergePatch(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  const changes = withoutNulls(mergePatchBetween(current, modified));
  const deletions = onlyNulls(mergePatchBetween(original, modified));
  return combine(deletions, changes);
}

function withoutNulls(patch: JsonObject): JsonObject {
  return filterPatch(patch, (value) => value !== null);
}

function onlyNulls(patch: JsonObject): JsonObject {
  return filterPatch(patch, (value) => value === null);
}

function filterPatch(patch: JsonObject, keep: (leaf: Json) => boolean): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (isObject(value)) {
      const inner = filterPatch(value, keep);
      if (Object.keys(inner).length > 0 || (Object.keys(value).length === 0 && keep(value))) kept[key] = inner;
    } else if (keep(value)) kept[key] = value;
  }
  return kept;
}

function combine(first: JsonObject, second: JsonObject): JsonObject {
  const united: JsonObject = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = united[key];
    united[key] = isObject(before) && isObject(value) ? combine(before, value) : value;
  }
  return united;
}

/** Applies a merge patch. */
export function applyMergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = applyMergePatch(merged[key] ?? null, value);
  }
  return merged;
}
