// What a pod asks of its node: its containers together, what it says for itself as a whole, and its overhead. Pure.
import { milliValue, wholeValue } from '../../api/meta/quantity.ts';
import { aggregateContainers, sumLists, type ResourceList } from '../../api/core/v1/resource-amounts.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';

/** Quantities by resource (k8s.io/component-helpers/resource). */
export function podRequests({ spec }: Pod): ResourceList {
  const containers = aggregateContainers(spec.containers, spec.initContainers ?? [], 'requests');
  return sumLists([{ ...containers, ...spec.resources?.requests }, spec.overhead]);
}

/** Thousandths for processors, bytes or pieces for the rest: what Kubernetes' messages count in. */
export function inWholeUnits(resource: string, quantity: string): number {
  return resource === 'cpu' ? milliValue(quantity) : wholeValue(quantity);
}
