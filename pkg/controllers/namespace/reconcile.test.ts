import { describe, expect, test } from 'vitest';
import type { Namespace } from '../../api/schema/generated/core.v1.gen.ts';
import { NOW, ago, meta } from '../testing/objects.ts';
import { isEmptied, nextConditions, recheckAfterMs, type ContentReport } from './reconcile.ts';

const namespace = (conditions?: ReturnType<typeof nextConditions>): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { ...meta('doomed'), namespace: undefined },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Terminating', ...(conditions !== undefined && { conditions }) },
});

const EMPTY: ContentReport = { discoveryFailures: [], deletionFailures: [], remaining: [] };
const stuck = (count: number): ContentReport => ({
  ...EMPTY,
  remaining: [
    {
      resource: { group: 'apps', resource: 'deployments' },
      count,
      finalizers: new Map([['example.com/x', count]]),
      graceSeconds: 0,
    },
    { resource: { group: '', resource: 'pods' }, count: 2, finalizers: new Map(), graceSeconds: 30 },
  ],
});

describe('the conditions of a dying namespace', () => {
  test('say that all is well when nothing remains', () => {
    expect(
      nextConditions(namespace(), EMPTY, NOW)?.map(({ type, status, reason, message }) => [
        type,
        status,
        reason,
        message,
      ]),
    ).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered', 'All resources successfully discovered'],
      [
        'NamespaceDeletionGroupVersionParsingFailure',
        'False',
        'ParsedGroupVersions',
        'All legacy kube types successfully parsed',
      ],
      [
        'NamespaceDeletionContentFailure',
        'False',
        'ContentDeleted',
        'All content successfully deleted, may be waiting on finalization',
      ],
      ['NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content successfully removed'],
      ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    ]);
  });

  test('name what remains and what holds it', () => {
    const conditions = nextConditions(namespace(), stuck(1), NOW)?.filter(({ status }) => status === 'True');
    expect(conditions?.map(({ reason, message }) => [reason, message])).toEqual([
      [
        'SomeResourcesRemain',
        'Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances',
      ],
      [
        'SomeFinalizersRemain',
        'Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances',
      ],
    ]);
  });

  test('are not written twice, and keep their time while only the message changes', () => {
    const first = nextConditions(namespace(), stuck(1), NOW);
    expect(nextConditions(namespace(first), stuck(1), NOW + 9000)).toBeUndefined();
    const second = nextConditions(namespace(first), stuck(3), NOW + 9000);
    expect(second?.find(({ type }) => type === 'NamespaceContentRemaining')).toMatchObject({
      lastTransitionTime: ago(0),
    });
    const last = nextConditions(namespace(second), EMPTY, NOW + 9000);
    expect(last?.find(({ type }) => type === 'NamespaceContentRemaining')).toMatchObject({
      status: 'False',
      lastTransitionTime: ago(-9),
    });
  });
});

test.each([
  { name: 'after half the grace period of pods', report: stuck(1), want: 16_000 },
  { name: 'by trying again after a failure', report: { ...EMPTY, deletionFailures: ['forbidden'] }, want: undefined },
])('a namespace is looked at again $name', ({ report, want }) => {
  expect(recheckAfterMs(report)).toBe(want);
  expect(isEmptied(report)).toBe(false);
  expect(isEmptied(EMPTY)).toBe(true);
});
