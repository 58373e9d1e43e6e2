import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addQuantities,
  canonicalQuantity,
  canonicalResourceAmount,
  compareQuantities,
  formatQuantity,
  milliValue,
  parseQuantity,
  quantityOf,
  subtractQuantities,
  wholeValue,
  type Quantity,
} from './quantity.ts';

test.each([
  ['0', '0'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['1.5', '1500m'],
  ['1500m', '1500m'],
  ['1000m', '1'],
  ['100.0', '100'],
  ['0.000000001', '1n'],
  ['0.0000000001', '1n'],
  ['1000', '1k'],
  ['1234567', '1234567'],
  ['1000000n', '1m'],
  ['1.5Gi', '1536Mi'],
  ['0.5Mi', '512Ki'],
  ['0.25Ki', '256'],
  ['1024Ki', '1Mi'],
  ['1025Gi', '1025Gi'],
  ['1023Ki', '1023Ki'],
  ['1e3', '1e3'],
  ['1E3', '1E3'],
  ['1.5e3', '1500'],
  ['1500e0', '1500e0'],
  ['10e2', '1e3'],
  ['100e-3', '100e-3'],
  ['1e+3', '1e+3'],
  ['8Ei', '9223372036854775807'],
  ['10E', '10E'],
  ['-100m', '-100m'],
  ['+1', '+1'],
])('%s is written %s', (text, want) => {
  expect(canonicalQuantity(text)).toBe(want);
});

const SHAPE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX = "unable to parse quantity's suffix";

test.each([
  ['', SHAPE],
  ['abc', SHAPE],
  ['NaN', SHAPE],
  ['1gi', SHAPE],
  ['1Gib', SHAPE],
  ['1 core', SHAPE],
  ['1.2.3', SHAPE],
  ['1K', SUFFIX],
  ['1ki', SUFFIX],
  ['1i', SUFFIX],
  ['1e', SUFFIX],
])('%j is refused as Kubernetes does', (text, fault) => {
  expect(parseQuantity(text)).toEqual({ ok: false, fault });
});

test.each([
  { text: '100m', milli: 100, whole: 1 },
  { text: '1', milli: 1000, whole: 1 },
  { text: '1.5Gi', milli: 1_610_612_736_000, whole: 1_610_612_736 },
  { text: '1n', milli: 1, whole: 1 },
  { text: '-1500m', milli: -1500, whole: -2 },
])('$text counts $milli thousandths and $whole units, rounded away from zero', ({ text, milli, whole }) => {
  expect([milliValue(text), wholeValue(text)]).toEqual([milli, whole]);
});

test('a text that is no quantity counts as NaN', () => {
  expect(milliValue('one')).toBeNaN();
  expect(wholeValue('')).toBeNaN();
});

test.each([
  ['100u', '1m'],
  ['1.0001', '1001m'],
  ['64Mi', '64Mi'],
])('in a resource list %s is rounded up to %s', (text, want) => {
  expect(canonicalResourceAmount(text)).toBe(want);
});

const suffix = fc.constantFrom('', 'm', 'u', 'n', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'E-2');
const quantityText = fc
  .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.option(fc.nat(999), { nil: undefined }), suffix)
  .map(([whole, fraction, unit]) => `${whole}${fraction === undefined ? '' : `.${fraction}`}${unit}`);

function parsed(text: string): Quantity {
  const result = parseQuantity(text);
  if (!result.ok) throw new Error(`${text}: ${result.fault}`);
  return result.quantity;
}

test('writing keeps the value, and writing again changes nothing', () => {
  fc.assert(
    fc.property(quantityText, (text) => {
      const once = formatQuantity(parsed(text));
      expect(parsed(once).nanos).toBe(parsed(text).nanos);
      expect(formatQuantity(parsed(once))).toBe(once);
    }),
  );
});

test('sums and differences are exact and undo each other', () => {
  fc.assert(
    fc.property(quantityText, quantityText, (a, b) => {
      const sum = addQuantities(parsed(a), parsed(b));
      expect(sum.nanos).toBe(parsed(a).nanos + parsed(b).nanos);
      expect(compareQuantities(subtractQuantities(sum, parsed(b)), parsed(a))).toBe(0);
    }),
  );
});

test('a sum is written canonically, not as an addend was', () => {
  expect(formatQuantity(addQuantities(parsed('1E3'), parsed('1E3')))).toBe('2e3');
  expect(formatQuantity(addQuantities(quantityOf(0, 'decimalSI'), parsed('1Gi')))).toBe('1Gi');
});
