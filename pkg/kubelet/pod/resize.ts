// Resizing containers in place: which resources a pod has been given, and whether it can be given those that it asks for now.
// Pure; rules and texts are k8s.io/kubernetes/pkg/kubelet/allocation's.
import { milliQuantityOf, milliValue, quantityOf, formatQuantity, wholeValue } from '../../api/meta/quantity.ts';
import type { Container, Pod, ResourceRequirements } from '../../api/schema/generated/core.v1.gen.ts';
import type { EnforcedLimits } from '../runtime/runtime.ts';
import { resourceFault, type AdmittingNode } from './admission.ts';
import { inWholeUnits, podRequests } from './pod-requests.ts';

/** What each container that lasts has been given, by its name. */
export type Allocation = Readonly<Record<string, ResourceRequirements>>;

export function allocationOf({ spec }: Pod): Allocation {
  const lasting = [
    ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
    ...spec.containers,
  ];
  return Object.fromEntries(lasting.map(({ name, resources }) => [name, resources ?? {}]));
}

/** The pod as if it asked for what it has. */
export function withAllocation(pod: Pod, allocation: Allocation): Pod {
  const given = (container: Container): Container => {
    const resources = allocation[container.name];
    return resources === undefined ? container : { ...container, resources };
  };
  const { initContainers, containers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(initContainers !== undefined && { initContainers: initContainers.map(given) }),
      containers: containers.map(given),
    },
  };
}

export type ResizeAnswer =
  | { readonly answer: 'nothing-asked' }
  | { readonly answer: 'granted'; readonly allocation: Allocation }
  /** Infeasible: never on this node. Deferred: perhaps when others have left. */
  | { readonly answer: 'pending'; readonly reason: 'Infeasible' | 'Deferred'; readonly message: string };

export function answerResize(
  pod: Pod,
  given: Allocation,
  others: readonly Pod[],
  node: Pick<AdmittingNode, 'allocatable'>,
): ResizeAnswer {
  const wanted = allocationOf(pod);
  if (Object.entries(wanted).every(([name, resources]) => sameAmounts(resources, given[name] ?? {}))) {
    return { answer: 'nothing-asked' };
  }
  const requests = podRequests(pod);
  for (const resource of ['memory', 'cpu']) {
    const asked = inWholeUnits(resource, requests[resource] ?? '0');
    const capacity = inWholeUnits(resource, node.allocatable[resource] ?? '0');
    if (asked <= capacity) continue;
    const message = `Node didn't have enough capacity: ${resource}, requested: ${asked}, capacity: ${capacity}`;
    return { answer: 'pending', reason: 'Infeasible', message };
  }
  const fault = resourceFault(pod, others, node);
  if (fault !== undefined) return { answer: 'pending', reason: 'Deferred', message: fault.message };
  return { answer: 'granted', allocation: wanted };
}

function sameAmounts(a: ResourceRequirements, b: ResourceRequirements): boolean {
  return (['requests', 'limits'] as const).every((kind) => {
    const [one, other] = [a[kind] ?? {}, b[kind] ?? {}];
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every((name) => {
      const [x, y] = [one[name], other[name]];
      return x !== undefined && y !== undefined && milliValue(x) === milliValue(y);
    });
  });
}

const SHARES_PER_CPU = 1024;
const LEAST_SHARES = 2;
const PERIOD_MICROSECONDS = 100_000;
const LEAST_QUOTA_MICROSECONDS = 1000;

/** What the engine is to enforce (k8s.io/kubernetes/pkg/kubelet/cm): requests weigh, limits cap. */
export function limitsOf({ resources }: Container): EnforcedLimits {
  const { requests = {}, limits = {} } = resources ?? {};
  const cpuRequest = milliValue(requests['cpu'] ?? limits['cpu'] ?? '0');
  const cpuLimit = milliValue(limits['cpu'] ?? '0');
  const memoryLimit = wholeValue(limits['memory'] ?? '0');
  return {
    cpuShares: Math.max(LEAST_SHARES, Math.floor((cpuRequest * SHARES_PER_CPU) / 1000)),
    cpuQuota:
      cpuLimit > 0
        ? Math.max(LEAST_QUOTA_MICROSECONDS, Math.floor((cpuLimit * PERIOD_MICROSECONDS) / 1000))
        : undefined,
    memoryLimit: memoryLimit > 0 ? memoryLimit : undefined,
  };
}

/** Which resources of a running container are not as they should be. */
export function unequalLimits(is: EnforcedLimits, should: EnforcedLimits): ('cpu' | 'memory')[] {
  return [
    ...(is.cpuShares !== should.cpuShares || is.cpuQuota !== should.cpuQuota ? ['cpu' as const] : []),
    ...(is.memoryLimit !== should.memoryLimit ? ['memory' as const] : []),
  ];
}

/** What the status says that a container has: what was given, and where the engine enforces something else, that. */
export function enforcedResources(container: Container, is: EnforcedLimits): ResourceRequirements {
  const should = limitsOf(container);
  const { limits, requests } = container.resources ?? {};
  const milli = (value: number) => formatQuantity(milliQuantityOf(value, 'decimalSI'));
  const enforcedLimits = {
    ...limits,
    ...(is.cpuQuota !== should.cpuQuota &&
      is.cpuQuota !== undefined && { cpu: milli((is.cpuQuota * 1000) / PERIOD_MICROSECONDS) }),
    ...(is.memoryLimit !== should.memoryLimit &&
      is.memoryLimit !== undefined && { memory: formatQuantity(quantityOf(is.memoryLimit, 'binarySI')) }),
  };
  const enforcedRequests = {
    ...requests,
    ...(is.cpuShares !== should.cpuShares && { cpu: milli(Math.ceil((is.cpuShares * 1000) / SHARES_PER_CPU)) }),
  };
  return {
    ...(Object.keys(enforcedLimits).length > 0 && { limits: enforcedLimits }),
    ...(Object.keys(enforcedRequests).length > 0 && { requests: enforcedRequests }),
  };
}
