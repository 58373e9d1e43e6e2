import { expect, test } from 'vitest';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { ago, node, pod } from '../testing/objects.ts';
import { planSweep } from './reconcile.ts';

const dead = node('dead', 'Unknown', {
  spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
});
const nodeOf = (name: string) => (name === 'there' ? node('there', 'True') : name === 'dead' ? dead : undefined);
const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name);

test('sweeps each pod that nobody else will, and no other', () => {
  const plan = planSweep(
    [
      pod('fine', { node: 'there', readyFor: 1 }),
      pod('waiting'),
      pod('lost', { node: 'ghost' }),
      pod('unborn', { terminating: true }),
      pod('going', { node: 'there', terminating: true }),
      pod('stuck', { node: 'dead', terminating: true }),
      pod('still', { node: 'dead' }),
    ],
    nodeOf,
    10,
  );
  expect({
    ...plan,
    finished: names(plan.finished),
    orphaned: names(plan.orphaned),
    unscheduled: names(plan.unscheduled),
    outOfService: names(plan.outOfService),
  }).toEqual({
    finished: [],
    orphaned: ['lost'],
    unscheduled: ['unborn'],
    outOfService: ['stuck'],
  });
});

test.each([
  { name: 'the oldest beyond the threshold', threshold: 1, want: ['old', 'mid'] },
  { name: 'none within it', threshold: 3, want: [] },
  { name: 'none when it is 0', threshold: 0, want: [] },
])('sweeps $name of the finished pods', ({ threshold, want }) => {
  const done = (name: string, age: number) =>
    pod(name, { node: 'there', phase: 'Succeeded', meta: { creationTimestamp: ago(age) } });
  expect(names(planSweep([done('new', 1), done('old', 99), done('mid', 50)], nodeOf, threshold).finished)).toEqual(
    want,
  );
});
