// What is to be done about a PersistentVolume's protection. Pure. k8s.io/kubernetes pkg/controller/volume/pvprotection.
import type { PersistentVolume } from '../../api/schema/generated/core.v1.gen.ts';
import { finalizerStep, withFinalizer, withoutFinalizer } from '../pvc-protection/protection-finalizer.ts';

export const PV_FINALIZER = 'kubernetes.io/pv-protection';

/** The volume as it is to be written; undefined: it stays as it is. A volume that is bound to a claim is in use. */
export function nextVolume(volume: PersistentVolume): PersistentVolume | undefined {
  switch (finalizerStep(volume, PV_FINALIZER)) {
    case 'none':
      return undefined;
    case 'add':
      return withFinalizer(volume, PV_FINALIZER);
    case 'remove-if-unused':
      // An object that came by other ways than our server may lack a status.
      return volume.status?.phase === 'Bound' ? undefined : withoutFinalizer(volume, PV_FINALIZER);
  }
}
