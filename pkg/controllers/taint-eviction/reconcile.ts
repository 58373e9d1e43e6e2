// When a pod must leave its node because of NoExecute taints. Pure; Kubernetes' rules for tolerations.
import { tolerates } from '../../api/core/v1/taints.ts';
import { instantOf } from '../../api/meta/time.ts';
import type { Node, Pod, Taint } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';

/**
 * Undefined: it may stay. An instant in the past: it must go now. Tolerations with a time count from when the taint was
 * put on; `firstSeen` stands in for taints that do not say.
 */
export function evictionTime(pod: Pod, node: Node, firstSeen: Instant): Instant | undefined {
  const taints = (node.spec.taints ?? []).filter((taint) => taint.effect === 'NoExecute');
  let earliest: Instant | undefined;
  for (const taint of taints) {
    const toleration = (pod.spec.tolerations ?? []).find((one) => tolerates(one, taint));
    if (toleration === undefined) return Number.NEGATIVE_INFINITY;
    const { tolerationSeconds } = toleration;
    if (tolerationSeconds === undefined || tolerationSeconds === null) continue;
    if (tolerationSeconds <= 0) return Number.NEGATIVE_INFINITY;
    const at = since(taint, firstSeen) + tolerationSeconds * 1000;
    earliest = Math.min(earliest ?? at, at);
  }
  return earliest;
}

/** Taints tell whole seconds only: a taint of the very second in which it was seen began when it was seen. */
function since({ timeAdded }: Taint, firstSeen: Instant): Instant {
  const added = instantOf(timeAdded);
  if (added === undefined) return firstSeen;
  return firstSeen > added && firstSeen - added < 1000 ? firstSeen : added;
}
