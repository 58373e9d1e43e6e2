import { expect, test } from 'vitest';
import { formatFieldSelector, matchesFields, parseFieldSelector } from './field-selector.ts';

test.each([
  { text: '', want: [] },
  { text: ',', want: [] },
  { text: 'a=b', want: [{ field: 'a', operator: '=', value: 'b' }] },
  { text: 'a==b', want: [{ field: 'a', operator: '=', value: 'b' }] },
  { text: 'a!=', want: [{ field: 'a', operator: '!=', value: '' }] },
  { text: 'a=b\\,c\\=d\\\\', want: [{ field: 'a', operator: '=', value: 'b,c=d\\' }] },
])('$text is read', ({ text, want }) => {
  expect(parseFieldSelector(text)).toEqual(want);
});

test.each([
  ['metadata.name>a', "invalid selector: 'metadata.name>a'; can't understand 'metadata.name>a'"],
  ['metadata.name in (a,b)', "invalid selector: 'metadata.name in (a,b)'; can't understand 'b)'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: ='],
  ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
])('%s is refused with Kubernetes’ sentence', (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message);
});

test('terms must all hold, and a field that an object has not is empty', () => {
  const requirements = parseFieldSelector('a=1,b!=2,c=');
  expect(matchesFields(requirements, { a: '1', b: '3' })).toBe(true);
  expect(matchesFields(requirements, { a: '1', b: '2' })).toBe(false);
  expect(matchesFields(requirements, { b: '3' })).toBe(false);
});

test('what is written is read back the same', () => {
  const requirements = parseFieldSelector('a=x\\,y,b!=1');
  expect(parseFieldSelector(formatFieldSelector(requirements))).toEqual(requirements);
});
