import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment, ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';
import { NOW, ago, deployment, pod, replicaSet, template } from '../testing/objects.ts';
import { REVISION, newSetAnnotations } from './annotations.ts';
import { newSetFor, nextRolloutStep } from './reconcile.ts';
import { maxSurgeOf, maxUnavailableOf, replicasOf } from './scale.ts';
import { asWritten, progressRecheckAt } from './status.ts';
import { sameTemplate, templateHash } from './template-hash.ts';

interface SetLine {
  readonly image?: string;
  readonly replicas: number;
  readonly there?: number;
  readonly available?: number;
  readonly revision?: number;
  readonly desired?: number;
  readonly age?: number;
}

function set(name: string, line: SetLine): ReplicaSet {
  const { replicas, there = replicas, available = there } = line;
  const made = replicaSet(name, { replicas, template: template(line.image ?? 'v1') });
  made.metadata.creationTimestamp = ago(line.age ?? 100);
  made.metadata.annotations = {
    [REVISION]: String(line.revision ?? 1),
    'deployment.kubernetes.io/desired-replicas': String(line.desired ?? 3),
    'deployment.kubernetes.io/max-replicas': String((line.desired ?? 3) + 1),
  };
  made.status = { replicas: there, readyReplicas: available, availableReplicas: available, observedGeneration: 1 };
  return made;
}

