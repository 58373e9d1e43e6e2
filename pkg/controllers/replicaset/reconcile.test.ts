import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { NOW, ago, pod, replicaSet } from '../testing/objects.ts';
import { podsToDelete } from './deletion-order.ts';
import { nextStatus, planPods, podFromTemplate } from './reconcile.ts';

const set = (replicas: number) => replicaSet('rs', { replicas });

function show(change: ReturnType<typeof planPods>): string {
  switch (change.do) {
    case 'create':
      return `create ${change.count}`;
    case 'delete':
      return `delete ${change.pods.map(({ metadata }) => metadata.name).join(' ')}`;
    case 'nothing':
      return 'nothing';
  }
}

describe('the pods of a replicaset', () => {
  test.each([
    { name: 'are made when missing', replicas: 3, pods: [pod('a')], want: 'create 2' },
    { name: 'are left alone when satisfied', replicas: 1, pods: [pod('a')], want: 'nothing' },
    {
      name: 'are deleted when too many, those not ready first',
      replicas: 1,
      pods: [pod('a', { readyFor: 60, node: 'n' }), pod('b', { node: 'n' })],
      want: 'delete b',
    },
    {
      name: 'do not count when they are going',
      replicas: 1,
      pods: [pod('a', { terminating: true })],
      want: 'create 1',
    },
    {
      name: 'do not count when they have failed',
      replicas: 1,
      pods: [pod('a', { phase: 'Failed' })],
      want: 'create 1',
    },
    { name: 'are made 500 at a time at most', replicas: 2000, pods: [], want: 'create 500' },
  ])('$name', ({ replicas, pods, want }) => {
    expect(show(planPods(set(replicas), pods, pods, NOW))).toBe(want);
  });

  test('are left to the garbage collector when the set is being deleted', () => {
    const doomed = replicaSet('rs', { replicas: 3 });
    doomed.metadata.deletionTimestamp = ago(0);
    expect(show(planPods(doomed, [], [], NOW))).toBe('nothing');
  });

  test('come from the template and belong to the set', () => {
    expect(podFromTemplate(set(1))).toMatchObject({
      metadata: {
        generateName: 'rs-',
        labels: { app: 'web' },
        ownerReferences: [
          { kind: 'ReplicaSet', name: 'rs', uid: 'uid-rs', controller: true, blockOwnerDeletion: true },
        ],
      },
      spec: { containers: [{ image: 'v1' }] },
    });
  });
});

