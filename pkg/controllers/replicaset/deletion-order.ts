// Which pods go first when there are too many: Kubernetes' ActivePodsWithRanks. Pure; a total order for given arguments.
import type { ContainerStatus, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { instantOf } from '../../api/meta/time.ts';
import type { Instant } from '../../clock/clock.ts';
import { isPodActive, isPodReady, podReadySince } from '../pods.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The first `count` pods to delete. `related`: the pods of all controllers of the same owner (the ReplicaSets of one
 * Deployment); nodes that hold several of them give one up first.
 */
export function podsToDelete(
  pods: readonly Pod[],
  count: number,
  related: readonly Pod[],
  now: Instant,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? '';
    if (isPodActive(pod) && node !== '') onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod) => onNode.get(pod.spec.nodeName ?? '') ?? 0;
  return pods.toSorted((a, b) => compare(a, b, rank, now)).slice(0, count);
}

function compare(a: Pod, b: Pod, rank: (pod: Pod) => number, now: Instant): number {
  return (
    Number(isAssigned(a)) - Number(isAssigned(b)) ||
    phaseOrder(a) - phaseOrder(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    rank(b) - rank(a) ||
    byAge(podReadySince(a), podReadySince(b), a, b, now) ||
    maxRestarts(b) - maxRestarts(a) ||
    byAge(instantOf(a.metadata.creationTimestamp), instantOf(b.metadata.creationTimestamp), a, b, now) ||
    byUid(a, b)
  );
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec.nodeName ?? '') !== '';
}

function phaseOrder(pod: Pod): number {
  return PHASE_ORDER[pod.status?.phase ?? 'Pending'] ?? 0;
}

/** An unreadable cost counts as none; the API server does not let one in. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST];
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

/**
 * Younger first, ages compared by their order of magnitude (powers of two, in nanoseconds as Kubernetes counts them) so
 * that it is not always the newest that goes; within one magnitude the uid decides.
 */
function byAge(a: Instant | undefined, b: Instant | undefined, podA: Pod, podB: Pod, now: Instant): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return magnitude(now - a) - magnitude(now - b) || byUid(podA, podB);
}

function magnitude(ageMs: number): number {
  return ageMs > 0 ? Math.trunc(Math.log2(ageMs * 1e6)) : -1;
}

function byUid(a: Pod, b: Pod): number {
  return a.metadata.uid < b.metadata.uid ? -1 : a.metadata.uid > b.metadata.uid ? 1 : 0;
}

/** Restarts of ordinary containers; sidecars only break ties, as their restarts say less. */
function maxRestarts(pod: Pod): number {
  const most = (statuses: readonly ContainerStatus[]) => Math.max(0, ...statuses.map((status) => status.restartCount));
  const sidecars = new Set(
    (pod.spec.initContainers ?? [])
      .filter((container) => container.restartPolicy === 'Always')
      .map((container) => container.name),
  );
  const sidecarStatuses = (pod.status?.initContainerStatuses ?? []).filter((status) => sidecars.has(status.name));
  return most(pod.status?.containerStatuses ?? []) + most(sidecarStatuses) / 2 ** 40;
}