function plan(
  one: Deployment,
  sets: readonly ReplicaSet[],
  podsOf: (set: ReplicaSet) => ReturnType<typeof pod>[] = () => [],
) {
  const step = nextRolloutStep({ deployment: one, sets, podsOf }, NOW);
  return {
    ...step,
    actions: [
      ...(step.create === undefined ? [] : [`create ${step.create.spec.replicas}`]),
      ...(step.update === undefined ? [] : [`update ${step.update.metadata.name}`]),
      ...step.resize.map(({ set, replicas }) => `${set.metadata.name}:${replicas}`),
      ...step.remove.map((gone) => `remove ${gone.metadata.name}`),
    ],
    says: Object.fromEntries(
      (step.status.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
    ),
  };
}

describe('a rolling update', () => {
  const v2 = (more: Partial<Deployment['spec']> = {}) => deployment({ template: template('v2'), ...more });
  test.each([
    { name: 'begins with the first set at full size', one: deployment(), sets: [], want: ['create 3'] },
    {
      name: 'makes the new set as large as the surge',
      one: v2(),
      sets: [set('old', { replicas: 3 })],
      want: ['create 1'],
    },
    {
      name: 'brings the revision up to date before anything else',
      one: v2(),
      sets: [set('old', { replicas: 3, revision: 4 }), set('new', { image: 'v2', replicas: 1, revision: 1 })],
      want: ['update new'],
    },
    {
      name: 'shrinks the old set when a new pod is available',
      one: v2(),
      sets: [set('old', { replicas: 3 }), set('new', { image: 'v2', replicas: 1, revision: 2 })],
      want: ['old:2'],
    },
    {
      name: 'grows the new set into the room',
      one: v2(),
      sets: [set('old', { replicas: 2 }), set('new', { image: 'v2', replicas: 1, revision: 2 })],
      want: ['new:2'],
    },
    {
      name: 'waits for the new pods',
      one: v2(),
      sets: [set('old', { replicas: 3 }), set('new', { image: 'v2', replicas: 1, available: 0, revision: 2 })],
      want: [],
    },
    { name: 'stops while it is paused', one: v2({ paused: true }), sets: [set('old', { replicas: 3 })], want: [] },
    {
      name: 'scales in proportion first',
      one: v2({ replicas: 6 }),
      sets: [set('old', { replicas: 3 }), set('new', { image: 'v2', replicas: 1, revision: 2 })],
      want: ['old:6', 'new:2'],
    },
    {
      name: 'scales even when paused',
      one: deployment({ paused: true, replicas: 5 }),
      sets: [set('only', { replicas: 3 })],
      want: ['only:5'],
    },
  ])('$name', ({ one, sets, want }) => {
    expect(plan(one, sets).actions).toEqual(want);
  });

  test('removes old sets beyond the history limit once it is complete', () => {
    const done = { replicas: 3, updatedReplicas: 3, availableReplicas: 3, observedGeneration: 1 };
    const one = deployment({ revisionHistoryLimit: 1 }, { status: done });
    const old = (name: string, revision: number) => set(name, { image: name, replicas: 0, revision });
    const sets = [old('r1', 1), old('r2', 2), old('r3', 3), set('now', { replicas: 3, revision: 4 })];
    expect(plan(one, sets).actions).toEqual(['remove r1', 'remove r2']);
  });
});

describe('Recreate', () => {
  const one = deployment({ strategy: { type: 'Recreate' }, template: template('v2') });
  const old = (line: SetLine) => set('old', line);
  test.each([
    { name: 'first ends the old pods', sets: [old({ replicas: 3 })], pods: [], want: ['old:0'] },
    { name: 'waits for the set to see them gone', sets: [old({ replicas: 0, there: 1 })], pods: [], want: [] },
    {
      name: 'waits for the last to be gone',
      sets: [old({ replicas: 0 })],
      pods: [pod('p', { terminating: true })],
      want: [],
    },
    {
      name: 'does not wait for finished pods',
      sets: [old({ replicas: 0 })],
      pods: [pod('p', { phase: 'Failed' })],
      want: ['create 3'],
    },
    { name: 'then makes all new ones', sets: [old({ replicas: 0 })], pods: [], want: ['create 3'] },
  ])('$name', ({ sets, pods, want }) => {
    expect(plan(one, sets, () => pods).actions).toEqual(want);
  });
});

describe('conditions', () => {
  const counts = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 };
  const progressing = (reason: string, secondsAgo: number, status = 'True') => ({
    conditions: [
      { type: 'Progressing', status, reason, lastUpdateTime: ago(secondsAgo), lastTransitionTime: ago(secondsAgo) },
    ],
  });
  const full = [set('now', { replicas: 3 })];
  const short = [set('now', { replicas: 3, available: 1 })];
  test.each([
    {
      name: 'of the first step',
      status: {},
      sets: [],
      want: { Available: 'False MinimumReplicasUnavailable', Progressing: 'True NewReplicaSetCreated' },
    },
    {
      name: 'of a set that was found',
      status: {},
      sets: short,
      want: { Available: 'False MinimumReplicasUnavailable', Progressing: 'True ReplicaSetUpdated' },
    },
    {
      name: 'of completion',
      status: { ...counts, ...progressing('ReplicaSetUpdated', 5) },
      sets: full,
      want: { Available: 'True MinimumReplicasAvailable', Progressing: 'True NewReplicaSetAvailable' },
    },
    {
      name: 'of standing still',
      status: { ...counts, availableReplicas: 1, readyReplicas: 1, ...progressing('ReplicaSetUpdated', 599) },
      sets: short,
      want: { Available: 'False MinimumReplicasUnavailable', Progressing: 'True ReplicaSetUpdated' },
    },
    {
      name: 'of a missed deadline',
      status: { ...counts, availableReplicas: 1, readyReplicas: 1, ...progressing('ReplicaSetUpdated', 601) },
      sets: short,
      want: { Available: 'False MinimumReplicasUnavailable', Progressing: 'False ProgressDeadlineExceeded' },
    },
    {
      name: 'once complete, whatever becomes of the pods',
      status: { ...counts, ...progressing('NewReplicaSetAvailable', 9000) },
      sets: short,
      want: { Available: 'False MinimumReplicasUnavailable', Progressing: 'True NewReplicaSetAvailable' },
    },
  ])('$name', ({ status, sets, want }) => {
    expect(plan(deployment({}, { status }), sets).says).toEqual(want);
  });

  test('say that it is paused, and that it is resumed', () => {
    const status = { ...counts, ...progressing('NewReplicaSetAvailable', 10) };
    const paused = plan(deployment({ paused: true }, { status }), full);
    expect(paused.says).toMatchObject({ Progressing: 'Unknown DeploymentPaused' });
    expect(plan(deployment({}, { status: paused.status }), short).says).toMatchObject({
      Progressing: 'Unknown DeploymentResumed',
    });
  });

  test('carry the failure of a set', () => {
    const failing = set('now', { replicas: 3, available: 0 });
    failing.status.conditions = [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota', lastTransitionTime: ago(9) },
    ];
    expect(plan(deployment(), [failing]).says).toMatchObject({ ReplicaFailure: 'True FailedCreate' });
  });

  test('have Kubernetes texts and are not written twice', () => {
    const step = plan(deployment({}, { status: { ...counts, ...progressing('ReplicaSetUpdated', 5) } }), full);
    expect(step.status.conditions?.map(({ message }) => message).toSorted()).toEqual([
      'Deployment has minimum availability.',
      'ReplicaSet "now" has successfully progressed.',
    ]);
    const again = plan(deployment({}, { status: asWritten(step.status) }), full);
    expect(asWritten(again.status)).toEqual(asWritten(step.status));
  });

  test('ask to be looked at again when the deadline has passed', () => {
    const status = progressing('ReplicaSetUpdated', 100);
    expect(progressRecheckAt(deployment(), status)).toBe(NOW + 501_000);
    expect(progressRecheckAt(deployment({ progressDeadlineSeconds: 2 ** 31 - 1 }), status)).toBeUndefined();
  });
});

