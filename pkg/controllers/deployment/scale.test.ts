import { describe, expect, test } from 'vitest';
import type { ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';
import { deployment, replicaSet } from '../testing/objects.ts';
import { maxSurgeOf, maxUnavailableOf, newSetSize, scaleProportionally, shrinkOldSets } from './scale.ts';

type Limit = number | string;
const rolling = (replicas: number, maxSurge: Limit, maxUnavailable: Limit) =>
  deployment({ replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } });

/** `name:replicas/available`, oldest first. */
function sets(...texts: string[]): ReplicaSet[] {
  return texts.map((text, index) => {
    const [, name = '', replicas = '0', available = '0', max] = /^(\w+):(\d+)(?:\/(\d+))?(?:!(\d+))?$/.exec(text) ?? [];
    const set = replicaSet(name, { replicas: Number(replicas) });
    set.metadata.creationTimestamp = `2026-01-01T00:00:0${index}Z`;
    if (max !== undefined) set.metadata.annotations = { 'deployment.kubernetes.io/max-replicas': max };
    set.status = { replicas: Number(replicas), availableReplicas: Number(available) };
    return set;
  });
}

const show = (resizes: readonly { set: ReplicaSet; replicas: number }[]) =>
  resizes.map(({ set, replicas }) => `${set.metadata.name}:${replicas}`).toSorted();

describe('surge and unavailability', () => {
  test.each([
    { replicas: 10, surge: '25%', unavailable: '25%', want: [3, 2] },
    { replicas: 4, surge: '25%', unavailable: '25%', want: [1, 1] },
    { replicas: 1, surge: '25%', unavailable: '25%', want: [1, 0] },
    { replicas: 3, surge: 2, unavailable: 0, want: [2, 0] },
    { replicas: 3, surge: 0, unavailable: 0, want: [0, 1] },
    { replicas: 3, surge: '0%', unavailable: '10%', want: [0, 1] },
    { replicas: 2, surge: 0, unavailable: 5, want: [0, 2] },
    { replicas: 0, surge: '25%', unavailable: '25%', want: [0, 0] },
  ])('of $replicas with $surge and $unavailable', ({ replicas, surge, unavailable, want }) => {
    const one = rolling(replicas, surge, unavailable);
    expect([maxSurgeOf(one), maxUnavailableOf(one)]).toEqual(want);
  });

  test('are nothing for Recreate', () => {
    const one = deployment({ strategy: { type: 'Recreate' } });
    expect([maxSurgeOf(one), maxUnavailableOf(one)]).toEqual([0, 0]);
  });
});

test.each([
  { name: 'takes the surge beside what there is', replicas: 4, surge: 1, all: ['old:4', 'new:0'], current: 0, want: 1 },
  { name: 'waits while there is no room', replicas: 4, surge: 1, all: ['old:4', 'new:1'], current: 1, want: 1 },
  { name: 'never grows beyond what is asked for', replicas: 4, surge: 3, all: ['old:0', 'new:3'], current: 3, want: 4 },
])('a new set $name', ({ replicas, surge, all, current, want }) => {
  expect(newSetSize(rolling(replicas, surge, 0), sets(...all), current)).toBe(want);
});

test.each([
  {
    name: 'go as far as availability allows',
    replicas: 10,
    surge: 2,
    down: 2,
    old: ['a:10/10'],
    next: 'n:2/0',
    want: ['a:8'],
  },
  {
    name: 'stay when the new pods are not available yet',
    replicas: 10,
    surge: 2,
    down: 0,
    old: ['a:10/10'],
    next: 'n:2/0',
    want: [],
  },
  {
    name: 'lose pods that are not available first',
    replicas: 10,
    surge: 0,
    down: 2,
    old: ['a:5/0', 'b:5/5'],
    next: 'n:0/0',
    want: ['a:3'],
  },
  {
    name: 'go when all new pods are available',
    replicas: 3,
    surge: 1,
    down: 0,
    old: ['a:1/1'],
    next: 'n:3/3',
    want: ['a:0'],
  },
  { name: 'go oldest first', replicas: 4, surge: 0, down: 2, old: ['a:2/2', 'b:2/2'], next: 'n:0/0', want: ['a:0'] },
])('old sets $name', ({ replicas, surge, down, old, next, want }) => {
  const [newSet] = sets(next);
  if (newSet === undefined) expect.fail('no new set');
  expect(show(shrinkOldSets(rolling(replicas, surge, down), sets(...old), newSet))).toEqual(want);
});

test.each([
  {
    name: 'up, largest first gets what is left over',
    replicas: 20,
    surge: 0,
    all: ['a:7!10', 'b:3!10'],
    want: ['a:14', 'b:6'],
  },
  { name: 'up with rounding', replicas: 12, surge: 0, all: ['a:5!10', 'b:5!10'], want: ['a:6', 'b:6'] },
  { name: 'down', replicas: 5, surge: 0, all: ['a:8!10', 'b:2!10'], want: ['a:4', 'b:1'] },
  { name: 'down to nothing', replicas: 0, surge: 0, all: ['a:8!10', 'b:2!10'], want: ['a:0', 'b:0'] },
  { name: 'not at all when the size fits', replicas: 10, surge: 0, all: ['a:8!10', 'b:2!10'], want: ['a:8', 'b:2'] },
  { name: 'up with a surge', replicas: 15, surge: 3, all: ['a:8!13', 'b:5!13'], want: ['a:11', 'b:7'] },
])('a rollout under way is scaled $name', ({ replicas, surge, all, want }) => {
  expect(show(scaleProportionally(rolling(replicas, surge, 0), sets(...all)))).toEqual(want);
});
