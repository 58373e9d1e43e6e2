// The quality of service class that requests and limits give a pod, by the rules of Kubernetes' ComputePodQOS.
import type { Pod } from '../../schema/generated/core.v1.gen.ts';
import { quantityIn, type ResourceList } from './resource-amounts.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Guaranteed: every container limits cpu and memory and requests just that. BestEffort: nobody asks for anything. */
export function qosClassOf({ spec }: Pod): QosClass {
  if (spec.resources !== undefined) return classify([spec.resources]);
  return classify([...spec.containers, ...(spec.initContainers ?? [])].map(({ resources }) => resources ?? {}));
}

function classify(all: readonly { limits?: ResourceList; requests?: ResourceList }[]): QosClass {
  let [asks, guaranteed] = [false, true];
  for (const { limits, requests } of all) {
    for (const name of ['cpu', 'memory']) {
      const [request, limit] = [amount(requests, name), amount(limits, name)];
      if (request !== 0n || limit !== 0n) asks = true;
      if (limit === 0n || request !== limit) guaranteed = false;
    }
  }
  if (!asks) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function amount(list: ResourceList | undefined, name: string): bigint {
  const text = list?.[name];
  return text === undefined ? 0n : quantityIn(text).nanos;
}
