import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemaOf } from '../../api/schema/object-schema.ts';
import {
  difference,
  EMPTY,
  equalSets,
  fromFieldsV1,
  intersection,
  pathsOf,
  printPath,
  recursiveDifference,
  setOfPaths,
  toFieldsV1,
  union,
  withNamedFields,
  type FieldSet,
} from './field-set.ts';
import { rootSchema } from './schema-steps.ts';

const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"c"}', 'v:"x"');
const sets: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
  .map((paths) => setOfPaths(...paths));

/** The paths of a set as texts, to compare with what the same operation on plain sets gives. */
const texts = (set: FieldSet): Set<string> => new Set([...pathsOf(set)].map((path) => path.join(' / ')));

describe('the algebra of sets', () => {
  test('is that of their paths', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(texts(union(a, b))).toEqual(texts(a).union(texts(b)));
        expect(texts(intersection(a, b))).toEqual(texts(a).intersection(texts(b)));
        expect(texts(difference(a, b))).toEqual(texts(a).difference(texts(b)));
        const below = [...texts(a)].filter(
          (path) => ![...texts(b)].some((other) => path === other || path.startsWith(`${other} / `)),
        );
        expect(texts(recursiveDifference(a, b))).toEqual(new Set(below));
      }),
    );
  });

  test('leaves nothing behind that holds no path', () => {
    fc.assert(
      fc.property(sets, (a) => {
        expect(equalSets(difference(a, a), EMPTY)).toBe(true);
      }),
    );
  });

  test('fieldsV1 says the same and is read back', () => {
    fc.assert(
      fc.property(sets, (a) => {
        const read = fromFieldsV1(JSON.parse(JSON.stringify(toFieldsV1(a))));
        expect(read !== undefined && equalSets(read, a)).toBe(true);
      }),
    );
  });
});

test('fieldsV1 marks a member that has members below it with a dot', () => {
  expect(toFieldsV1(setOfPaths(['f:data'], ['f:data', 'f:k']))).toEqual({ 'f:data': { '.': {}, 'f:k': {} } });
  expect(toFieldsV1(setOfPaths(['f:data', 'f:k']))).toEqual({ 'f:data': { 'f:k': {} } });
});

test.each([[null], [[]], [{ x: {} }], [{ 'f:a': 1 }]])('%j is no fieldsV1', (json) => {
  expect(fromFieldsV1(json)).toBeUndefined();
});

test('paths are printed as Kubernetes does', () => {
  const path = [
    'f:spec',
    'f:containers',
    'k:{"name":"c"}',
    'f:ports',
    'k:{"containerPort":80,"protocol":"TCP"}',
    'f:name',
  ];
  expect(printPath(path)).toBe('.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].name');
  expect(printPath(['f:metadata', 'f:finalizers', 'v:"x/a"'])).toBe('.metadata.finalizers[="x/a"]');
});

test('named fields are added on the way to a member, keys of maps are not', () => {
  const set = setOfPaths(['f:metadata', 'f:labels', 'f:app'], ['f:data', 'f:k']);
  const named = withNamedFields(set, rootSchema(schemaOf('core.v1.ConfigMap')));
  expect([...pathsOf(named)].map(printPath)).toEqual([
    '.data',
    '.data.k',
    '.metadata',
    '.metadata.labels',
    '.metadata.labels.app',
  ]);
});
