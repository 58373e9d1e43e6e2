import { expect, test } from 'vitest';
import { formatGoDuration, humanDuration, parseGoDuration } from './duration.ts';

test.each([
  { text: '1h2m3.5s', ms: 3_723_500 },
  { text: '300ms', ms: 300 },
  { text: '-5s', ms: -5000 },
  { text: '0', ms: 0 },
  { text: '5', ms: undefined },
  { text: '5 s', ms: undefined },
])('$text is $ms ms', ({ text, ms }) => {
  expect(parseGoDuration(text)).toBe(ms);
});

test.each([
  { seconds: -5, shown: '<invalid>' },
  { seconds: 0, shown: '0s' },
  { seconds: 119, shown: '119s' },
  { seconds: 120, shown: '2m' },
  { seconds: 125, shown: '2m5s' },
  { seconds: 600, shown: '10m' },
  { seconds: 3 * 3600 - 1, shown: '179m' },
  { seconds: 3 * 3600 + 60, shown: '3h1m' },
  { seconds: 8 * 3600 + 60, shown: '8h' },
  { seconds: 49 * 3600, shown: '2d1h' },
  { seconds: 200 * 3600, shown: '8d' },
  { seconds: 800 * 86_400, shown: '2y70d' },
])('an age of $seconds s is shown as $shown', ({ seconds, shown }) => {
  expect(humanDuration(seconds * 1000)).toBe(shown);
});

test.each([
  { ms: 0, shown: '0s' },
  { ms: 1500, shown: '1.5s' },
  { ms: 90_000, shown: '1m30s' },
  { ms: 3_600_000, shown: '1h0m0s' },
])('$ms ms are written $shown', ({ ms, shown }) => {
  expect(formatGoDuration(ms)).toBe(shown);
});
