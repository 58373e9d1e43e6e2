// Which pod goes first when a node has too little of something: those that use more than they asked for, then the less important,
// then the ones that are furthest beyond their request. Pure (k8s.io/kubernetes/pkg/kubelet/eviction/helpers.go).
import { formatQuantity, quantityOf, wholeValue } from '../../api/meta/quantity.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { podRequests } from '../pod/pod-requests.ts';
import { isCritical } from '../pod/qos.ts';
import { limitOf, RESOURCE_OF, type Observation, type Threshold } from './thresholds.ts';

export interface PodUsage {
  readonly pod: Pod;
  /** Bytes by container; '' for what belongs to none. */
  readonly used: ReadonlyMap<string, number>;
}

/** The order in which pods go; critical ones never do. */
export function ranked(pods: readonly PodUsage[], threshold: Threshold): PodUsage[] {
  const resource = RESOURCE_OF[threshold.signal];
  const facts = pods
    .filter(({ pod }) => !isCritical(pod))
    .map((usage) => {
      const total = [...usage.used.values()].reduce((sum, bytes) => sum + bytes, 0);
      return { usage, over: total - wholeValue(podRequests(usage.pod)[resource] ?? '0') };
    });
  return facts
    .toSorted(
      (a, b) =>
        Number(b.over > 0) - Number(a.over > 0) ||
        (a.usage.pod.spec.priority ?? 0) - (b.usage.pod.spec.priority ?? 0) ||
        b.over - a.over,
    )
    .map(({ usage }) => usage);
}

/** What the pod's status and an event say of it. */
export function evictionMessage({ pod, used }: PodUsage, threshold: Threshold, now: Observation): string {
  const resource = RESOURCE_OF[threshold.signal];
  const amount = (bytes: number) => formatQuantity(quantityOf(Math.floor(bytes), 'binarySI'));
  const kibi = (bytes: number) => amount(Math.floor(bytes / 1024) * 1024);
  const head =
    `The node was low on resource: ${resource}. ` +
    `Threshold quantity: ${amount(limitOf(threshold, now.capacity))}, available: ${kibi(now.available)}. `;
  const greedy = pod.spec.containers.flatMap(({ name, resources }) => {
    const bytes = used.get(name) ?? 0;
    const request = resources?.requests?.[resource] ?? '0';
    if (bytes <= wholeValue(request)) return [];
    return `Container ${name} was using ${kibi(bytes)}, request is ${request}, has larger consumption of ${resource}. `;
  });
  return head + greedy.join('');
}
