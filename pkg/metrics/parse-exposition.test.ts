import { expect, test } from 'vitest';
import { formatLabels } from './exposition.ts';
import { parseExposition } from './parse-exposition.ts';

const only = (text: string) => parseExposition(text, new Set(['m']));

test.each([
  { name: 'a bare value', line: 'm 1', want: { labels: {}, value: 1, at: undefined } },
  { name: 'a timestamp', line: 'm 1.5e3 1700000000000', want: { labels: {}, value: 1500, at: 1_700_000_000_000 } },
  { name: 'labels', line: 'm{a="x",b="y, z"} 2', want: { labels: { a: 'x', b: 'y, z' }, value: 2, at: undefined } },
  { name: 'braces inside of a value', line: 'm{a="{}"} 2', want: { labels: { a: '{}' }, value: 2, at: undefined } },
  { name: 'a comma at the end', line: 'm{a="x",} 2', want: { labels: { a: 'x' }, value: 2, at: undefined } },
])('reads $name', ({ line, want }) => {
  expect(only(`# HELP m m 5\n# TYPE m gauge\n${line}\n`)).toEqual([{ name: 'm', ...want }]);
});

test('leaves out other names and what is no number', () => {
  expect(only('other 1\nm_total 1\nm NaN\nm\nm{a="x" 1\nm 7')).toEqual([
    { name: 'm', labels: {}, value: 7, at: undefined },
  ]);
});

test('reads back every label value that is written', () => {
  const labels = { a: 'back\\slash', b: 'quo"te', c: 'line\nbreak', d: '\\n' };
  expect(only(`m${formatLabels(labels)} 1`)).toMatchObject([{ labels }]);
});
