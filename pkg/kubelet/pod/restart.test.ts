import { expect, test } from 'vitest';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { container, NOON, pod, record } from '../testing/pods.ts';
import { BACKOFF_LABEL, durationText, nextBackoffMs, restartAt, shouldRestart } from './restart.ts';

const web = container('web');
const SECOND = 1000;

test('pauses grow from 10 s to 5 minutes and are forgotten after a long run', () => {
  let now = NOON;
  let ended: ContainerRecord | undefined;
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    const backoff = nextBackoffMs(ended, now);
    const finishedAt = now + SECOND;
    const labels = { [BACKOFF_LABEL]: String(backoff) };
    ended = record(web, { attempt, state: 'exited', exitCode: 1, createdAt: now, startedAt: now, finishedAt, labels });
    pauses.push((restartAt(ended) - finishedAt) / SECOND);
    now = restartAt(ended);
  }
  expect(pauses).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300]);
  const labels = { [BACKOFF_LABEL]: '300000' };
  const finishedAt = NOON + 601 * SECOND;
  const long = record(web, { attempt: 9, state: 'exited', exitCode: 1, finishedAt, labels });
  expect(restartAt(long)).toBe(finishedAt);
  expect(nextBackoffMs(long, finishedAt)).toBe(10 * SECOND);
});

test.each([
  { policy: 'Always', exitCode: 0, want: true },
  { policy: 'OnFailure', exitCode: 0, want: false },
  { policy: 'OnFailure', exitCode: 3, want: true },
  { policy: 'Never', exitCode: 3, want: false },
])('with $policy a container that exits with $exitCode is restarted: $want', ({ policy, exitCode, want }) => {
  const ended = record(web, { state: 'exited', exitCode });
  expect(shouldRestart(pod({ containers: [web], restartPolicy: policy }), { role: 'app', spec: web }, ended)).toBe(
    want,
  );
});

test('restart rules of a container come before every policy', () => {
  const spec = container('web', {
    restartPolicy: 'Never',
    restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
  });
  const wanted = pod({ containers: [spec], restartPolicy: 'Always' });
  const restarts = (exitCode: number) =>
    shouldRestart(wanted, { role: 'app', spec }, record(spec, { state: 'exited', exitCode }));
  expect([restarts(42), restarts(1)]).toEqual([true, false]);
});

test.each([
  [10_000, '10s'],
  [80_000, '1m20s'],
  [300_000, '5m0s'],
  [3_600_000, '1h0m0s'],
])('%i ms reads %s', (ms, want) => expect(durationText(ms)).toBe(want));
