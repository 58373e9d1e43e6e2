import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CachedObject } from './cached-object.ts';
import { SortedObjects } from './sorted-objects.ts';

const object = (key: string) => CachedObject.fromStored(`/registry/core/pods/${key}`, 1, Buffer.from('{}'));

const step = fc.record({
  do: fc.constantFrom('put', 'put', 'put', 'remove', 'list'),
  namespace: fc.constantFrom('a', 'a-b', 'b'),
  name: fc.integer({ min: 0, max: 60 }).map((number) => `p${number}`),
});

test('whatever comes and goes, a walk from any point is in the order of keys', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const objects = new SortedObjects();
      const model = new Map<string, string>();
      for (const { do: what, namespace, name } of steps) {
        const key = `${namespace}/${name}`;
        if (what === 'put') {
          expect(objects.put(namespace, name, object(key)) !== undefined).toBe(model.has(key));
          model.set(key, key);
        } else if (what === 'remove') {
          expect(objects.remove(namespace, name) !== undefined).toBe(model.delete(key));
        } else {
          const keys = (found: readonly CachedObject[]) =>
            found.map((one) => one.key.slice('/registry/core/pods/'.length));
          const sorted = [...model.keys()].sort((a, b) => (a < b ? -1 : 1));
          expect(keys(objects.list(undefined))).toEqual(sorted);
          expect(keys(objects.list(undefined, { namespace, name }))).toEqual(sorted.filter((one) => one > key));
          const here = sorted.filter((one) => one.startsWith(`${namespace}/`));
          expect(keys(objects.list(namespace))).toEqual(here);
          expect(keys(objects.list(namespace, { namespace, name }))).toEqual(here.filter((one) => one > key));
        }
        expect(objects.size).toBe(model.size);
      }
    }),
  );
});
