// Every kind must cope with whatever decoding lets through: objects of the right types in which anything may be missing.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kinds, kindFor } from './kinds.ts';
import { schemaOf, type FieldSchema } from './schema/object-schema.ts';
import { apiVersionOf, type KubeObject } from './schema/resource-type.ts';
import type { KindDefinition } from './schema/kind.ts';

const CONTEXT = { now: Date.parse('2024-01-02T03:04:05Z'), user: { name: 'someone', groups: ['a'] } };

function fieldValue(schema: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  switch (schema.kind) {
    case 'scalar':
      switch (schema.scalar) {
        case 'boolean':
          return fc.boolean();
        case 'int32':
        case 'int64':
        case 'double':
          return fc.integer({ min: -1, max: 70_000 });
        case 'quantity':
          return fc.constantFrom('1', '100m', '1Gi', '-1', '0');
        case 'intOrString':
          return fc.constantFrom(1, 80, '25%', 'web', -1);
        case 'time':
          return fc.constantFrom('2024-01-02T03:04:05Z');
        case 'microTime':
          return fc.constantFrom('2024-01-02T03:04:05.000000Z');
        case 'bytes':
          return fc.constantFrom('', 'YQ==');
        case 'json':
          return fc.constantFrom({ a: 1 }, 'a');
        case 'string':
          return fc.constantFrom('', 'a', 'A_b', '10.0.0.1', 'Always', 'In', 'example.com/x', '/path', '..');
      }
    // falls through never: every scalar answers above
    case 'list':
      return fc.array(fieldValue(schema.items, depth), { maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'cpu', 'storage', 'a b'), fieldValue(schema.values, depth), {
        maxKeys: 2,
      });
    case 'object':
      return depth <= 0 ? fc.constant({}) : objectOf(schema.schema().name, depth - 1);
  }
}

function objectOf(type: string, depth: number): fc.Arbitrary<object> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, { schema }] of schemaOf(type).fields) {
    if (name === 'metadata' && depth > 3) continue;
    fields[name] = fieldValue(schema, depth);
  }
  return fc.record(fields, { requiredKeys: [] });
}

function typed(kind: KindDefinition, rest: object): KubeObject {
  const metadata = {
    name: 'x',
    namespace: 'ns',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2024-01-01T00:00:00Z',
  };
  return { ...rest, apiVersion: apiVersionOf(kind.type), kind: kind.type.kind, metadata: { ...metadata } };
}

/** Everything that the registry does with an object of this kind. */
function exercise(kind: KindDefinition, object: KubeObject): void {
  kind.setDefaults(object);
  const old = structuredClone(object);
  kind.prepareForCreate(object, CONTEXT);
  const faults = kind.validate(object);
  kind.prepareForUpdate(object, old, CONTEXT);
  kind.validateUpdate(object, old);
  kind.prepareForStatusUpdate(object, old, CONTEXT);
  kind.validateStatusUpdate(object, old);
  kind.warnings(object, old);
  kind.selectableFields(object);
  kind.rowConditions?.(object);
  kind.scale?.read(object);
  // Only what has passed validation is ever stored and shown.
  if (faults.length === 0) for (const column of kind.columns) column.cell(object, CONTEXT.now);
  const stored = kind.storage?.toStored(object);
  if (stored !== undefined) kind.storage?.fromStored(stored);
}

describe.each(kinds.map((kind) => ({ name: `${apiVersionOf(kind.type)} ${kind.type.kind}`, kind })))(
  '$name',
  ({ kind }) => {
    test('copes with an object that has nothing but a name', () => {
      exercise(kind, typed(kind, {}));
    });

    test('copes with objects in which anything may be missing', () => {
      fc.assert(
        fc.property(objectOf(kind.schema, 5), (rest) => {
          exercise(kind, typed(kind, structuredClone(rest)));
        }),
        { numRuns: 25, seed: 7 },
      );
    });

    test('has defaults that change nothing the second time', () => {
      fc.assert(
        fc.property(objectOf(kind.schema, 5), (rest) => {
          const object = typed(kind, structuredClone(rest));
          kind.setDefaults(object);
          const once = structuredClone(object);
          kind.setDefaults(object);
          expect(object).toEqual(once);
        }),
        { numRuns: 25, seed: 7 },
      );
    });

    test('keeps what is defaulted valid in type: no field outside its table', () => {
      const object = typed(kind, {});
      kind.setDefaults(object);
      const known = schemaOf(kind.schema).fields;
      expect(Object.keys(object).filter((field) => !known.has(field))).toEqual([]);
    });

    test('is found by its path', () => {
      expect(kindFor(kind.type)).toBe(kind);
    });
  },
);

test('no two kinds claim a path', () => {
  const paths = kinds.map(({ type }) => `${apiVersionOf(type)}/${type.resource}`);
  expect(new Set(paths).size).toBe(paths.length);
});
