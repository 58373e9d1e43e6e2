// Steps through a type's schema the way server-side apply sees it: what kind of value stands here (one value, a map merged by
// key, a list merged by item), what type a member or an item has, and which path element names a list's item.
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { FieldSchema, ObjectSchema } from '../../api/schema/object-schema.ts';

/** Fields of this kind have any shape: maps are merged by key, lists are one value (structured-merge-diff's deduced type). */
const DEDUCED: FieldSchema = { kind: 'scalar', scalar: 'json' };

const roots = new WeakMap<ObjectSchema, FieldSchema>();

/** An object's type as if the object were a field. */
export function rootSchema(schema: ObjectSchema): FieldSchema {
  let root = roots.get(schema);
  if (root === undefined) {
    root = { kind: 'object', schema: () => schema, mapType: 'granular', published: false, patchStrategies: [] };
    roots.set(schema, root);
  }
  return root;
}

export type Shape = 'leaf' | 'map' | 'list';

/** How a value of this schema is owned. An atomic map or list is a leaf whatever is in it. */
export function shapeOf(schema: FieldSchema | undefined, value: unknown): Shape {
  if (schema === undefined || (schema.kind === 'scalar' && schema.scalar === 'json'))
    return isRecord(value) ? 'map' : 'leaf';
  switch (schema.kind) {
    case 'scalar':
      return 'leaf';
    case 'list':
      return schema.listType === 'atomic' ? 'leaf' : 'list';
    case 'map':
    case 'object':
      return schema.mapType === 'atomic' ? 'leaf' : 'map';
  }
}

/** The type of a map's member. */
export function memberSchema(schema: FieldSchema | undefined, name: string): FieldSchema | undefined {
  if (schema === undefined) return DEDUCED;
  if (schema.kind === 'object') return schema.schema().fields.get(name)?.schema ?? DEDUCED;
  return schema.kind === 'map' ? schema.values : DEDUCED;
}

/** Whether a member is a declared field, rather than a key of a map. */
export function isDeclared(schema: FieldSchema | undefined, name: string): boolean {
  return schema?.kind === 'object' && schema.schema().fields.has(name);
}

export function itemSchema(schema: FieldSchema | undefined): FieldSchema | undefined {
  return schema?.kind === 'list' ? schema.items : DEDUCED;
}

/** Keys that an item may leave out, with what is then meant. */
const KEY_DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'core.v1.ContainerPort': { protocol: 'TCP' },
  'core.v1.ServicePort': { protocol: 'TCP' },
};

export type ItemElement =
  | { readonly ok: true; readonly element: string }
  | { readonly ok: false; readonly fault: string };

interface KeyPlan {
  /** Sorted, as they stand in the element; each with the text before its value. */
  readonly keys: readonly { readonly name: string; readonly prefix: string; readonly fallback: string | undefined }[];
}

const plans = new WeakMap<FieldSchema, KeyPlan>();

function keyPlan(schema: FieldSchema & { kind: 'list' }): KeyPlan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const defaults = schema.items.kind === 'object' ? KEY_DEFAULTS[schema.items.schema().name] : undefined;
  const keys = schema.mapKeys.toSorted().map((name, index) => ({
    name,
    prefix: `${index === 0 ? '' : ','}${JSON.stringify(name)}:`,
    fallback: defaults?.[name],
  }));
  const plan = { keys };
  plans.set(schema, plan);
  return plan;
}

/** The path element of an item of a set or a list by key. */
export function itemElement(schema: FieldSchema & { kind: 'list' }, item: unknown): ItemElement {
  if (schema.listType === 'set') {
    if (typeof item === 'object' && item !== null) {
      return { ok: false, fault: 'item of a set is no scalar' };
    }
    return { ok: true, element: `v:${JSON.stringify(item)}` };
  }
  if (!isRecord(item)) {
    return { ok: false, fault: 'associative list with keys may not have null or non-map elements' };
  }
  let element = 'k:{';
  for (const { name, prefix, fallback } of keyPlan(schema).keys) {
    const value = item[name] ?? fallback;
    if (value === undefined) {
      return {
        ok: false,
        fault: `associative list with keys has an element that omits key field ${JSON.stringify(name)} (and doesn't have default value)`,
      };
    }
    element += prefix + JSON.stringify(value);
  }
  return { ok: true, element: `${element}}` };
}

/** A list's items under their elements; an item without one is left out, two with one element stand together. */
export function itemsByElement(
  schema: FieldSchema & { kind: 'list' },
  items: readonly unknown[],
): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const item of items) {
    const element = itemElement(schema, item);
    if (!element.ok) continue;
    const same = found.get(element.element);
    if (same === undefined) found.set(element.element, [item]);
    else same.push(item);
  }
  return found;
}
