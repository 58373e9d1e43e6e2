import { describe, expect, test } from 'vitest';
import { formatTime } from '../../api/meta/time.ts';
import type { PodCondition } from '../../api/schema/generated/core.v1.gen.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../../api/schema/generated/policy.v1.gen.ts';
import { ago, meta, NOW, pod, replicaSet } from '../testing/objects.ts';
import { expectPods, needsScale } from './expected-pods.ts';
import { failedStatus, nextStatus } from './reconcile.ts';
import { selectorText } from './selector-text.ts';
import { staleTargetAt, withoutTarget } from './stale-target.ts';

const [a, b, other] = [replicaSet('a'), replicaSet('b'), replicaSet('other')];
const scales = new Map([
  // Two sets of one Deployment.
  ['uid-a', { uid: 'deployment', replicas: 5 }],
  ['uid-b', { uid: 'deployment', replicas: 5 }],
  ['uid-other', { uid: 'uid-other', replicas: 2 }],
]);

describe('how many pods a budget expects', () => {
  const pods = [pod('1', { owner: a }), pod('2', { owner: a }), pod('3', { owner: b })];
  test.each<{ name: string; spec: PodDisruptionBudgetSpec; want: [number, number] }>([
    { name: 'a number at least: the pods there are', spec: { minAvailable: 4 }, want: [3, 4] },
    { name: 'a share at least: of the scale, rounded up', spec: { minAvailable: '50%' }, want: [5, 3] },
    { name: 'all of them', spec: { minAvailable: '100%' }, want: [5, 5] },
    { name: 'a number at most down', spec: { maxUnavailable: 1 }, want: [5, 4] },
    { name: 'a share at most down: rounded up too', spec: { maxUnavailable: '30%' }, want: [5, 3] },
    { name: 'more down than there are', spec: { maxUnavailable: 9 }, want: [5, 0] },
    { name: 'none down', spec: { maxUnavailable: 0 }, want: [5, 5] },
    { name: 'nothing asked', spec: {}, want: [0, 0] },
  ])('$name', ({ spec, want: [expectedPods, desiredHealthy] }) => {
    expect(expectPods(spec, pods, scales)).toEqual({ ok: true, expectedPods, desiredHealthy, unmanaged: [] });
  });

  test('adds up different owners and tells of pods without one', () => {
    const mixed = [...pods, pod('4', { owner: other }), pod('alone')];
    expect(expectPods({ maxUnavailable: '50%' }, mixed, scales)).toEqual({
      ok: true,
      expectedPods: 7,
      desiredHealthy: 3,
      unmanaged: ['alone'],
    });
  });

  test('is not known when an owner is not found, unless only a number is asked for', () => {
    const lost = [pod('lost', { owner: other })];
    expect(expectPods({ maxUnavailable: 1 }, lost, new Map())).toEqual({
      ok: false,
      fault: 'found no controllers for pod "lost"',
    });
    expect(needsScale({ minAvailable: 1 })).toBe(false);
    expect(expectPods({ minAvailable: 1 }, lost, new Map())).toMatchObject({ ok: true, expectedPods: 1 });
  });
});

function budget(status: Partial<PodDisruptionBudget['status']> = {}): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta('budget', { generation: 3 }),
    spec: {},
    status: { observedGeneration: 2, ...status },
  };
}
const ready = (name: string) => pod(name, { readyFor: 60 });

