// The expected texts are those of kubectl 1.35.
import { describe, expect, test } from 'vitest';
import type { Json } from '../../api/schema/json.ts';
import { toKyaml } from './kyaml.ts';

describe('KYAML', () => {
  test.each(['a', 'a.b/c-d', '_', 'é', '½', '0x', '0b2', '1e400', '2020-02-30', '99999999999999999999e', 'on.x'])(
    'leaves the key %j bare',
    (key) => {
      expect(toKyaml({ [key]: 1 })).toBe(`---\n{\n  ${key}: 1,\n}\n`);
    },
  );

  test.each([
    '',
    '~',
    '-',
    '.5',
    'a-',
    'a b',
    'on',
    'y',
    'T',
    'NULL',
    'inf',
    'nan',
    '1',
    '08',
    '0o7',
    '0x1p3',
    '1_0',
    '_1',
    '1.',
    '1e3',
    '9223372036854775808',
    '1:30',
    '2020-1-2',
  ])('quotes the key %j, which YAML would take for something else', (key) => {
    expect(toKyaml({ [key]: 1 })).toBe(`---\n{\n  ${JSON.stringify(key)}: 1,\n}\n`);
  });

  test.each<{ name: string; value: Json; shown: string }>([
    { name: 'words of YAML', value: 'no', shown: '"no"' },
    { name: 'quotes and backslashes', value: 'a"\\', shown: '"a\\"\\\\"' },
    { name: 'a tab', value: 'a\tb', shown: '"a\tb"' },
    { name: 'what cannot be printed', value: '\0\x1b\xa0\xad\u200b', shown: '"\\0\\e\\_\\u00ad\\u200b"' },
    { name: 'one line', value: 'a\n', shown: '"\\\n     a\\n\\\n    "' },
    { name: 'white space at the start of lines', value: ' a\n\tb', shown: '"\\\n    \\ a\\n\\\n    \\\tb\\\n    "' },
    { name: 'numbers', value: 1e30, shown: '1e+30' },
    { name: 'no items', value: [], shown: '[]' },
    { name: 'items that are values', value: [true, null], shown: '[\n    true,\n    null,\n  ]' },
    { name: 'items that are objects', value: [{ a: 1 }, {}, []], shown: '[{\n    a: 1,\n  }, {}, []]' },
    { name: 'items of both sorts', value: ['a', {}], shown: '[\n    "a",\n    {},\n  ]' },
  ])('shows $name', ({ value, shown }) => {
    expect(toKyaml({ k: value })).toBe(`---\n{\n  k: ${shown},\n}\n`);
  });

  test('sorts keys by bytes unless they are to keep their order', () => {
    expect(toKyaml({ b: 1, '10': 2, '2': 3, a: 4 })).toBe('---\n{\n  "10": 2,\n  "2": 3,\n  a: 4,\n  b: 1,\n}\n');
    expect(toKyaml({ b: 1, a: 2 }, false)).toBe('---\n{\n  b: 1,\n  a: 2,\n}\n');
  });
});
