// Why a pod must end although its containers would go on.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';

export interface EndVerdict {
  readonly reason: string;
  readonly message: string;
  /** Somebody else's doing, which the condition DisruptionTarget tells. */
  readonly isDisruption?: boolean;
  /** Less time than the pod would have. */
  readonly graceSeconds?: number;
}

/** Undefined while there is time left. A verdict that the status tells of already stands. */
export function deadlineOf(pod: Pod, now: Instant): EndVerdict | undefined {
  const { activeDeadlineSeconds } = pod.spec;
  const start = Date.parse(pod.status?.startTime ?? '');
  if (activeDeadlineSeconds === undefined || Number.isNaN(start)) return undefined;
  if (pod.status?.phase === 'Succeeded' || now < start + activeDeadlineSeconds * 1000) return undefined;
  return { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
}
