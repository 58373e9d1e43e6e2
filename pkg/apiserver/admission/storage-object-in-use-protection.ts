// StorageObjectInUseProtection: volumes and claims outlive what uses them, held by a finalizer.
import type { AdmissionPlugin } from './admission.ts';

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  operations: new Set(['CREATE']),
  resources: new Set(Object.keys(FINALIZERS)),
  admit({ object, served }) {
    const finalizer = FINALIZERS[served.definition.type.resource];
    if (object === undefined || finalizer === undefined) return;
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
  },
};
