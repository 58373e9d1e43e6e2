import { expect, test } from 'vitest';
import type { PersistentVolume } from '../../api/schema/generated/core.v1.gen.ts';
import { ago, meta } from '../testing/objects.ts';
import { nextVolume, PV_FINALIZER } from './reconcile.ts';

const unchanged = undefined;
test.each([
  { name: 'that is deleted and released goes', phase: 'Released', deleted: true, held: true, want: ['x'] },
  { name: 'that is deleted and was never bound goes', phase: 'Available', deleted: true, held: true, want: ['x'] },
  { name: 'that is deleted but bound stays', phase: 'Bound', deleted: true, held: true, want: unchanged },
  { name: 'that is not deleted stays', phase: 'Available', deleted: false, held: true, want: unchanged },
  { name: 'without protection gets it', phase: 'Bound', deleted: false, held: false, want: ['x', PV_FINALIZER] },
  { name: 'that is deleted gets no protection', phase: 'Bound', deleted: true, held: false, want: unchanged },
])('a volume $name', ({ phase, deleted, held, want }) => {
  const finalizers = held ? ['x', PV_FINALIZER] : ['x'];
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: meta('v', { namespace: undefined, finalizers, ...(deleted && { deletionTimestamp: ago(1) }) }),
    spec: {},
    status: { phase },
  };
  expect(nextVolume(volume)?.metadata.finalizers).toEqual(want);
});
