// Drops from an object what Kubernetes' types would not write: null, and the zero values (false, 0, '', empty lists and
// maps) of optional fields that have no meaning of their own for zero. Afterwards `field === undefined` is the only way in
// which a field can be unset, which defaults and validation rely on.
import { keptZeros } from './kept-zeros.ts';
import { schemaOf, type FieldSchema, type ObjectSchema } from './object-schema.ts';

interface FieldPlan {
  readonly keeps: boolean;
  readonly schema: FieldSchema;
}

/** By schema object, so that schemas of custom resources never meet these plans. */
const plans = new WeakMap<ObjectSchema, ReadonlyMap<string, FieldPlan>>();

/** Changes `object`, which is of the built-in type, in place. */
export function dropZeroValues(object: object, typeName: string): void {
  drop(object, schemaOf(typeName));
}

function drop(object: object, schema: ObjectSchema): void {
  const plan = planOf(schema);
  const record = object as Record<string, unknown>; // Every object is one; its values are checked before use.
  for (const name of Object.keys(record)) {
    const value = record[name];
    const field = plan.get(name);
    if (field === undefined) continue;
    if (value === null || value === undefined || (!field.keeps && isZero(value, field.schema))) {
      delete record[name];
    } else if (typeof value === 'object') descend(value, field.schema);
  }
}

function descend(value: object, schema: FieldSchema): void {
  if (schema.kind === 'object') return drop(value, schema.schema());
  const inner = schema.kind === 'list' ? schema.items : schema.kind === 'map' ? schema.values : undefined;
  if (inner?.kind !== 'object') return;
  const of = inner.schema();
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const item of items) if (typeof item === 'object' && item !== null) drop(item, of);
}

function isZero(value: unknown, schema: FieldSchema): boolean {
  switch (schema.kind) {
    case 'object':
      return false;
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
      return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    case 'scalar':
      // Quantities are structs in Kubernetes: "0" is written.
      return value === '' || value === 0 || value === false;
  }
}

function planOf(schema: ObjectSchema): ReadonlyMap<string, FieldPlan> {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const kept = new Set((keptZeros[schema.name] ?? '').split(' '));
  const plan = new Map<string, FieldPlan>();
  for (const [name, field] of schema.fields) {
    plan.set(name, { keeps: field.required || kept.has(name), schema: field.schema });
  }
  plans.set(schema, plan);
  return plan;
}
