// Which pods are to be swept away: too many finished ones, those of nodes that are gone, and those that were deleted before
// they ever got a node. Pure.
import { instantOf } from '../../api/meta/time.ts';
import type { Node, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { isPodFinished } from '../pods.ts';

export interface Sweep {
  /** The oldest finished pods beyond the threshold. */
  readonly finished: readonly Pod[];
  /** On nodes that do not exist; whether that is really so is to be checked first. */
  readonly orphaned: readonly Pod[];
  /** Terminating without ever having had a node: no kubelet will finish them. */
  readonly unscheduled: readonly Pod[];
  /** Terminating on a node that is out of service: its kubelet will not finish them. */
  readonly outOfService: readonly Pod[];
}

export function planSweep(
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
  finishedThreshold: number,
): Sweep {
  const isTerminating = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined;
  const hasNode = (pod: Pod) => (pod.spec.nodeName ?? '') !== '';
  return {
    finished: beyondThreshold(pods.filter(isPodFinished), finishedThreshold),
    orphaned: pods.filter((pod) => hasNode(pod) && nodeOf(pod.spec.nodeName ?? '') === undefined),
    unscheduled: pods.filter((pod) => isTerminating(pod) && !hasNode(pod)),
    outOfService: pods.filter((pod) => {
      const node = isTerminating(pod) && hasNode(pod) ? nodeOf(pod.spec.nodeName ?? '') : undefined;
      return node !== undefined && !isNodeReady(node) && hasTaint(node, 'node.kubernetes.io/out-of-service');
    }),
  };
}

/** A threshold of 0 or less keeps all. Evicted pods go first, then the oldest. */
function beyondThreshold(finished: readonly Pod[], threshold: number): readonly Pod[] {
  if (threshold <= 0 || finished.length <= threshold) return [];
  const createdAt = (pod: Pod) => instantOf(pod.metadata.creationTimestamp) ?? 0;
  const isEvicted = (pod: Pod) => Number(pod.status?.reason === 'Evicted');
  return finished
    .toSorted(
      (a, b) =>
        isEvicted(b) - isEvicted(a) || createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
    )
    .slice(0, finished.length - threshold);
}

function isNodeReady(node: Node): boolean {
  return (
    node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true
  );
}

function hasTaint(node: Node, key: string): boolean {
  return node.spec.taints?.some((taint) => taint.key === key) === true;
}
