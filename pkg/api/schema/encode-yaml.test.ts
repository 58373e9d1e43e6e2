import { describe, expect, test } from 'vitest';
import { compareKeys, toYaml } from './encode-yaml.ts';

const long = 'word '.repeat(30).trim();

describe('scalars in the style that kubectl chooses', () => {
  test.each([
    { value: 'yes', shown: '"yes"' },
    { value: 'y', shown: '"y"' },
    { value: '', shown: '""' },
    { value: '1.5', shown: '"1.5"' },
    { value: '1e3', shown: '"1e3"' },
    { value: '0644', shown: '"0644"' },
    { value: '12:30', shown: '"12:30"' },
    { value: '2001-01-01', shown: '"2001-01-01"' },
    { value: '12e', shown: '12e' },
    { value: 'a: b', shown: "'a: b'" },
    { value: 'a:b', shown: 'a:b' },
    { value: "it's", shown: "it's" },
    { value: "'", shown: "''''" },
    { value: '*a', shown: "'*a'" },
    { value: ' lead', shown: "' lead'" },
    { value: 'tab\there', shown: '"tab\\there"' },
    { value: '\u0001', shown: '"\\x01"' },
    { value: 'é', shown: 'é' },
    { value: '😀', shown: '"\\U0001F600"' },
    { value: 'x\ny\n', shown: '|\n  x\n  y' },
    { value: 'x\ny', shown: '|-\n  x\n  y' },
    { value: '  a\nb', shown: '|2-\n    a\n  b' },
    { value: 'x \ny', shown: '"x \\ny"' },
    { value: 7, shown: '7' },
    { value: true, shown: 'true' },
    { value: null, shown: 'null' },
    { value: [], shown: '[]' },
    { value: {}, shown: '{}' },
  ])('$value', ({ value, shown }) => {
    expect(toYaml({ k: value })).toBe(`k: ${shown}\n`);
  });
});

test('keeps the blank line that a text ends with', () => {
  expect(toYaml({ a: 'a\n\n', b: 1 })).toBe('a: |+\n  a\n\nb: 1\n');
});

test('breaks long text at the first space beyond column 80', () => {
  const [first = ''] = toYaml({ k: long }).split('\n');
  expect(first.length).toBeGreaterThan(80);
  expect(toYaml({ k: long }).split('\n')[1]).toMatch(/^ {2}word/);
});

test('does not indent lists below their key, and sorts keys', () => {
  expect(toYaml({ b: [{ y: 1, x: [1, [2]] }], a: 'z' })).toBe('a: z\nb:\n- x:\n  - 1\n  - - 2\n  "y": 1\n');
});

test.each([
  { keys: ['a10', 'a2', 'A', '_x', 'b'], sorted: ['_x', 'A', 'a2', 'a10', 'b'] },
  { keys: ['containers', 'container', '0', 'a'], sorted: ['0', 'a', 'container', 'containers'] },
])('sorts $keys by numbers and letters', ({ keys, sorted }) => {
  expect(keys.toSorted(compareKeys)).toEqual(sorted);
});
