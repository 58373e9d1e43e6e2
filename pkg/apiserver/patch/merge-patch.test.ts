import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemaOf } from '../../api/schema/object-schema.ts';
import { applyMergePatch } from './merge-patch.ts';
import { MERGE_PATCH, patchObject } from './patch.ts';

describe('the examples of RFC 7386', () => {
  test.each([
    { document: { a: 'b' }, patch: { a: 'c' }, want: { a: 'c' } },
    { document: { a: 'b' }, patch: { b: 'c' }, want: { a: 'b', b: 'c' } },
    { document: { a: 'b' }, patch: { a: null }, want: {} },
    { document: { a: ['b'] }, patch: { a: 'c' }, want: { a: 'c' } },
    { document: { a: 'c' }, patch: { a: ['b'] }, want: { a: ['b'] } },
    { document: { a: { b: 'c' } }, patch: { a: { b: 'd', c: null } }, want: { a: { b: 'd' } } },
    { document: { a: [{ b: 'c' }] }, patch: { a: [1] }, want: { a: [1] } },
    { document: ['a', 'b'], patch: ['c', 'd'], want: ['c', 'd'] },
    { document: { a: 'foo' }, patch: null, want: null },
    { document: { e: null }, patch: { a: 1 }, want: { e: null, a: 1 } },
    { document: [1, 2], patch: { a: 'b', c: null }, want: { a: 'b' } },
    { document: {}, patch: { a: { bb: { ccc: null } } }, want: { a: { bb: {} } } },
  ])('$document with $patch', ({ document, patch, want }) => {
    expect(applyMergePatch(document, patch)).toEqual(want);
  });
});

test('applying a patch again changes nothing more, and the document stays as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (document, patch) => {
      const copy = structuredClone(document);
      const once = applyMergePatch(document, patch);
      expect(applyMergePatch(once, patch)).toEqual(once);
      expect(document).toEqual(copy);
    }),
  );
});

test('a patch nested too deeply is refused with 400', () => {
  const patch = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  const request = {
    contentType: MERGE_PATCH,
    patch,
    live: {},
    schema: schemaOf('core.v1.Pod'),
    fieldValidation: 'Warn',
  } as const;
  expect(() => patchObject(request)).toThrow('exceeded max depth');
});
