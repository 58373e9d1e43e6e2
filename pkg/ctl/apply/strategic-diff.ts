// The difference of two objects as a strategic merge patch, and the union of two such patches: what apimachinery's
// strategicpatch computes, with its directives ($patch: delete, $setElementOrder, $deleteFromPrimitiveList, $retainKeys).
// Pure.
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { compareBytes, isObject } from '../objects/access.ts';
import { fieldMerge, type MergeSchema } from './merge-schema.ts';

export interface DiffOptions {
  readonly ignoreDeletions: boolean;
  readonly ignoreChanges: boolean;
}

/** The patch that turns `original` into `modified`, less what the options leave out. */
export function diffObjects(
  original: JsonObject,
  modified: JsonObject,
  schema: MergeSchema,
  options: DiffOptions,
  retainKeys = false,
): JsonObject {
  const patch: JsonObject = {};
  for (const [key, before] of Object.entries(original)) {
    const after = modified[key];
    if (after === undefined) {
      if (!options.ignoreDeletions) patch[key] = null;
      continue;
    }
    const child = fieldMerge(schema, key);
    const retain = child.strategies.includes('retainKeys');
    if (isObject(before) && isObject(after) && !child.strategies.includes('replace')) {
      const inner = diffObjects(before, after, child.schema, options, retain);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (Array.isArray(before) && Array.isArray(after) && child.strategies.includes('merge'))
      diffLists(key, before, after, child.mergeKey, child.schema, options, retain, patch);
    else if (!options.ignoreChanges && !isDeepStrictEqual(before, after)) patch[key] = after;
  }
  if (!options.ignoreChanges)
    for (const [key, after] of Object.entries(modified)) if (original[key] === undefined) patch[key] = after;
  const kept = Object.keys(modified).filter((key) => modified[key] !== null);
  const drops = Object.entries(original).some(([key, value]) => value !== null && modified[key] === undefined);
  if (retainKeys && kept.length > 0 && (Object.keys(patch).length > 0 || drops))
    patch['$retainKeys'] = kept.sort(compareBytes);
  return patch;
}

function diffLists(
  key: string,
  original: readonly Json[],
  modified: readonly Json[],
  mergeKey: string | undefined,
  schema: MergeSchema,
  options: DiffOptions,
  retainKeys: boolean,
  patch: JsonObject,
): void {
  if (original.length === 0) {
    if (modified.length > 0 && !options.ignoreChanges) patch[key] = [...modified];
    return;
  }
  if (mergeKey === undefined) return diffScalars(key, original, modified, options, patch);
  const before = keyed(original, mergeKey);
  const after = keyed(modified, mergeKey);
  const items: Json[] = [];
  for (const [id, item] of after) {
    const old = before.get(id);
    if (old === undefined) {
      if (!options.ignoreChanges) items.push(item);
      continue;
    }
    const inner = diffObjects(old, item, schema, options, retainKeys);
    if (Object.keys(inner).length > 0) items.push({ ...inner, [mergeKey]: item[mergeKey] ?? null });
  }
  if (!options.ignoreDeletions)
    for (const [id, item] of [...before].sort(([left], [right]) => compareBytes(left, right)))
      if (!after.has(id)) items.push({ $patch: 'delete', [mergeKey]: item[mergeKey] ?? null });
  if (items.length > 0) patch[key] = items;
  const sameOrder = isDeepStrictEqual([...before.keys()], [...after.keys()]);
  if ((items.length > 0 || !sameOrder) && (options.ignoreDeletions || options.ignoreChanges))
    patch[`$setElementOrder/${key}`] = [...after.values()].map((item) => ({ [mergeKey]: item[mergeKey] ?? null }));
}

function diffScalars(
  key: string,
  original: readonly Json[],
  modified: readonly Json[],
  options: DiffOptions,
  patch: JsonObject,
): void {
  const added = options.ignoreChanges ? [] : modified.filter((item) => !original.includes(item));
  const removed = options.ignoreDeletions ? [] : original.filter((item) => !modified.includes(item));
  if (added.length > 0) patch[key] = added;
  if (removed.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = removed;
  if (added.length > 0 || removed.length > 0 || !isDeepStrictEqual(original, modified))
    patch[`$setElementOrder/${key}`] = [...modified];
}

function keyed(items: readonly Json[], mergeKey: string): Map<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  for (const item of items) if (isObject(item)) found.set(JSON.stringify(item[mergeKey] ?? null), item);
  return found;
}

/** One patch that does what both do; where both say something, the second wins. Null means delete. */
export function unitePatches(first: JsonObject, second: JsonObject, schema: MergeSchema): JsonObject {
  const united: JsonObject = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = united[key];
    if (isObject(before) && isObject(value)) united[key] = unitePatches(before, value, fieldMerge(schema, key).schema);
    else if (Array.isArray(before) && Array.isArray(value) && !key.startsWith('$'))
      united[key] = uniteLists(before, value, schema, key);
    else united[key] = value;
  }
  return united;
}

function uniteLists(first: readonly Json[], second: readonly Json[], schema: MergeSchema, key: string): Json[] {
  const { mergeKey, schema: itemSchema, strategies } = fieldMerge(schema, key);
  if (!strategies.includes('merge')) return [...second];
  if (mergeKey === undefined) return [...new Set([...first, ...second])];
  const united = new Map<string, Json>();
  for (const item of [...second, ...first]) {
    const id = JSON.stringify(isObject(item) ? (item[mergeKey] ?? null) : item);
    const there = united.get(id);
    // What the second patch says of an item stands over what the first says.
    united.set(id, isObject(there) && isObject(item) ? unitePatches(item, there, itemSchema) : item);
  }
  return [...united.values()];
}
