// /metrics/resources: what the pods that are not done ask for and may use at most, as the scheduler counts it, under Kubernetes'
// names. Pure.
import { aggregateContainers, quantityIn, sumLists, type ResourceList } from '../api/core/v1/resource-amounts.ts';
import type { Pod } from '../api/schema/generated/core.v1.gen.ts';
import { familyLines, sampleLine } from '../metrics/exposition.ts';

const NANOS = 1e9;
const BYTES: ReadonlySet<string> = new Set(['memory', 'storage', 'ephemeral-storage']);

export function podResourceLines(pods: Iterable<Pod>): string[] {
  const requests: string[] = [];
  const limits: string[] = [];
  for (const pod of pods) {
    const { spec, metadata, status } = pod;
    if (spec.nodeName && (status?.phase === 'Succeeded' || status?.phase === 'Failed')) continue;
    const labels = {
      namespace: metadata.namespace ?? '',
      pod: metadata.name,
      node: spec.nodeName ?? '',
      scheduler: spec.schedulerName ?? '',
      priority: spec.priority === undefined ? '' : String(spec.priority),
    };
    requests.push(...samples('kube_pod_resource_request', labels, amountsOf(pod, 'requests')));
    limits.push(...samples('kube_pod_resource_limit', labels, amountsOf(pod, 'limits')));
  }
  const of = (what: string) =>
    `${what} on the cluster, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.`;
  return [
    ...familyLines('kube_pod_resource_limit', 'gauge', of('Resources limit for workloads'), limits),
    ...familyLines('kube_pod_resource_request', 'gauge', of('Resources requested by workloads'), requests),
  ];
}

/** Limits grow by the pod's overhead only where there are any. */
function amountsOf({ spec }: Pod, which: 'requests' | 'limits'): ResourceList {
  const own = aggregateContainers(spec.containers, spec.initContainers ?? [], which);
  const overhead = Object.entries(spec.overhead ?? {}).filter(([name]) => which === 'requests' || name in own);
  return sumLists([own, Object.fromEntries(overhead)]);
}

function samples(name: string, labels: Readonly<Record<string, string>>, amounts: ResourceList): string[] {
  return Object.entries(amounts).flatMap(([resource, text]) => {
    const { nanos } = quantityIn(text);
    if (nanos === 0n) return [];
    return [sampleLine(name, { ...labels, resource, unit: unitOf(resource) }, Number(nanos) / NANOS)];
  });
}

function unitOf(resource: string): string {
  if (resource === 'cpu') return 'cores';
  if (BYTES.has(resource) || resource.startsWith('hugepages-')) return 'bytes';
  return resource.startsWith('attachable-volumes-') ? 'integer' : '';
}
