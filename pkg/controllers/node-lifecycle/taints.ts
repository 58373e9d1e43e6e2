// Which taints a node's conditions call for. NoSchedule taints follow the conditions at once; NoExecute taints, which cost
// pods their lives, only as far as evictions are allowed. Pure.
import { formatTime } from '../../api/meta/time.ts';
import type { Node, Taint } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { readyStatus } from './health.ts';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

const PRESSURE_TAINTS: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};

/** The keys whose NoSchedule taints this controller puts on and takes off; all others are people's. */
const MANAGED: ReadonlySet<string> = new Set([
  NOT_READY,
  UNREACHABLE,
  UNSCHEDULABLE,
  ...Object.values(PRESSURE_TAINTS),
]);

function noScheduleKeys(node: Node): string[] {
  const keys: string[] = [];
  const reported = node.status?.conditions ?? [];
  const ready = reported.find((condition) => condition.type === 'Ready');
  if (ready?.status === 'False') keys.push(NOT_READY);
  if (ready?.status === 'Unknown') keys.push(UNREACHABLE);
  // A node that has never reported keeps the taint that it was admitted with.
  if (ready === undefined) keys.push(...[NOT_READY, UNREACHABLE].filter((key) => hasTaint(node, key, 'NoSchedule')));
  for (const condition of reported) {
    const key = PRESSURE_TAINTS[condition.type];
    if (key !== undefined && condition.status === 'True') keys.push(key);
  }
  if (node.spec.unschedulable === true) keys.push(UNSCHEDULABLE);
  return keys;
}

export function hasTaint(node: Node, key: string, effect: string): boolean {
  return (node.spec.taints ?? []).some((taint) => taint.key === key && taint.effect === effect);
}

/** The NoExecute taint that the node's state calls for; undefined for a healthy node. */
export function noExecuteKey(node: Node): string | undefined {
  const status = readyStatus(node);
  return status === 'True' ? undefined : status === 'False' ? NOT_READY : UNREACHABLE;
}

/**
 * The node's taints as they should be; undefined: as they are. `evict`: 'now' puts the NoExecute taint on, 'wait' leaves it
 * off or as it is (a taint that is there changes its key, which evicts nobody new), 'never' takes it off.
 */
export function nextTaints(node: Node, evict: 'now' | 'wait' | 'never', now: Instant): Taint[] | undefined {
  const taints = node.spec.taints ?? [];
  const noSchedule = noScheduleKeys(node);
  const wanted = noExecuteKey(node);
  const isTainted = hasTaint(node, NOT_READY, 'NoExecute') || hasTaint(node, UNREACHABLE, 'NoExecute');
  const noExecute = wanted === undefined || evict === 'never' || (evict === 'wait' && !isTainted) ? undefined : wanted;
  const next = taints.filter((taint) => {
    if (taint.effect === 'NoSchedule' && MANAGED.has(taint.key)) return noSchedule.includes(taint.key);
    if (taint.effect === 'NoExecute' && (taint.key === NOT_READY || taint.key === UNREACHABLE)) {
      return taint.key === noExecute;
    }
    return true;
  });
  const timeAdded = formatTime(now);
  for (const key of noSchedule) {
    if (!hasTaint(node, key, 'NoSchedule')) next.push({ key, effect: 'NoSchedule', timeAdded });
  }
  if (noExecute !== undefined && !hasTaint(node, noExecute, 'NoExecute')) {
    next.push({ key: noExecute, effect: 'NoExecute', timeAdded });
  }
  const same = next.length === taints.length && next.every((taint) => taints.includes(taint));
  return same ? undefined : next;
}

/** Whether `evict: 'now'` would put a NoExecute taint on a node that has none. */
export function wantsEviction(node: Node): boolean {
  const tainted = hasTaint(node, NOT_READY, 'NoExecute') || hasTaint(node, UNREACHABLE, 'NoExecute');
  return noExecuteKey(node) !== undefined && !tainted;
}