describe('the status', () => {
  test.each([
    {
      name: 'allows what is healthy beyond the desired',
      expected: 3,
      desired: 1,
      allowed: 2,
      reason: 'SufficientPods',
    },
    { name: 'allows none at the limit', expected: 3, desired: 3, allowed: 0, reason: 'InsufficientPods' },
    { name: 'allows none below it', expected: 5, desired: 5, allowed: 0, reason: 'InsufficientPods' },
    { name: 'allows none when none are expected', expected: 0, desired: 0, allowed: 0, reason: 'InsufficientPods' },
  ])('$name', ({ expected, desired, allowed, reason }) => {
    const pods = [ready('1'), ready('2'), ready('3'), pod('unready'), pod('going', { readyFor: 1, terminating: true })];
    const { status } = nextStatus(budget(), pods, { expectedPods: expected, desiredHealthy: desired }, NOW);
    expect(status).toEqual({
      observedGeneration: 3,
      disruptionsAllowed: allowed,
      currentHealthy: 3,
      desiredHealthy: desired,
      expectedPods: expected,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: allowed > 0 ? 'True' : 'False',
          reason,
          message: '',
          observedGeneration: 3,
          lastTransitionTime: formatTime(NOW),
        },
      ],
    });
  });

  test('counts a granted eviction as down until it shows, for two minutes', () => {
    const disruptedPods = { fresh: ago(30), fresher: ago(10), old: ago(120), gone: ago(1), going: ago(1) };
    const pods = [ready('fresh'), ready('fresher'), ready('old'), pod('going', { readyFor: 1, terminating: true })];
    const next = nextStatus(budget({ disruptedPods }), pods, { expectedPods: 4, desiredHealthy: 0 }, NOW);
    expect(next.status.disruptedPods).toEqual({ fresh: ago(30), fresher: ago(10) });
    expect(next.status.currentHealthy).toBe(1);
    expect(next.notDeleted.map(({ metadata }) => metadata.name)).toEqual(['old']);
    expect(next.recheckAt).toBe(NOW + 90_000);
  });

  test('settles: reckoned again from its own result it is the same', () => {
    const first = nextStatus(budget(), [ready('1')], { expectedPods: 1, desiredHealthy: 0 }, NOW);
    const again = { ...budget(), status: first.status };
    expect(nextStatus(again, [ready('1')], { expectedPods: 1, desiredHealthy: 0 }, NOW + 60_000)).toEqual(first);
  });

  test('of a failed reckoning allows nothing and keeps what it knew', () => {
    const known = { currentHealthy: 2, disruptionsAllowed: 1, expectedPods: 2, desiredHealthy: 1 };
    expect(failedStatus(budget(known), 'why', NOW)).toEqual({
      ...known,
      observedGeneration: 2,
      disruptionsAllowed: 0,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: 'False',
          reason: 'SyncFailed',
          message: 'why',
          observedGeneration: 2,
          lastTransitionTime: formatTime(NOW),
        },
      ],
    });
  });
});

describe('an announced disruption', () => {
  const target = (more: Partial<PodCondition> = {}): PodCondition => ({
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    lastTransitionTime: ago(60),
    ...more,
  });
  const announced = (condition: PodCondition, line: Parameters<typeof pod>[1] = {}) => {
    const object = pod('p', { phase: 'Running', ...line });
    return { ...object, status: { ...object.status, conditions: [condition] } };
  };
  test.each([
    { name: 'is stale two minutes later', object: announced(target()), want: NOW + 60_000 },
    { name: 'is not while the pod is going', object: announced(target(), { terminating: true }), want: undefined },
    { name: 'is not once it has ended', object: announced(target(), { phase: 'Failed' }), want: undefined },
    {
      name: 'is not when the kubelet ends the pod',
      object: announced(target({ reason: 'TerminationByKubelet' })),
      want: undefined,
    },
    { name: 'is not when taken back already', object: announced(target({ status: 'False' })), want: undefined },
  ])('$name', ({ object, want }) => {
    expect(staleTargetAt(object)).toBe(want);
  });

  test('is taken back without its reason', () => {
    const back = withoutTarget(announced(target(), { meta: { generation: 7 } }), NOW);
    expect(back.status.conditions).toEqual([
      { type: 'DisruptionTarget', status: 'False', lastTransitionTime: formatTime(NOW), observedGeneration: 7 },
    ]);
  });
});

test.each([
  {
    selector: { matchLabels: { b: '2', a: '1' } },
    want: '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}',
  },
  {
    selector: { matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }] },
    want: '&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}',
  },
])('selectors are printed as Go prints them', ({ selector, want }) => {
  expect(selectorText(selector)).toBe(want);
});
