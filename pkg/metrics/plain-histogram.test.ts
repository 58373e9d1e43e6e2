import { expect, test } from 'vitest';
import { exponentialBounds, PlainHistogram } from './plain-histogram.ts';

test('values fall into the first bucket that is not below them, and buckets accumulate', () => {
  const histogram = new PlainHistogram([1, 2, 4]);
  for (const value of [0.5, 1, 3, 9]) histogram.observe(value);
  expect(histogram.lines('m', { a: 'x' })).toEqual([
    'm_bucket{a="x",le="1"} 2',
    'm_bucket{a="x",le="2"} 2',
    'm_bucket{a="x",le="4"} 3',
    'm_bucket{a="x",le="+Inf"} 4',
    'm_sum{a="x"} 13.5',
    'm_count{a="x"} 4',
  ]);
});

test('bounds grow by their factor', () => {
  expect(exponentialBounds(1024, 2, 3)).toEqual([1024, 2048, 4096]);
});
