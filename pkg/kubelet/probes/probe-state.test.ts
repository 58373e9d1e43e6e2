import { expect, test } from 'vitest';
import { afterResult, UNPROBED, type ProbeState } from './probe-state.ts';

test.each([
  { name: 'one success is enough by default', probe: {}, results: '+', want: true },
  { name: 'three failures in a row by default', probe: {}, results: '--', want: undefined },
  { name: 'three failures make a failure', probe: {}, results: '+---', want: false },
  { name: 'a success in between begins anew', probe: {}, results: '+--+--', want: true },
  {
    name: 'successes are counted, too',
    probe: { successThreshold: 2, failureThreshold: 1 },
    results: '-+',
    want: false,
  },
  { name: 'enough successes', probe: { successThreshold: 2, failureThreshold: 1 }, results: '-++', want: true },
])('$name', ({ probe, results, want }) => {
  const state = results
    .split('')
    .reduce<ProbeState>((before, result) => afterResult(before, probe, result === '+'), UNPROBED);
  expect(state.verdict).toBe(want);
});
