import { describe, expect, test } from 'vitest';
import { readScalar, type ScalarReading } from './decode-scalars.ts';
import type { Scalar } from './object-schema.ts';

const shown = (reading: ScalarReading): unknown => {
  if (reading.ok) return reading.value;
  return reading.fault === 'format' ? reading.message : `${reading.got} into ${reading.goType}`;
};

test.each<{ scalar: Scalar; value: unknown; want: unknown }>([
  { scalar: 'string', value: 'a', want: 'a' },
  { scalar: 'string', value: 1, want: 'number into string' },
  { scalar: 'string', value: ['a'], want: 'array into string' },
  { scalar: 'boolean', value: 'true', want: 'string into bool' },
  { scalar: 'int32', value: 2 ** 31 - 1, want: 2 ** 31 - 1 },
  { scalar: 'int32', value: 2 ** 31, want: 'number 2147483648 into int32' },
  { scalar: 'int64', value: 2 ** 40, want: 2 ** 40 },
  { scalar: 'int64', value: '1', want: 'string into int64' },
  { scalar: 'int64', value: 2 ** 53 - 1, want: 2 ** 53 - 1 },
  { scalar: 'int64', value: 2 ** 53, want: 'number 9007199254740992 into int64' },
  { scalar: 'double', value: 1.5, want: 1.5 },
  { scalar: 'intOrString', value: 80, want: 80 },
  { scalar: 'intOrString', value: '25%', want: '25%' },
  { scalar: 'intOrString', value: 1.5, want: 'json: cannot unmarshal number 1.5 into Go value of type int32' },
  { scalar: 'quantity', value: '1000m', want: '1' },
  { scalar: 'quantity', value: 0.5, want: '500m' },
  { scalar: 'bytes', value: 'eA==', want: 'eA==' },
  { scalar: 'bytes', value: 'eA', want: 'illegal base64 data at input byte 0' },
  { scalar: 'json', value: { any: ['thing', null] }, want: { any: ['thing', null] } },
])('$scalar of $value', ({ scalar, value, want }) => {
  expect(shown(readScalar(scalar, value))).toEqual(want);
});

describe('times', () => {
  const RFC3339 = '"2006-01-02T15:04:05Z07:00"';
  test.each([
    { value: '2020-02-29T12:00:00Z', want: '2020-02-29T12:00:00Z' },
    { value: '2020-02-29T12:00:00.9+01:00', want: '2020-02-29T11:00:00Z' },
    { value: '2021-02-29T12:00:00Z', want: 'parsing time "2021-02-29T12:00:00Z": day out of range' },
    { value: '2021-13-01T12:00:00Z', want: 'parsing time "2021-13-01T12:00:00Z": month out of range' },
    { value: '2021-01-01T25:00:00Z', want: 'parsing time "2021-01-01T25:00:00Z": hour out of range' },
    { value: '2021-01-01', want: `parsing time "2021-01-01" as ${RFC3339}: cannot parse "" as "T"` },
    {
      value: '2021-01-01T00:00:00',
      want: `parsing time "2021-01-01T00:00:00" as ${RFC3339}: cannot parse "" as "Z07:00"`,
    },
    { value: '2021-01-01T00:00:00Zx', want: 'parsing time "2021-01-01T00:00:00Zx": extra text: "x"' },
    { value: 1, want: 'json: cannot unmarshal number into Go value of type string' },
  ])('$value', ({ value, want }) => {
    expect(shown(readScalar('time', value))).toBe(want);
  });

  test('of microseconds have exactly six digits', () => {
    expect(shown(readScalar('microTime', '2020-01-01T00:00:00.123456Z'))).toBe('2020-01-01T00:00:00.123456Z');
    expect(shown(readScalar('microTime', '2020-01-01T00:00:00Z'))).toContain('cannot parse "Z" as ".000000"');
  });
});