describe('what is deleted first', () => {
  const cost = (value: string) => ({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } });
  const ready = { node: 'n', readyFor: 600 };
  test.each([
    { name: 'a pod without a node', keep: pod('k', { node: 'n' }), go: pod('g') },
    {
      name: 'a pending pod before a running one',
      keep: pod('k', { node: 'n', phase: 'Running' }),
      go: pod('g', { node: 'n', phase: 'Pending' }),
    },
    {
      name: 'an unknown one before a running one',
      keep: pod('k', { node: 'n', phase: 'Running' }),
      go: pod('g', { node: 'n', phase: 'Unknown' }),
    },
    { name: 'one that is not ready', keep: pod('k', ready), go: pod('g', { node: 'n', phase: 'Running' }) },
    {
      name: 'one that costs less',
      keep: pod('k', { ...ready, meta: cost('10') }),
      go: pod('g', { ...ready, meta: cost('-5') }),
    },
    {
      name: 'one that became ready later, by an order of magnitude',
      keep: pod('k', { node: 'n', readyFor: 6000 }),
      go: pod('g', { node: 'n', readyFor: 60 }),
    },
    {
      name: 'one that restarted more often',
      keep: pod('k', { ...ready, restarts: 1 }),
      go: pod('g', { ...ready, restarts: 2 }),
    },
    {
      name: 'a younger one',
      keep: pod('k', { ...ready, meta: { creationTimestamp: ago(9000) } }),
      go: pod('g', { ...ready, meta: { creationTimestamp: ago(1000) } }),
    },
    {
      name: 'readiness over cost',
      keep: pod('k', { ...ready, meta: cost('-5') }),
      go: pod('g', { node: 'n', phase: 'Running', meta: cost('5') }),
    },
  ])('$name', ({ keep, go }) => {
    expect(podsToDelete([keep, go], 1, [], NOW).map(({ metadata }) => metadata.name)).toEqual(['g']);
    expect(podsToDelete([go, keep], 1, [], NOW).map(({ metadata }) => metadata.name)).toEqual(['g']);
  });

  test('one that shares its node with most of its siblings', () => {
    const alone = pod('alone', { node: 'n1', readyFor: 600 });
    const crowded = [pod('x', { node: 'n2', readyFor: 600 }), pod('y', { node: 'n2', readyFor: 600 })];
    const gone = podsToDelete([alone, ...crowded], 2, [alone, ...crowded], NOW);
    expect(gone.map(({ metadata }) => metadata.name).toSorted()).toEqual(['x', 'y']);
  });

  const anyPod = fc.record({
    node: fc.constantFrom('', 'n1', 'n2'),
    phase: fc.constantFrom('Pending', 'Running', 'Unknown'),
    readyFor: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
    restarts: fc.integer({ min: 0, max: 3 }),
    age: fc.integer({ min: 0, max: 100_000 }),
  });
  const podsOf = fc
    .array(anyPod, { maxLength: 12 })
    .map((lines) =>
      lines.map(({ age, ...line }, index) => pod(`p${index}`, { ...line, meta: { creationTimestamp: ago(age) } })),
    );
  test('does not depend on the order in which pods are listed', () => {
    fc.assert(
      fc.property(podsOf, fc.integer({ min: 0, max: 12 }), (pods, count) => {
        const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.name).toSorted();
        expect(names(podsToDelete(pods.toReversed(), count, pods, NOW))).toEqual(
          names(podsToDelete(pods, count, pods, NOW)),
        );
      }),
    );
  });

  test('from any state leads to the wanted number of pods, and stays there', () => {
    fc.assert(
      fc.property(podsOf, fc.integer({ min: 0, max: 15 }), (pods, replicas) => {
        let state = pods;
        for (let turn = 0; turn < 3; turn++) {
          const change = planPods(set(replicas), state, state, NOW);
          if (change.do === 'nothing') break;
          if (change.do === 'delete') state = state.filter((one) => !change.pods.includes(one));
          else state = [...state, ...Array.from({ length: change.count }, (_, i) => pod(`new${turn}-${i}`))];
        }
        expect(state.length).toBe(replicas);
        expect(planPods(set(replicas), state, state, NOW).do).toBe('nothing');
      }),
    );
  });
});

describe('the status of a replicaset', () => {
  const pods = [
    pod('a', { readyFor: 60 }),
    pod('b', { readyFor: 3 }),
    pod('c'),
    pod('d', { readyFor: 9, terminating: true }),
    pod('e', { phase: 'Failed' }),
  ];
  test('counts pods that count, and says when the next becomes available', () => {
    const labelled = pods.map((one) => ({ ...one, metadata: { ...one.metadata, labels: { app: 'web' } } }));
    const { status, recheckAt } = nextStatus(
      replicaSet('rs', { replicas: 3, minReadySeconds: 10 }),
      labelled,
      undefined,
      NOW,
    );
    expect(status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 1,
    });
    expect(recheckAt).toBe(NOW + 7000);
  });

  test('leaves zeros out as Kubernetes does', () => {
    expect(nextStatus(replicaSet('rs'), [], undefined, NOW).status).toEqual({
      replicas: 0,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
  });

  test('tells of a failure until a sync goes well, and keeps the first message', () => {
    const failed = (message: string) => ({ reason: 'FailedCreate', message }) as const;
    const first = nextStatus(replicaSet('rs'), [], failed('quota'), NOW).status;
    expect(first.conditions).toEqual([
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota', lastTransitionTime: ago(0) },
    ]);
    const again = nextStatus(replicaSet('rs', {}, { status: first }), [], failed('other'), NOW + 5000).status;
    expect(again.conditions).toEqual(first.conditions);
    expect(nextStatus(replicaSet('rs', {}, { status: again }), [], undefined, NOW).status.conditions).toBeUndefined();
  });
});
