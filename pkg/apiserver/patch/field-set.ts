// Sets of field paths, as server-side apply keeps them: a tree whose edges are path elements in the spelling of fieldsV1
// (`f:name`, `k:{"name":"c"}`, `v:"x"`, `i:0`) and whose nodes say whether the path to them is in the set. The algebra is
// that of sigs.k8s.io/structured-merge-diff: a path and the paths below it are members independently.
import type { JsonObject } from '../../api/schema/json.ts';
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { FieldSchema } from '../../api/schema/object-schema.ts';
import { isDeclared, itemSchema, memberSchema } from './schema-steps.ts';

export interface FieldSet {
  /** Whether the path that leads here is itself in the set. */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map();
export const EMPTY: FieldSet = { member: false, children: NO_CHILDREN };
export const LEAF: FieldSet = { member: true, children: NO_CHILDREN };

export function isEmpty(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

export function fieldSet(member: boolean, children: ReadonlyMap<string, FieldSet>): FieldSet {
  if (children.size > 0) return { member, children };
  return member ? LEAF : EMPTY;
}

/** The set with exactly these paths. */
export function setOfPaths(...paths: readonly (readonly string[])[]): FieldSet {
  let set = EMPTY;
  for (const path of paths) {
    set = union(
      set,
      path
        .toReversed()
        .reduce<FieldSet>((inner, element) => ({ member: false, children: new Map([[element, inner]]) }), LEAF),
    );
  }
  return set;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const other = children.get(element);
    children.set(element, other === undefined ? child : union(other, child));
  }
  return fieldSet(a.member || b.member, children);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combine(
    a,
    b,
    (child, other) => (other === undefined ? EMPTY : intersection(child, other)),
    a.member && b.member,
  );
}

/** What is in `a` and not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return combine(
    a,
    b,
    (child, other) => (other === undefined ? child : difference(child, other)),
    a.member && !b.member,
  );
}

/** As difference, and a path of `b` also takes away every path below it. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  const without = (child: FieldSet, other: FieldSet | undefined): FieldSet => {
    if (other === undefined) return child;
    return other.member ? EMPTY : recursiveDifference(child, other);
  };
  return combine(a, b, without, a.member && !b.member);
}

function combine(
  a: FieldSet,
  b: FieldSet,
  each: (child: FieldSet, other: FieldSet | undefined) => FieldSet,
  member: boolean,
): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const result = each(child, b.children.get(element));
    if (!isEmpty(result)) children.set(element, result);
  }
  return fieldSet(member, children);
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a.member !== b.member || a.children.size !== b.children.size) return false;
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other === undefined || !equalSets(child, other)) return false;
  }
  return true;
}

/**
 * Adds the named fields of types on the way to each member: with `a.b.c`, also `a` when it is a declared field, but not
 * the key of a map. Without this, removing all of a struct's fields would leave the empty struct behind.
 */
export function withNamedFields(set: FieldSet, schema: FieldSchema | undefined): FieldSet {
  if (set.children.size === 0) return set;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const name = element.startsWith('f:') ? element.slice(2) : undefined;
    const inner = withNamedFields(child, name === undefined ? itemSchema(schema) : memberSchema(schema, name));
    const added = name !== undefined && child.children.size > 0 && isDeclared(schema, name);
    children.set(element, added && !inner.member ? { member: true, children: inner.children } : inner);
  }
  return fieldSet(set.member, children);
}

/** Every member's path, in order. */
export function* pathsOf(set: FieldSet, path: readonly string[] = []): Generator<readonly string[]> {
  if (set.member) yield path;
  for (const [element, child] of [...set.children].toSorted(byElement)) yield* pathsOf(child, [...path, element]);
}

function byElement([a]: readonly [string, FieldSet], [b]: readonly [string, FieldSet]): number {
  return a < b ? -1 : 1;
}

/** Sets are never changed, so what was made of one is kept as long as it lives; the JSON must not be changed either. */
const printed = new WeakMap<FieldSet, JsonObject>();
const parsed = new WeakMap<object, FieldSet>();

/** The form in which managedFields carry a set. Shared: not to be changed. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const known = printed.get(set);
  if (known !== undefined) return known;
  const json = printNode(set);
  printed.set(set, json);
  parsed.set(json, set);
  return json;
}

function printNode(set: FieldSet): JsonObject {
  const json: JsonObject = {};
  if (set.member && set.children.size > 0) json['.'] = {};
  for (const [element, child] of set.children) json[element] = printNode(child);
  return json;
}

/** Reads fieldsV1, which must not be changed afterwards; undefined when it is not of that form. */
export function fromFieldsV1(json: unknown): FieldSet | undefined {
  if (!isRecord(json)) return undefined;
  const known = parsed.get(json);
  if (known !== undefined) return known;
  const set = readNode(json, true);
  if (set === undefined) return undefined;
  parsed.set(json, set);
  if (!printed.has(set)) printed.set(set, json as JsonObject); // It is: readNode has seen every value of it.
  return set;
}

const COLON = 0x3a;

function readNode(json: Record<string, unknown>, root: boolean): FieldSet | undefined {
  const children = new Map<string, FieldSet>();
  let member = false;
  for (const element of Object.keys(json)) {
    const inner = json[element];
    if (!isRecord(inner)) return undefined;
    if (element === '.') {
      member = true;
      continue;
    }
    if (element.charCodeAt(1) !== COLON || !'fkvi'.includes(element.charAt(0))) return undefined;
    const child = readNode(inner, false);
    if (child === undefined) return undefined;
    children.set(element, child);
  }
  return fieldSet(member || (children.size === 0 && !root), children);
}

/** A path as Kubernetes prints it: `.spec.containers[name="c"].env[name="A"].value`. */
export function printPath(path: readonly string[]): string {
  return path.map(printElement).join('');
}

function printElement(element: string): string {
  const text = element.slice(2);
  switch (element.charAt(0)) {
    case 'f':
      return `.${text}`;
    case 'k': {
      const key: unknown = JSON.parse(text);
      const parts = isRecord(key) ? Object.entries(key).map(([name, value]) => `${name}=${JSON.stringify(value)}`) : [];
      return `[${parts.join(',')}]`;
    }
    case 'v':
      return `[=${text}]`;
    default:
      return `[${text}]`;
  }
}
