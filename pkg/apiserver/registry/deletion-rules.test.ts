import { expect, test } from 'vitest';
import { kindFor } from '../../api/kinds.ts';
import { formatTime } from '../../api/meta/time.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { deletionStep, isReadyToGo, type DeleteOptions, type DeletionStep } from './deletion-rules.ts';
import { ServedKind } from './served-kind.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function served(resource: string): ServedKind {
  const kind = kindFor({ group: '', version: 'v1', resource });
  if (kind === undefined) throw new Error(`${resource} is not served`);
  return new ServedKind(kind);
}

const options = (given: Partial<DeleteOptions> = {}): DeleteOptions => ({
  gracePeriodSeconds: undefined,
  propagationPolicy: undefined,
  orphanDependents: undefined,
  preconditions: {},
  dryRun: [],
  ...given,
});

function object(metadata: Partial<KubeObject['metadata']>, more: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: formatTime(NOW), ...metadata },
    ...more,
  };
}

const pod = (metadata: Partial<KubeObject['metadata']>, nodeName?: string) =>
  object(metadata, {
    spec: { containers: [], terminationGracePeriodSeconds: 30, nodeName },
    status: { phase: 'Running' },
  });

function show(step: DeletionStep): string {
  if (step.do !== 'mark') return step.do;
  const { deletionGracePeriodSeconds, deletionTimestamp, finalizers, generation } = step.object.metadata;
  const after = (Date.parse(deletionTimestamp ?? '') - NOW) / 1000;
  return [
    `mark ${deletionGracePeriodSeconds}s at +${after}s`,
    finalizers?.join(),
    generation,
    step.thenRemove && 'remove',
  ]
    .filter((part) => part !== undefined && part !== false)
    .join(' ');
}

test.each([
  { name: 'goes at once', live: object({}), asked: options(), want: 'remove' },
  {
    name: 'with a finalizer is marked',
    live: object({ finalizers: ['a/b'] }),
    asked: options(),
    want: 'mark 0s at +0s a/b',
  },
  {
    name: 'whose dependents go first is marked',
    live: object({}),
    asked: options({ propagationPolicy: 'Foreground' }),
    want: 'mark 0s at +0s foregroundDeletion',
  },
  {
    name: 'whose dependents stay is marked',
    live: object({}),
    asked: options({ orphanDependents: true }),
    want: 'mark 0s at +0s orphan',
  },
  {
    name: 'gets the finalizer of the later policy',
    live: object({ finalizers: ['orphan', 'a/b'] }),
    asked: options({ propagationPolicy: 'Foreground' }),
    want: 'mark 0s at +0s a/b,foregroundDeletion',
  },
  {
    name: 'keeps the policy it has when none is named',
    live: object({ finalizers: ['foregroundDeletion'] }),
    asked: options(),
    want: 'mark 0s at +0s foregroundDeletion',
  },
  {
    name: 'loses the finalizer of a policy that is taken back',
    live: object({ finalizers: ['orphan'] }),
    asked: options({ propagationPolicy: 'Background' }),
    want: 'remove',
  },
  {
    name: 'counts a new generation when it is marked',
    live: object({ finalizers: ['a/b'], generation: 3 }),
    asked: options(),
    want: 'mark 0s at +0s a/b 4',
  },
])('a configmap $name', ({ live, asked, want }) => {
  expect(show(deletionStep(served('configmaps'), live, asked, NOW))).toBe(want);
});

const marked = { deletionTimestamp: formatTime(NOW + 30_000), deletionGracePeriodSeconds: 30 };

test.each([
  { name: 'on a node gets the grace of its spec', live: pod({}, 'n'), asked: options(), want: 'mark 30s at +30s' },
  {
    name: 'on a node gets the grace that is asked for',
    live: pod({}, 'n'),
    asked: options({ gracePeriodSeconds: 5 }),
    want: 'mark 5s at +5s',
  },
  { name: 'on no node goes at once', live: pod({}), asked: options(), want: 'mark 0s at +0s remove' },
  {
    name: 'without grace goes at once',
    live: pod({}, 'n'),
    asked: options({ gracePeriodSeconds: 0 }),
    want: 'mark 0s at +0s remove',
  },
  {
    name: 'takes a negative grace for a second',
    live: pod({}, 'n'),
    asked: options({ gracePeriodSeconds: -1 }),
    want: 'mark 1s at +1s',
  },
  { name: 'that is going waits', live: pod(marked, 'n'), asked: options(), want: 'wait' },
  {
    name: 'that is going does not get more time',
    live: pod(marked, 'n'),
    asked: options({ gracePeriodSeconds: 60 }),
    want: 'wait',
  },
  {
    name: 'that is going can get less time',
    live: pod(marked, 'n'),
    asked: options({ gracePeriodSeconds: 10 }),
    want: 'mark 10s at +10s',
  },
  {
    name: 'whose removal was cut off between its two writes goes at the next try',
    live: pod({ deletionTimestamp: formatTime(NOW), deletionGracePeriodSeconds: 0 }),
    asked: options({ gracePeriodSeconds: 0 }),
    want: 'remove',
  },
  {
    name: 'without grace but with a finalizer stays',
    live: pod({ finalizers: ['a/b'] }, 'n'),
    asked: options({ gracePeriodSeconds: 0 }),
    want: 'mark 0s at +0s a/b',
  },
])('a pod $name', ({ live, asked, want }) => {
  expect(show(deletionStep(served('pods'), live, asked, NOW))).toBe(want);
});

test.each([
  { name: 'lives', resource: 'configmaps', live: object({}), want: false },
  {
    name: 'is marked and free',
    resource: 'configmaps',
    live: object({ ...marked, deletionGracePeriodSeconds: 0 }),
    want: true,
  },
  {
    name: 'is marked and held',
    resource: 'configmaps',
    live: object({ ...marked, deletionGracePeriodSeconds: 0, finalizers: ['a/b'] }),
    want: false,
  },
  { name: 'still has time', resource: 'pods', live: object(marked), want: false },
  {
    name: 'is a namespace with contents',
    resource: 'namespaces',
    live: object({ deletionTimestamp: formatTime(NOW) }, { spec: { finalizers: ['kubernetes'] } }),
    want: false,
  },
  {
    name: 'is a namespace without',
    resource: 'namespaces',
    live: object({ deletionTimestamp: formatTime(NOW) }, { spec: {} }),
    want: true,
  },
])('an object that $name: an update ends it: $want', ({ resource, live, want }) => {
  expect(isReadyToGo(served(resource), live)).toBe(want);
});
