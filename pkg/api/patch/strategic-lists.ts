// How strategic merge patch merges and orders lists: items of the patch keep the patch's order, items only the server has
// keep theirs, and the two are interleaved by where the server had them (k8s.io/apimachinery/pkg/util/strategicpatch).
import { isRecord } from '../schema/decode-walk.ts';
import { goFormat } from './go-format.ts';
import { inapplicable, untranslated, badPatch } from './patch-errors.ts';
import { PATCH_DIRECTIVE, withoutDirectives } from './strategic-merge.ts';

export interface ListRules {
  /** The list's patch strategy is `merge`; otherwise a patch replaces it. */
  readonly merged: boolean;
  /** Undefined for lists of scalars. */
  readonly mergeKey: string | undefined;
  mergeItem(original: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown>;
}

/** Merges the patch's items into the original's. */
export function mergeList(original: readonly unknown[], patch: readonly unknown[], rules: ListRules): unknown[] {
  if (original.length === 0 && patch.length === 0) return [];
  if (!holdsMaps(original, patch)) {
    const merged = [...new Set([...original, ...patch])];
    return interleave(merged, patch, original, undefined);
  }
  const { mergeKey } = rules;
  if (mergeKey === undefined) throw untranslated('cannot merge lists without merge key for type map');
  const { kept, changes } = applyItemDirectives(original, patch, mergeKey);
  const merged: unknown[] = [...kept];
  for (const change of changes) {
    const value = keyOf(change, mergeKey);
    const at = merged.findIndex((item) => isRecord(item) && item[mergeKey] === value);
    const found = merged[at];
    if (at >= 0 && isRecord(found)) merged[at] = rules.mergeItem(found, change);
    else merged.push(withoutDirectives(change));
  }
  return interleave(merged, changes, kept, mergeKey);
}

/** Merges, then puts what the `$setElementOrder` list names into its order. */
export function orderBySetting(
  original: readonly unknown[] | undefined,
  patch: readonly unknown[] | undefined,
  order: readonly unknown[],
  rules: ListRules,
): unknown[] {
  checkOrder(patch ?? [], order, rules.mergeKey);
  let merged: readonly unknown[];
  if (original === undefined) merged = (patch ?? []).map(withoutDirectives);
  else if (patch === undefined) merged = original;
  else merged = rules.merged ? mergeList(original, patch, rules) : patch;
  return interleave(merged, order, original ?? [], rules.mergeKey);
}

function applyItemDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { kept: readonly unknown[]; changes: Record<string, unknown>[] } {
  let kept = original;
  let replace = false;
  const changes: Record<string, unknown>[] = [];
  for (const item of patch) {
    if (!isRecord(item)) throw untranslated('list element types are not identical');
    if (!Object.hasOwn(item, PATCH_DIRECTIVE)) {
      changes.push(item);
      continue;
    }
    switch (item[PATCH_DIRECTIVE]) {
      case 'delete': {
        const value = keyOf(item, mergeKey);
        kept = kept.filter((other) => !isRecord(other) || other[mergeKey] !== value);
        break;
      }
      case 'replace':
        replace = true;
        break;
      case 'merge':
        throw untranslated('merging lists cannot yet be specified in the patch');
      default:
        throw untranslated(`unknown patch type: ${goFormat(item[PATCH_DIRECTIVE])} in map: ${goFormat(item)}`);
    }
  }
  return replace ? { kept: changes, changes: [] } : { kept, changes };
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (isRecord(item) && Object.hasOwn(item, mergeKey)) return item[mergeKey];
  throw untranslated(`map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`);
}

/** Items that are all maps, or all not; lists of lists are refused. */
function holdsMaps(original: readonly unknown[], patch: readonly unknown[]): boolean {
  const items = [...original, ...patch];
  if (items.some((item) => Array.isArray(item))) throw inapplicable('lists of lists are not supported');
  const maps = items.filter(isRecord).length;
  if (maps !== 0 && maps !== items.length) {
    throw untranslated(`list element types are not identical: ${goFormat([original, patch])}`);
  }
  return maps > 0;
}

/** Every item of the patch must stand in the order list, in that order. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  let from = 0;
  for (const item of patch) {
    if (isRecord(item) && Object.hasOwn(item, PATCH_DIRECTIVE)) continue;
    const at = order.slice(from).findIndex((other) => sameItem(other, item, mergeKey));
    if (at < 0) {
      throw badPatch(
        `The order in patch list:\n${goFormat(patch)}\n doesn't match $setElementOrder list:\n${goFormat(order)}\n`,
      );
    }
    from += at + 1;
  }
}

function sameItem(a: unknown, b: unknown, mergeKey: string | undefined): boolean {
  if (mergeKey === undefined) return a === b;
  return isRecord(a) && isRecord(b) && a[mergeKey] === b[mergeKey];
}

/** Sorts the items that `order` names by it, the others by `server`, and merges both, the named ones first where in doubt. */
function interleave(
  merged: readonly unknown[],
  order: readonly unknown[],
  server: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const placeIn = (list: readonly unknown[], item: unknown): number =>
    list.findIndex((other) => sameItem(other, item, mergeKey));
  const byPlace = (list: readonly unknown[]) => (a: unknown, b: unknown) => placeIn(list, a) - placeIn(list, b);
  const named = merged.filter((item) => placeIn(order, item) >= 0).toSorted(byPlace(order));
  const others = merged.filter((item) => placeIn(order, item) < 0).toSorted(byPlace(server));
  const result: unknown[] = [];
  while (others.length > 0 && named.length > 0) {
    const other = placeIn(server, others[0]);
    const next = placeIn(server, named[0]);
    const otherFirst = other >= 0 && next >= 0 && other < next;
    result.push(otherFirst ? others.shift() : named.shift());
  }
  return [...result, ...others, ...named];
}
