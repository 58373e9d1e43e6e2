import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexedHeap } from './indexed-heap.ts';

interface Item {
  readonly key: string;
  readonly rank: number;
}

const stepArbitrary = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('set' as const), key: fc.nat(20).map(String), rank: fc.nat(50) }),
  },
  fc.record({ do: fc.constant('delete' as const), key: fc.nat(20).map(String) }),
  fc.record({ do: fc.constant('pop' as const) }),
);

test('the heap hands out what comes first, whatever was replaced or removed before', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 80 }), (steps) => {
      const heap = new IndexedHeap<Item>(
        ({ key }) => key,
        (a, b) => a.rank < b.rank,
      );
      const model = new Map<string, Item>();
      for (const step of steps) {
        if (step.do === 'set') {
          heap.set(step);
          model.set(step.key, step);
        } else if (step.do === 'delete') {
          expect(heap.delete(step.key)).toBe(model.get(step.key));
          model.delete(step.key);
        } else {
          const popped = heap.pop();
          const least = Math.min(...[...model.values()].map(({ rank }) => rank));
          expect(popped?.rank ?? Infinity).toBe(least);
          if (popped !== undefined) {
            expect(model.get(popped.key)).toBe(popped);
            model.delete(popped.key);
          }
        }
        expect(heap.size).toBe(model.size);
        for (const [key, item] of model) expect(heap.get(key)).toBe(item);
      }
    }),
  );
});
