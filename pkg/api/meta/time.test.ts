import { expect, test } from 'vitest';
import { humanDuration, shortHumanDuration } from './duration.ts';
import { canonicalMicroTime, canonicalTime, formatMicroTime, formatTime } from './time.ts';

test.each([
  ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
  ['2024-01-02T03:04:05+02:00', '2024-01-02T01:04:05Z'],
  ['2024-01-02T03:04:05.5Z', '2024-01-02T03:04:05Z'],
  ['2024-02-29T00:00:00-00:30', '2024-02-29T00:30:00Z'],
  ['2023-02-29T00:00:00Z', undefined],
  ['2024-13-02T03:04:05Z', undefined],
  ['2024-01-02', undefined],
  ['2024-01-02T03:04:05', undefined],
  ['2024-01-02 03:04:05Z', undefined],
  ['', undefined],
])('the time %s is written %s', (text, want) => {
  expect(canonicalTime(text)).toBe(want);
});

test.each([
  ['2024-01-02T03:04:05.123456Z', '2024-01-02T03:04:05.123456Z'],
  ['2024-01-02T03:04:05.000000+02:00', '2024-01-02T01:04:05.000000Z'],
  ['2024-01-02T03:04:05Z', undefined],
  ['2024-01-02T03:04:05.123Z', undefined],
])('the micro time %s is written %s', (text, want) => {
  expect(canonicalMicroTime(text)).toBe(want);
});

test('instants are written in UTC, with whole seconds or six digits', () => {
  const instant = Date.parse('2024-01-02T03:04:05.678Z');
  expect(formatTime(instant)).toBe('2024-01-02T03:04:05Z');
  expect(formatMicroTime(instant)).toBe('2024-01-02T03:04:05.678000Z');
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [-3 * SECOND, '<invalid>', '<invalid>'],
  [-1 * SECOND, '0s', '0s'],
  [90 * SECOND, '90s', '1m'],
  [150 * SECOND, '2m30s', '2m'],
  [10 * MINUTE, '10m', '10m'],
  [179 * MINUTE, '179m', '2h'],
  [3 * HOUR + MINUTE, '3h1m', '3h'],
  [8 * HOUR + MINUTE, '8h', '8h'],
  [47 * HOUR, '47h', '1d'],
  [2 * DAY, '2d', '2d'],
  [2 * DAY + HOUR, '2d1h', '2d'],
  [8 * DAY + HOUR, '8d', '8d'],
  [3 * 365 * DAY + DAY, '3y1d', '3y'],
  [9 * 365 * DAY, '9y', '9y'],
])('%i ms are %s, in short %s', (span, human, short) => {
  expect(humanDuration(span)).toBe(human);
  expect(shortHumanDuration(span)).toBe(short);
});
