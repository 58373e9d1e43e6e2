// What differs between two versions of an object, as sets of field paths: added, modified, removed. With toFieldSet, what an
// applied configuration owns. Rules: sigs.k8s.io/structured-merge-diff (typed/compare.go, typed/tofieldset.go).
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { FieldSchema } from '../../api/schema/object-schema.ts';
import { embeddedStructs } from './embedded-structs.ts';
import { EMPTY, fieldSet, isEmpty, LEAF, recursiveDifference, type FieldSet } from './field-set.ts';
import { isEqual } from '../../api/patch/json-patch.ts';
import { isDeclared, itemsByElement, itemSchema, memberSchema, shapeOf } from './schema-steps.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const NOTHING: Comparison = { added: EMPTY, modified: EMPTY, removed: EMPTY };
const ADDED: Comparison = { added: LEAF, modified: EMPTY, removed: EMPTY };
const MODIFIED: Comparison = { added: EMPTY, modified: LEAF, removed: EMPTY };
const REMOVED: Comparison = { added: EMPTY, modified: EMPTY, removed: LEAF };

/** The comparison without the paths of `ignored` and everything below them. */
export function ignoring({ added, modified, removed }: Comparison, ignored: FieldSet): Comparison {
  return {
    added: recursiveDifference(added, ignored),
    modified: recursiveDifference(modified, ignored),
    removed: recursiveDifference(removed, ignored),
  };
}

/** Compares two values of one type; undefined is a value that is not there. */
export function compare(schema: FieldSchema | undefined, before: unknown, after: unknown): Comparison {
  if (before === after) return NOTHING;
  if (before === undefined) return owned(schema, after, ADDED, (inner) => ({ ...NOTHING, added: inner }));
  if (after === undefined) return owned(schema, before, REMOVED, (inner) => ({ ...NOTHING, removed: inner }));
  const shape = shapeOf(schema, after ?? before);
  if (shape === 'leaf' || shapeOf(schema, before ?? after) !== shape) {
    return isEqual(before, after) ? NOTHING : MODIFIED;
  }
  if (sizeOf(before) === 0 && sizeOf(after) === 0) return isEqual(before, after) ? NOTHING : MODIFIED;
  return shape === 'map' ? compareMaps(schema, before, after) : compareLists(schema, before, after);
}

/** All of a value that is only on one side. */
function owned(
  schema: FieldSchema | undefined,
  value: unknown,
  leaf: Comparison,
  wrap: (set: FieldSet) => Comparison,
): Comparison {
  const inner = everythingIn(schema, value);
  return inner === LEAF ? leaf : wrap(inner);
}

/** Every path of a value, maps and lists themselves included: what a create owns. */
function everythingIn(schema: FieldSchema | undefined, value: unknown): FieldSet {
  if (shapeOf(schema, value) === 'leaf' || sizeOf(value) === 0) return LEAF;
  const children = new Map<string, FieldSet>();
  if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] !== undefined) children.set(`f:${key}`, everythingIn(memberSchema(schema, key), value[key]));
    }
  } else if (Array.isArray(value) && schema?.kind === 'list') {
    for (const [element, [item, ...more]] of itemsByElement(schema, value)) {
      children.set(element, more.length > 0 ? LEAF : everythingIn(schema.items, item));
    }
  }
  return fieldSet(true, children);
}

function compareMaps(schema: FieldSchema | undefined, before: unknown, after: unknown): Comparison {
  const a = isRecord(before) ? before : {};
  const b = isRecord(after) ? after : {};
  const collected = new Collector();
  const embedded = schema?.kind === 'object' ? embeddedStructs(schema.schema()) : undefined;
  const compareMember = (key: string): void => {
    const absent = embedded?.has(key) === true ? {} : undefined;
    const difference = compare(memberSchema(schema, key), a[key] ?? absent ?? a[key], b[key] ?? absent ?? b[key]);
    if (difference !== NOTHING) collected.put(`f:${key}`, difference);
  };
  for (const key of Object.keys(a)) compareMember(key);
  for (const key of Object.keys(b)) if (!Object.hasOwn(a, key)) compareMember(key);
  return collected.comparison();
}

function compareLists(schema: FieldSchema | undefined, before: unknown, after: unknown): Comparison {
  if (schema?.kind !== 'list') return MODIFIED;
  const a = itemsByElement(schema, Array.isArray(before) ? before : []);
  const b = itemsByElement(schema, Array.isArray(after) ? after : []);
  const collected = new Collector();
  for (const element of new Set([...a.keys(), ...b.keys()])) {
    collected.put(element, compareItems(schema, a.get(element) ?? [], b.get(element) ?? []));
  }
  return collected.comparison();
}

/** Items under one element are compared one to one; where there are several, they count as one value. */
function compareItems(schema: FieldSchema, before: readonly unknown[], after: readonly unknown[]): Comparison {
  const items = itemSchema(schema);
  if (before.length <= 1 && after.length <= 1) return compare(items, before[0], after[0]);
  if (before.length >= 2 && after.length >= 2) return isEqual(before, after) ? NOTHING : MODIFIED;
  if (before.length >= 2) {
    const added = after.length > 0 ? everythingIn(items, after[0]) : EMPTY;
    return { added, modified: EMPTY, removed: LEAF };
  }
  const removed = before.length > 0 ? everythingIn(items, before[0]) : EMPTY;
  return { added: LEAF, modified: EMPTY, removed };
}

class Collector {
  readonly #added = new Map<string, FieldSet>();
  readonly #modified = new Map<string, FieldSet>();
  readonly #removed = new Map<string, FieldSet>();

  put(element: string, { added, modified, removed }: Comparison): void {
    if (!isEmpty(added)) this.#added.set(element, added);
    if (!isEmpty(modified)) this.#modified.set(element, modified);
    if (!isEmpty(removed)) this.#removed.set(element, removed);
  }

  comparison(): Comparison {
    return {
      added: fieldSet(false, this.#added),
      modified: fieldSet(false, this.#modified),
      removed: fieldSet(false, this.#removed),
    };
  }
}

/** What an applied configuration owns: its scalars, its one-value maps and lists, its items and its map keys. */
export function toFieldSet(schema: FieldSchema | undefined, value: unknown): FieldSet {
  const shape = shapeOf(schema, value);
  if (shape === 'leaf') return LEAF;
  const children = new Map<string, FieldSet>();
  if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      const inner = value[key];
      const set = toFieldSet(memberSchema(schema, key), inner);
      const whole = !isDeclared(schema, key) || inner === null || (isRecord(inner) && Object.keys(inner).length === 0);
      const child = fieldSet(set.member || whole, set.children);
      if (!isEmpty(child)) children.set(`f:${key}`, child);
    }
  } else if (Array.isArray(value) && schema?.kind === 'list') {
    for (const [element, items] of itemsByElement(schema, value)) {
      const set = items.length > 1 ? EMPTY : toFieldSet(schema.items, items[0]);
      children.set(element, fieldSet(true, set.children));
    }
  }
  return fieldSet(false, children);
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : 0;
}
