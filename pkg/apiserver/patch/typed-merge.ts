// Merging an applied configuration into the live object, and taking owned fields out of an object: the two changes that
// server-side apply makes (sigs.k8s.io/structured-merge-diff typed/merge.go, typed/remove.go). Arguments are not changed.
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { FieldSchema } from '../../api/schema/object-schema.ts';
import { EMPTY, type FieldSet } from './field-set.ts';
import { itemElement, itemsByElement, memberSchema, shapeOf } from './schema-steps.ts';

/** `live` with what `applied` says; undefined is a value that is not there. */
export function mergeTyped(schema: FieldSchema | undefined, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined || shapeOf(schema, applied ?? live) === 'leaf') return applied;
  if (isRecord(live) && isRecord(applied)) {
    if (Object.keys(applied).length === 0 && Object.keys(live).length === 0) return applied;
    const merged = new Map(Object.entries(live));
    for (const [key, value] of Object.entries(applied)) {
      merged.set(key, mergeTyped(memberSchema(schema, key), merged.get(key), value));
    }
    return Object.fromEntries(merged);
  }
  if (schema?.kind === 'list' && Array.isArray(live) && Array.isArray(applied))
    return mergeLists(schema, live, applied);
  // Null or empty says nothing about what others have put into a map or list.
  if (applied === null && (isRecord(live) || Array.isArray(live))) return live;
  return applied;
}

/**
 * Items of the applied list in its order; items only the live list has keep their place relative to their neighbours.
 */
function mergeLists(
  schema: FieldSchema & { kind: 'list' },
  live: readonly unknown[],
  applied: readonly unknown[],
): unknown[] {
  const liveElements = live.map((item) => elementOf(schema, item));
  const appliedElements = applied.map((item) => elementOf(schema, item));
  const liveItems = itemsByElement(schema, live);
  const appliedItems = itemsByElement(schema, applied);
  const shared = appliedElements.filter((element) => liveItems.has(element));
  const merged: unknown[] = [];
  const done = new Set<string>();
  const take = (element: string): void => {
    const same = liveItems.get(element) ?? [];
    const base = same.length === 1 ? same[0] : undefined;
    merged.push(mergeTyped(schema.items, base, appliedItems.get(element)?.[0]));
    done.add(element);
    if (shared[0] === element) shared.shift();
  };
  let l = 0;
  let a = 0;
  while (l < live.length || a < applied.length) {
    const left = liveElements[l];
    const right = appliedElements[a];
    if (left !== undefined && right !== undefined) {
      if (left === right) {
        take(right);
        l++;
        a++;
        continue;
      }
      if (appliedItems.has(left) && shared[0] !== undefined && shared[0] !== left) {
        l++;
        continue;
      }
    }
    if (left !== undefined) {
      if (!appliedItems.has(left)) {
        merged.push(live[l]);
        l++;
        continue;
      }
      if (done.has(left)) l++;
    }
    if (right !== undefined) {
      take(right);
      a++;
    }
  }
  return merged;
}

function elementOf(schema: FieldSchema & { kind: 'list' }, item: unknown): string {
  const element = itemElement(schema, item);
  // Only a live object can hold such items; each stays what it is.
  return element.ok ? element.element : `i:${JSON.stringify(item)}`;
}

/** `value` without the members of `gone`; a map or list of which nothing is left becomes null. */
export function removeFields(schema: FieldSchema | undefined, value: unknown, gone: FieldSet): unknown {
  const shape = shapeOf(schema, value);
  if (shape === 'leaf') return isRecord(value) || Array.isArray(value) ? null : value;
  if (isRecord(value)) {
    const kept: [string, unknown][] = [];
    for (const [key, inner] of Object.entries(value)) {
      const child = gone.children.get(`f:${key}`) ?? EMPTY;
      if (child.member) continue;
      kept.push([key, child.children.size > 0 ? removeFields(memberSchema(schema, key), inner, child) : inner]);
    }
    return kept.length > 0 ? Object.fromEntries(kept) : null;
  }
  if (Array.isArray(value) && schema?.kind === 'list') {
    const kept: unknown[] = [];
    for (const item of value) {
      const child = gone.children.get(elementOf(schema, item)) ?? EMPTY;
      if (child.member) continue;
      kept.push(child.children.size > 0 ? removeFields(schema.items, item, child) : item);
    }
    return kept.length > 0 ? kept : null;
  }
  return value;
}
