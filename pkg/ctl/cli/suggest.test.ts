import { expect, test } from 'vitest';
import { cobraSuggestions, editDistance, nearest } from './suggest.ts';

test.each([
  { left: 'pods', right: 'pods', distance: 0 },
  { left: 'pdos', right: 'pods', distance: 1 },
  { left: 'pod', right: 'pods', distance: 1 },
  { left: 'svc', right: 'deploy', distance: 6 },
])('$left and $right are $distance edits apart', ({ left, right, distance }) => {
  expect(editDistance(left, right)).toBe(distance);
});

test.each([
  { word: 'deploymnets', wanted: ['deployments'] },
  { word: 'servics', wanted: ['service', 'services'] },
  { word: 'zzz', wanted: [] },
])('$word is taken for $wanted', ({ word, wanted }) => {
  expect(nearest(word, ['pods', 'deployments', 'services', 'service'])).toEqual(wanted);
});

test('an unknown verb gets what is near or begins with it, in the order of the help', () => {
  expect(cobraSuggestions('gett', ['set', 'get', 'edit'])).toEqual(['set', 'get']);
  expect(cobraSuggestions('desc', ['describe', 'delete'])).toEqual(['describe']);
});
