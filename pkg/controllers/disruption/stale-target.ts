// Pods that were announced to be disrupted (condition DisruptionTarget) and were not: after two minutes the announcement is
// taken back. Pure.
import { withCondition } from '../../api/meta/conditions.ts';
import { formatTime, instantOf } from '../../api/meta/time.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { isPodFinished, podCondition } from '../pods.ts';

const STALE_AFTER_MS = 120_000;

/**
 * When the pod's announcement is stale; undefined: there is none, or it stands: the pod is going or has ended, or its kubelet
 * said so, which may take any time to end it.
 */
export function staleTargetAt(pod: Pod): Instant | undefined {
  const target = podCondition(pod, 'DisruptionTarget');
  if (target?.status !== 'True' || target.reason === 'TerminationByKubelet') return undefined;
  if (pod.metadata.deletionTimestamp !== undefined || isPodFinished(pod)) return undefined;
  return (instantOf(target.lastTransitionTime) ?? 0) + STALE_AFTER_MS;
}

export function withoutTarget(pod: Pod, now: Instant): Pod {
  const { generation } = pod.metadata;
  const conditions = withCondition(pod.status.conditions, {
    type: 'DisruptionTarget',
    status: 'False',
    lastTransitionTime: formatTime(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  });
  return { ...pod, status: { ...pod.status, conditions } };
}
