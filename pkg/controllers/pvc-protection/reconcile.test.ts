import { describe, expect, test } from 'vitest';
import type { PersistentVolumeClaim, Volume } from '../../api/schema/generated/core.v1.gen.ts';
import { ago, meta, pod, type PodSpecLine } from '../testing/objects.ts';
import { finalizerStep, withFinalizer, withoutFinalizer } from './protection-finalizer.ts';
import { claimIndex, mayFreeClaims, podUsesClaim, PVC_FINALIZER } from './reconcile.ts';

const claim = (name: string, more: Partial<PersistentVolumeClaim['metadata']> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: meta(name, more),
  spec: {},
  status: {},
});
const volumes: Volume[] = [
  { name: 'data', persistentVolumeClaim: { claimName: 'shared' } },
  { name: 'scratch', ephemeral: {} },
  { name: 'plain', emptyDir: {} },
];
const user = (line: PodSpecLine = {}) => pod('p', { node: 'n', ...line, spec: { volumes, ...line.spec } });

test.each([
  { name: 'is put on what lacks it', finalizers: undefined, deleted: false, want: 'add' },
  { name: 'stays on what is not deleted', finalizers: [PVC_FINALIZER], deleted: false, want: 'none' },
  { name: 'goes from what is deleted', finalizers: ['x', PVC_FINALIZER], deleted: true, want: 'remove-if-unused' },
  { name: 'is not put on what is deleted', finalizers: ['x'], deleted: true, want: 'none' },
])('the finalizer $name', ({ finalizers, deleted, want }) => {
  const object = claim('c', { finalizers, ...(deleted && { deletionTimestamp: ago(1) }) });
  expect(finalizerStep(object, PVC_FINALIZER)).toBe(want);
});

test('other finalizers are left alone', () => {
  const object = claim('c', { finalizers: ['a', PVC_FINALIZER, 'b'] });
  expect(withoutFinalizer(object, PVC_FINALIZER).metadata.finalizers).toEqual(['a', 'b']);
  expect(withFinalizer(claim('c', { finalizers: ['a'] }), PVC_FINALIZER).metadata.finalizers).toEqual([
    'a',
    PVC_FINALIZER,
  ]);
});

describe('a claim', () => {
  test.each([
    { name: 'is used by a pod that runs', line: {}, want: true },
    { name: 'is used by a pod that has finished', line: { phase: 'Succeeded' }, want: true },
    { name: 'is used by a pod that is going', line: { terminating: true }, want: true },
    { name: 'is not used by a pod without a node', line: { node: '' }, want: false },
    { name: 'is not used by a pod of another namespace', line: { meta: { namespace: 'other' } }, want: false },
    { name: 'is not used by a pod without it', line: { spec: { volumes: [] } }, want: false },
  ])('$name', ({ line, want }) => {
    expect(podUsesClaim(user(line), claim('shared'))).toBe(want);
  });

  const made = (ownerUid: string) =>
    claim('p-scratch', {
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: ownerUid, controller: true }],
    });
  const shutDown = { terminating: true, meta: { deletionTimestamp: ago(1), deletionGracePeriodSeconds: 0 } };
  test.each([
    { name: 'made for an ephemeral volume is used by its pod', line: {}, owner: 'uid-p', want: true },
    { name: 'of that name but of another pod is not', line: {}, owner: 'uid-q', want: false },
    { name: 'made for a pod that is shut down is not used', line: shutDown, owner: 'uid-p', want: false },
  ])('$name', ({ line, owner, want }) => {
    expect(podUsesClaim(user(line), made(owner))).toBe(want);
  });
});

test('a pod is found under every claim that its volumes stand for', () => {
  expect(claimIndex(user())).toEqual(['ns/shared', 'ns/p-scratch']);
});

test.each([
  { name: 'a pod that finished', line: { phase: 'Failed' }, want: true },
  { name: 'a pod without a node', line: { node: '' }, want: true },
  { name: 'not a pod that runs', line: { phase: 'Running' }, want: false },
])('claims are looked at again after a change of $name', ({ line, want }) => {
  expect(mayFreeClaims(user(line))).toBe(want);
});
