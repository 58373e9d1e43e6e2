// What strategic merge must know of a field: whether its list merges by a key, and what its items are. Read from the
// project's schema tables; kinds that are not in them (custom resources) are merged as plain JSON.
import { schemaOf, type FieldSchema, type ObjectSchema } from '../../api/schema/object-schema.ts';
import type { PatchStrategy } from '../../api/schema/merge-rules.ts';
import { fields } from '../../api/schema/generated/fields.gen.ts';

/** A place in an object. `undefined`: nothing is known, everything is replaced. */
export type MergeSchema = FieldSchema | undefined;

/** The schema of a kind's objects; undefined for kinds that have no built-in type. */
export function mergeSchemaOf(apiVersion: string, kind: string): MergeSchema {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? 'core' : (apiVersion.slice(0, slash).split('.')[0] ?? '');
  const name = `${group}.${apiVersion.slice(slash + 1)}.${kind}`;
  if (fields[name] === undefined) return undefined;
  const schema = schemaOf(name);
  return {
    kind: 'object',
    schema: () => schema,
    mapType: schema.mapType,
    published: false,
    patchStrategies: [],
  };
}

export interface FieldMerge {
  readonly schema: MergeSchema;
  readonly strategies: readonly PatchStrategy[];
  /** Of lists that merge; undefined for lists of scalars. */
  readonly mergeKey: string | undefined;
}

export function fieldMerge(parent: MergeSchema, field: string): FieldMerge {
  const schema = childSchema(parent, field);
  if (schema?.kind === 'list')
    return { schema: schema.items, strategies: schema.patchStrategies, mergeKey: schema.patchMergeKey };
  return { schema, strategies: schema?.kind === 'object' ? schema.patchStrategies : [], mergeKey: undefined };
}

function childSchema(parent: MergeSchema, field: string): FieldSchema | undefined {
  if (parent?.kind === 'map') return parent.values;
  if (parent?.kind !== 'object') return undefined;
  const schema: ObjectSchema = parent.schema();
  return schema.fields.get(field)?.schema;
}
