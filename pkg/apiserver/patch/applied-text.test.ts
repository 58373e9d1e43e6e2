import { expect, test } from 'vitest';
import { isApiError } from '../../api/meta/status.ts';
import { readApplied } from './applied-text.ts';

test.each([
  { what: 'YAML', text: 'a: 1\nb: [x]\nc: yes\n', want: { a: 1, b: ['x'], c: true } },
  { what: 'JSON', text: ' {"a":{"b":null}}', want: { a: { b: null } } },
  { what: 'flow-style YAML', text: '{a: 1, b: {c: d}}', want: { a: 1, b: { c: 'd' } } },
])('reads $what', ({ text, want }) => {
  expect(readApplied(text, 'Strict')).toEqual({ value: want, warnings: [] });
});

test.each(['a: 1\na: 2\n', '{"a":1,\n"a":2}'])(
  'a key that stands twice in %j is refused, told or passed over',
  (text) => {
    const told = 'yaml: unmarshal errors:\n  line 2: key "a" already set in map';
    expect(readApplied(text, 'Ignore')).toEqual({ value: { a: 2 }, warnings: [] });
    expect(readApplied(text, 'Warn')).toEqual({ value: { a: 2 }, warnings: [told] });
    expect(() => readApplied(text, 'Strict')).toThrow(
      `error strict decoding YAML: error converting YAML to JSON: ${told}`,
    );
  },
);

test('what is no YAML is refused with 400', () => {
  try {
    readApplied('{"a": [', 'Warn');
    expect.unreachable();
  } catch (error) {
    expect(isApiError(error, 'BadRequest')).toBe(true);
  }
});
