import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLabelSelector, selectorFromLabels, selectorFromObject } from './label-selector.ts';
import { isApiError } from './status.ts';

test.each<{ text: string; matches: Record<string, string>[]; not: Record<string, string>[] }>([
  { text: '', matches: [{}, { a: '1' }], not: [] },
  { text: 'a=1', matches: [{ a: '1' }], not: [{}, { a: '2' }] },
  { text: 'a==1', matches: [{ a: '1' }], not: [{ a: '2' }] },
  { text: 'a!=1', matches: [{}, { a: '2' }], not: [{ a: '1' }] },
  { text: 'a', matches: [{ a: '' }], not: [{}] },
  { text: '!a', matches: [{}], not: [{ a: '' }] },
  { text: ' a in ( 1 , 2 ) ', matches: [{ a: '2' }], not: [{}, { a: '3' }] },
  { text: 'a notin (1,2)', matches: [{}, { a: '3' }], not: [{ a: '1' }] },
  { text: 'a in ()', matches: [{ a: '' }], not: [{}, { a: '1' }] },
  { text: 'a in (1,)', matches: [{ a: '' }, { a: '1' }], not: [{}] },
  { text: 'a>1,a<10', matches: [{ a: '2' }], not: [{ a: '1' }, { a: '10' }, { a: 'x' }, {}] },
  { text: 'a=,in=notin', matches: [{ a: '', in: 'notin' }], not: [{ a: '' }] },
])('$text selects what it should', ({ text, matches, not }) => {
  const selector = parseLabelSelector(text);
  expect(matches.map((labels) => selector.matches(labels))).toEqual(matches.map(() => true));
  expect(not.map((labels) => selector.matches(labels))).toEqual(not.map(() => false));
});

test.each([
  ['a=1=2', "found '=', expected: ',' or 'end of string'"],
  ['a in (1', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a,', "found '', expected: identifier after ','"],
  ['a is 1', "unable to parse requirement: found 'is', expected: in, notin, =, ==, !=, gt, lt"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  ['!a in (1)', "found 'in', expected: ',' or 'end of string'"],
  [
    'a>b',
    "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  ['a in 1', "unable to parse requirement: found '1' expected: '('"],
])('%s is refused with Kubernetes’ sentence', (text, message) => {
  expect(() => parseLabelSelector(text)).toThrow(message);
});

test('a bad selector is a bad request', () => {
  try {
    parseLabelSelector('a b');
    expect.unreachable();
  } catch (error) {
    expect(isApiError(error, 'BadRequest')).toBe(true);
  }
});

test('an absent LabelSelector selects nothing, an empty one everything', () => {
  expect(selectorFromObject(undefined).matches({ a: '1' })).toBe(false);
  expect(selectorFromObject({}).matches({ a: '1' })).toBe(true);
  expect(selectorFromObject({}).empty).toBe(true);
  expect(selectorFromLabels({}).matches({})).toBe(false);
});

test('a LabelSelector is written as text in the order of its keys', () => {
  const selector = selectorFromObject({
    matchLabels: { b: '1' },
    matchExpressions: [
      { key: 'a', operator: 'NotIn', values: ['y', 'x'] },
      { key: 'c', operator: 'DoesNotExist' },
    ],
  });
  expect(selector.toString()).toBe('a notin (x,y),b=1,!c');
});

const word = fc.constantFrom('a', 'b', 'x1', 'in', 'notin');
const value = fc.constantFrom('', '1', '2', 'v-1');
const requirement = fc.oneof(
  word.map((key) => key),
  word.map((key) => `!${key}`),
  fc.tuple(word, fc.constantFrom('=', '==', '!='), value).map(([key, operator, text]) => `${key}${operator}${text}`),
  fc
    .tuple(word, fc.constantFrom('in', 'notin'), fc.uniqueArray(value, { minLength: 1, maxLength: 3 }))
    .map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
);

test('a selector written and read again selects the same', () => {
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), fc.dictionary(word, value), (requirements, labels) => {
      const selector = parseLabelSelector(requirements.join(','));
      const again = parseLabelSelector(selector.toString());
      expect(again.toString()).toBe(selector.toString());
      expect(again.matches(labels)).toBe(selector.matches(labels));
    }),
  );
});
