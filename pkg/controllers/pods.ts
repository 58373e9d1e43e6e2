// What controllers ask about a pod. Pure.
import type { Pod, PodCondition } from '../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../clock/clock.ts';
import { instantOf } from '../api/meta/time.ts';

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isPodFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Neither finished nor being deleted: it counts towards its controller's replicas. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Being deleted and not finished yet. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp !== undefined;
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Undefined: not ready, or since when is unknown. */
export function podReadySince(pod: Pod): Instant | undefined {
  const ready = podCondition(pod, 'Ready');
  return ready?.status === 'True' ? instantOf(ready.lastTransitionTime) : undefined;
}

/** When a pod has been ready for `minReadySeconds`; undefined: it is not ready. */
export function podAvailableAt(pod: Pod, minReadySeconds: number): Instant | undefined {
  if (!isPodReady(pod)) return undefined;
  if (minReadySeconds === 0) return Number.NEGATIVE_INFINITY;
  const since = podReadySince(pod);
  return since === undefined ? undefined : since + minReadySeconds * 1000;
}