describe('a new set', () => {
  test('is named, labelled and selected by the hash of its template', () => {
    const made = newSetFor(deployment(), [], 7);
    const hash = templateHash(template('v1'), undefined);
    expect(made.metadata.name).toBe(`web-${hash}`);
    expect(made.metadata.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(made.spec.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(made.spec.template?.metadata?.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(made.metadata.annotations).toMatchObject({ [REVISION]: '7', 'deployment.kubernetes.io/max-replicas': '4' });
    expect(sameTemplate(made.spec.template, deployment().spec.template)).toBe(true);
  });

  test('gets another name when names collide', () => {
    expect(templateHash(template('v1'), 1)).not.toBe(templateHash(template('v1'), undefined));
    expect(templateHash(template('v1'), undefined)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
  });

  test('inherits annotations but not those that belong to the deployment', () => {
    const one = deployment();
    one.metadata.annotations = { team: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}', [REVISION]: '1' };
    expect(newSetAnnotations(one, { own: 'kept', [REVISION]: '2' }, 5)).toEqual({
      team: 'x',
      own: 'kept',
      [REVISION]: '5',
      'deployment.kubernetes.io/revision-history': '2',
    });
  });
});

describe('any rollout', () => {
  const limit = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom('0%', '10%', '25%', '50%', '100%'));
  const scenario = fc.record({
    replicas: fc.integer({ min: 0, max: 8 }),
    maxSurge: limit,
    maxUnavailable: limit,
    recreate: fc.boolean(),
    old: fc.array(fc.record({ replicas: fc.integer({ min: 0, max: 6 }), broken: fc.boolean() }), { maxLength: 3 }),
    /** The order in which pods become available, set by set. */
    luck: fc.array(fc.nat(5), { minLength: 1, maxLength: 10 }),
  });
  test('ends with all pods new and available, and never goes below or above its bounds', () => {
    fc.assert(
      fc.property(scenario, ({ replicas, maxSurge, maxUnavailable, recreate, old, luck }) => {
        const strategy = recreate
          ? { type: 'Recreate' }
          : { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
        let one = deployment({ replicas, strategy, template: template('new') });
        let sets = old.map((line, i) =>
          set(`old${i}`, {
            image: `v${i}`,
            ...line,
            available: line.broken ? 0 : line.replicas,
            desired: replicas,
            revision: i + 1,
            age: 100 - i,
          }),
        );
        const available = () => sets.reduce((sum, each) => sum + (each.status.availableReplicas ?? 0), 0);
        const total = () => sets.reduce((sum, each) => sum + replicasOf(each), 0);
        const floor = Math.min(available(), replicas - maxUnavailableOf(one));
        const ceiling = Math.max(total(), replicas + maxSurgeOf(one));
        let quiet = 0;
        for (let turn = 0; turn < 400 && quiet < 2; turn++) {
          const step = nextRolloutStep({ deployment: one, sets, podsOf: () => [] }, NOW);
          if (step.create !== undefined) {
            const made = set(step.create.metadata.name ?? '', {
              image: 'new',
              replicas: step.create.spec.replicas ?? 0,
              there: 0,
              revision: step.revision ?? 0,
              desired: replicas,
              age: 0,
            });
            sets = [...sets, { ...made, spec: { ...made.spec, template: step.create.spec.template } }];
          }
          sets = sets.map((each) => (each.metadata.name === step.update?.metadata.name ? step.update : each));
          sets = sets.map((each) => {
            const resize = step.resize.find(({ set: target }) => target.metadata.name === each.metadata.name);
            if (resize === undefined) return each;
            const there = Math.min(each.status.replicas, resize.replicas);
            const status = {
              ...each.status,
              replicas: there,
              availableReplicas: Math.min(each.status.availableReplicas ?? 0, there),
            };
            return {
              ...each,
              metadata: { ...each.metadata, annotations: { ...each.metadata.annotations, ...resize.annotations } },
              spec: { ...each.spec, replicas: resize.replicas },
              status,
            };
          });
          const before = JSON.stringify(one.status);
          one = { ...one, status: asWritten(step.status) };
          if (!recreate) expect(available()).toBeGreaterThanOrEqual(floor);
          expect(total()).toBeLessThanOrEqual(ceiling);
          // The ReplicaSet controller and the kubelet, at their own pace: one pod of one set becomes available.
          const lucky = sets.filter(
            (each) =>
              (each.status.availableReplicas ?? 0) < replicasOf(each) &&
              old[Number(each.metadata.name.replace('old', ''))]?.broken !== true,
          );
          const target = lucky[(luck[turn % luck.length] ?? 0) % Math.max(1, lucky.length)];
          sets = sets.map((each) => {
            const status = { ...each.status, replicas: replicasOf(each) };
            const more = each === target ? 1 : 0;
            return {
              ...each,
              status: {
                ...status,
                availableReplicas: Math.min(replicasOf(each), (status.availableReplicas ?? 0) + more),
              },
            };
          });
          const still =
            step.create === undefined &&
            step.update === undefined &&
            step.resize.length === 0 &&
            before === JSON.stringify(one.status);
          quiet = still && available() === total() ? quiet + 1 : 0;
        }
        expect(
          sets
            .filter((each) => replicasOf(each) > 0)
            .map((each) => [each.spec.template?.spec?.containers[0]?.image, replicasOf(each)]),
        ).toEqual(replicas === 0 ? [] : [['new', replicas]]);
        expect(one.status).toMatchObject(
          replicas === 0 ? {} : { updatedReplicas: replicas, availableReplicas: replicas },
        );
      }),
      { numRuns: 300 },
    );
  });
});
