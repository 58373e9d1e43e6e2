import fc from 'fast-check';
import oracle from 'fast-json-patch';
import { describe, expect, test } from 'vitest';
import { applyJsonPatch, isEqual, JsonPatchFault, type Operation } from './json-patch.ts';

describe('a JSON patch as Kubernetes applies it', () => {
  test.each<{ what: string; document: unknown; patch: Operation[]; want: unknown }>([
    { what: 'adds a member', document: { a: 1 }, patch: [{ op: 'add', path: '/b', value: 2 }], want: { a: 1, b: 2 } },
    { what: 'inserts into a list', document: [1, 3], patch: [{ op: 'add', path: '/1', value: 2 }], want: [1, 2, 3] },
    {
      what: 'appends with -',
      document: { l: [1] },
      patch: [{ op: 'add', path: '/l/-', value: 2 }],
      want: { l: [1, 2] },
    },
    {
      what: 'counts negative positions from behind the end',
      document: [1, 2],
      patch: [{ op: 'add', path: '/-1', value: 3 }],
      want: [1, 2, 3],
    },
    { what: 'removes from the end', document: [1, 2], patch: [{ op: 'remove', path: '/-1' }], want: [1] },
    {
      what: 'replaces a missing member by adding it',
      document: {},
      patch: [{ op: 'replace', path: '/a', value: 1 }],
      want: { a: 1 },
    },
    {
      what: 'copies null from a missing member',
      document: {},
      patch: [{ op: 'copy', from: '/x', path: '/a' }],
      want: { a: null },
    },
    { what: 'adds null without a value', document: {}, patch: [{ op: 'add', path: '/a' }], want: { a: null } },
    {
      what: 'takes a missing member for null in a test',
      document: {},
      patch: [{ op: 'test', path: '/x', value: null }],
      want: {},
    },
    { what: 'moves a member', document: { a: 1 }, patch: [{ op: 'move', from: '/a', path: '/b' }], want: { b: 1 } },
    {
      what: 'reads ~0 and ~1',
      document: { 'a/b': { '~': 1 } },
      patch: [{ op: 'remove', path: '/a~1b/~0' }],
      want: { 'a/b': {} },
    },
    {
      what: 'replaces the whole document',
      document: { a: 1 },
      patch: [{ op: 'replace', path: '', value: { b: 1 } }],
      want: { b: 1 },
    },
    {
      what: 'treats __proto__ as a member like any other',
      document: {},
      patch: [{ op: 'add', path: '/__proto__', value: 1 }],
      want: JSON.parse('{"__proto__":1}'),
    },
  ])('$what', ({ document, patch, want }) => {
    expect(applyJsonPatch(document, patch)).toEqual(want);
  });

  test.each<{ what: string; document: unknown; patch: Operation[] }>([
    { what: 'a missing parent', document: {}, patch: [{ op: 'add', path: '/a/b', value: 1 }] },
    { what: 'removing a missing member', document: {}, patch: [{ op: 'remove', path: '/a' }] },
    { what: 'a position beyond the end', document: [1], patch: [{ op: 'add', path: '/2', value: 1 }] },
    { what: 'replacing at the length', document: [1], patch: [{ op: 'replace', path: '/1', value: 1 }] },
    { what: 'a position that is no number', document: [1], patch: [{ op: 'remove', path: '/x' }] },
    { what: 'a test that fails', document: { a: 1 }, patch: [{ op: 'test', path: '/a', value: 2 }] },
    { what: 'a test of null for what is there', document: { a: 1 }, patch: [{ op: 'test', path: '/a', value: null }] },
    { what: 'an unknown operation', document: {}, patch: [{ op: 'merge', path: '/a' }] },
    { what: 'no path', document: {}, patch: [{ op: 'add', value: 1 }] },
    { what: 'a move without from', document: {}, patch: [{ op: 'move', path: '/a' }] },
  ])('refuses $what', ({ document, patch }) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(JsonPatchFault);
  });

  test('a copied map is independent of its source', () => {
    const patch = [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/a/y', value: 2 },
    ];
    expect(applyJsonPatch({ a: { x: 1 } }, patch)).toEqual({ a: { x: 1, y: 2 }, b: { x: 1 } });
  });

  test('what a patch added may be changed by its later operations without changing the patch', () => {
    const value = { x: 1 };
    const patch = [
      { op: 'add', path: '/a', value },
      { op: 'add', path: '/a/y', value: 2 },
    ];
    expect(applyJsonPatch({}, patch)).toEqual({ a: { x: 1, y: 2 } });
    expect(value).toEqual({ x: 1 });
  });
});

test('agrees with fast-json-patch on the difference of any two objects, and changes neither', () => {
  const object = fc.dictionary(fc.stringMatching(/^[a-c~/]{1,2}$/), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(object, object, (before, after) => {
      const from: object = JSON.parse(JSON.stringify(before)) as object;
      const to: object = JSON.parse(JSON.stringify(after)) as object;
      const patch = oracle.compare(from, to);
      const copy = structuredClone(from);
      expect(isEqual(applyJsonPatch(from, patch), to)).toBe(true);
      expect(from).toEqual(copy);
    }),
  );
});
