// What is to be done about a protection finalizer: it is put on what lacks it and taken off what is deleted and unused.
// Admission adds it at creation; objects that were made without that plugin get it here. Pure.
// k8s.io/kubernetes pkg/controller/volume/protectionutil.
import type { KubeObject } from '../../api/schema/resource-type.ts';

export type FinalizerStep = 'none' | 'add' | 'remove-if-unused';

export function finalizerStep({ metadata }: KubeObject, finalizer: string): FinalizerStep {
  const held = metadata.finalizers?.includes(finalizer) === true;
  if (metadata.deletionTimestamp === undefined) return held ? 'none' : 'add';
  return held ? 'remove-if-unused' : 'none';
}

export function withFinalizer<T extends KubeObject>(object: T, finalizer: string): T {
  return withFinalizers(object, [...(object.metadata.finalizers ?? []), finalizer]);
}

export function withoutFinalizer<T extends KubeObject>(object: T, finalizer: string): T {
  return withFinalizers(
    object,
    (object.metadata.finalizers ?? []).filter((other) => other !== finalizer),
  );
}

function withFinalizers<T extends KubeObject>(object: T, finalizers: string[]): T {
  return { ...object, metadata: { ...object.metadata, finalizers } };
}
