// Quality of service of a pod and what follows from it for the kernel's choice of whom to kill.
import { milliValue, wholeValue } from '../../api/meta/quantity.ts';
import type { Container, Pod } from '../../api/schema/generated/core.v1.gen.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COUNTED = ['cpu', 'memory'] as const;

/** k8s.io/kubernetes/pkg/apis/core/helper/qos: Guaranteed asks for exactly its limits, everywhere; BestEffort for nothing. */
export function qosClassOf(pod: Pod): QosClass {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  let any = false;
  let guaranteed = true;
  for (const { resources } of containers) {
    for (const name of COUNTED) {
      const request = milliValue(resources?.requests?.[name] ?? '0');
      const limit = milliValue(resources?.limits?.[name] ?? '0');
      if (request > 0 || limit > 0) any = true;
      if (limit <= 0 || (resources?.requests?.[name] !== undefined && request !== limit)) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

const GUARANTEED_SCORE = -997;
const BEST_EFFORT_SCORE = 1000;

/** k8s.io/kubernetes/pkg/kubelet/qos: the more memory a burstable container asked for, the later it is killed. */
export function oomScoreOf(pod: Pod, spec: Container, memoryCapacity: number): number {
  if ((pod.spec.priority ?? 0) >= NODE_CRITICAL_PRIORITY) return GUARANTEED_SCORE;
  const qos = qosClassOf(pod);
  if (qos === 'Guaranteed') return GUARANTEED_SCORE;
  if (qos === 'BestEffort') return BEST_EFFORT_SCORE;
  const request = wholeValue(spec.resources?.requests?.['memory'] ?? spec.resources?.limits?.['memory'] ?? '0');
  const score = 1000 - Math.floor((1000 * request) / memoryCapacity);
  return Math.min(Math.max(score, 1000 + GUARANTEED_SCORE), BEST_EFFORT_SCORE - 1);
}

/** Pods that the node does not do without (scheduling.SystemCriticalPriority). */
export function isCritical({ spec }: Pod): boolean {
  return (spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY;
}

const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** system-node-critical. */
const NODE_CRITICAL_PRIORITY = 2_000_001_000;
