import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasDuplicateKeys, mayHaveExponents, nestedTooDeeply, readJson } from './decode-json.ts';
import { isRecord } from './decode-walk.ts';

describe("readJson says what is wrong in Go's words", () => {
  test.each([
    { text: '', want: 'unexpected end of JSON input' },
    { text: '{', want: 'unexpected end of JSON input' },
    { text: '{a:1}', want: "invalid character 'a' looking for beginning of object key string" },
    { text: '{"a":1,}', want: "invalid character '}' looking for beginning of object key string" },
    { text: '{"a" 1}', want: "invalid character '1' after object key" },
    { text: '{"a":1 "b"}', want: `invalid character '"' after object key:value pair` },
    { text: '[1 2]', want: "invalid character '2' after array element" },
    { text: '{} x', want: "invalid character 'x' after top-level value" },
    { text: 'tru', want: 'unexpected end of JSON input' },
    { text: 'trux', want: "invalid character 'x' in literal true (expecting 'e')" },
    { text: '"a\n"', want: String.raw`invalid character '\n' in string literal` },
    { text: '"\0"', want: String.raw`invalid character '\x00' in string literal` },
    { text: '\ufeff{}', want: "invalid character 'ï' looking for beginning of value" },
    { text: String.raw`"\x"`, want: "invalid character 'x' in string escape code" },
    { text: '-', want: 'unexpected end of JSON input' },
    { text: '1.x', want: "invalid character 'x' after decimal point in numeric literal" },
    { text: "'a'", want: String.raw`invalid character '\'' looking for beginning of value` },
  ])('$text', ({ text, want }) => {
    expect(readJson(text)).toEqual({ ok: false, message: want });
  });
});

test.each([
  ['ten thousand levels', '['.repeat(10_000) + ']'.repeat(10_000), false],
  ['one level more', '['.repeat(10_001) + ']'.repeat(10_001), true],
  ['brackets in strings', JSON.stringify(['['.repeat(30_000), String.raw`\"${'{'.repeat(30_000)}`]), false],
  ['many siblings', JSON.stringify(Array.from({ length: 20_000 }, () => [])), false],
])('nesting of %s', (_, text, want) => {
  expect(nestedTooDeeply(text)).toBe(want);
});

test('readJson reads what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const reading = readJson(text);
      expect(reading.ok && reading.value).toEqual(JSON.parse(text));
      expect(hasDuplicateKeys(text, JSON.parse(text))).toBe(false);
    }),
  );
});

test.each([
  { text: '{"a":1,"a":2}', want: true },
  { text: '{"a":{"b":1},"c":{"b":1}}', want: false },
  { text: '[{"a":1},{"a":1}]', want: false },
  { text: '{"a":[{"b":1,"c":"\\"b\\":","b":2}]}', want: true },
  { text: String.raw`{"a\\":1,"b":"\\\\\":"}`, want: false },
])('hasDuplicateKeys of $text is $want', ({ text, want }) => {
  expect(hasDuplicateKeys(text, JSON.parse(text))).toBe(want);
});

test('readJson keeps the last of two values and remembers the key', () => {
  const reading = readJson('{"a":{"b":1,"b":2}}');
  if (!reading.ok) throw new Error(reading.message);
  expect(reading.value).toEqual({ a: { b: 2 } });
  const inner = isRecord(reading.value) ? reading.value['a'] : undefined;
  expect(isRecord(inner) && [...(reading.notes.duplicates.get(inner) ?? [])]).toEqual(['b']);
});

test('readJson remembers how numbers with an exponent were written', () => {
  const reading = readJson('{"a":1e3,"b":[2,1E-2],"c":1000}');
  if (!reading.ok || !isRecord(reading.value)) throw new Error('unreadable');
  expect([...(reading.notes.literals.get(reading.value) ?? [])]).toEqual([['a', '1e3']]);
  const list = reading.value['b'];
  expect(Array.isArray(list) && [...(reading.notes.literals.get(list) ?? [])]).toEqual([['1', '1E-2']]);
});

test.each([
  { text: '{"a":1e3}', want: true },
  { text: '[1, -1.5E2]', want: true },
  { text: '{"image":"x@sha256:3e5f","n":100}', want: false },
])('mayHaveExponents of $text is $want', ({ text, want }) => {
  expect(mayHaveExponents(text)).toBe(want);
});
