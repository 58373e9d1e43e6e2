// Tells which Services must be looked at again when Services and pods change.
import { pods, services } from '../api/resources.ts';
import type { Pod, Service } from '../api/schema/generated/core.v1.gen.ts';
import type { Informer } from '../client/informer.ts';
import { keyOf } from '../client/object-store.ts';
import type { ControllerContext } from './context.ts';
import { backendChanged, selectsPod } from './service-backends.ts';

export interface ServiceWatch {
  readonly services: Informer<Service>;
  /** The pods that the Service selects. */
  podsOf(service: Service): readonly Pod[];
}

export function watchServices(context: ControllerContext, enqueue: (key: string) => void): ServiceWatch {
  const serviceInformer = context.informers.of(services);
  const podInformer = context.informers.of(pods);
  const enqueueFor = (...versions: readonly Pod[]) => {
    for (const service of serviceInformer.store.list(versions[0]?.metadata.namespace)) {
      if (versions.some((pod) => selectsPod(service, pod))) enqueue(keyOf(service));
    }
  };
  serviceInformer.on({
    added: (service) => enqueue(keyOf(service)),
    changed: (service) => enqueue(keyOf(service)),
    deleted: (service) => enqueue(keyOf(service)),
  });
  podInformer.on({
    // What is there at the start comes with its Services.
    added: (pod, initial) => (initial ? undefined : enqueueFor(pod)),
    changed: (pod, before) => (backendChanged(before, pod) ? enqueueFor(pod, before) : undefined),
    deleted: (pod) => enqueueFor(pod),
  });
  return {
    services: serviceInformer,
    podsOf: (service) => podInformer.store.list(service.metadata.namespace).filter((pod) => selectsPod(service, pod)),
  };
}
