// Whether a node is alive, as far as the API shows: its heartbeats are its Lease and the Ready condition of its status. Time
// is measured here from the moment a heartbeat was seen, so clocks of nodes do not matter, nor that this one's is set. Pure.
import { findCondition } from '../../api/meta/conditions.ts';
import { formatTime, instantOf } from '../../api/meta/time.ts';
import type { Lease } from '../../api/schema/generated/coordination.v1.gen.ts';
import type { Node, NodeCondition } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';

export interface NodeHealth {
  readonly uid: string;
  /** When the last heartbeat was seen here. */
  readonly seenAt: Instant;
  /** What tells one heartbeat from the next. */
  readonly heartbeat: string;
}

export interface GracePeriods {
  /** How long a node may be silent. */
  readonly graceMs: number;
  /** How long a new node may take until its first status. */
  readonly startupGraceMs: number;
}

/** A sign of life, and its absence, are seen at the next look only: looks as far apart as the grace period would double it. */
const LOOKS_IN_GRACE = 8;

/** The pause between two looks at all nodes: what is wanted, or less where little grace is given. */
export function monitorIntervalMs(options: GracePeriods & { readonly monitorPeriodMs: number }): number {
  return Math.min(options.monitorPeriodMs, options.graceMs / LOOKS_IN_GRACE);
}

/** What is known after looking at the node once more. */
export function observeHealth(
  known: NodeHealth | undefined,
  node: Node,
  lease: Lease | undefined,
  now: Instant,
): NodeHealth {
  const { uid, creationTimestamp } = node.metadata;
  const ready = findCondition(node.status?.conditions, 'Ready');
  const heartbeat = [ready?.lastHeartbeatTime, ready?.lastTransitionTime, ready?.status, lease?.spec.renewTime].join(
    '|',
  );
  if (known !== undefined && known.uid === uid) {
    // The condition that this controller itself sets to Unknown is no sign of life.
    if (known.heartbeat === heartbeat) return known;
    return { uid, heartbeat, seenAt: ready?.status === 'Unknown' && !isRenewed(known, heartbeat) ? known.seenAt : now };
  }
  return { uid, heartbeat, seenAt: ready === undefined ? (instantOf(creationTimestamp) ?? now) : now };
}

function isRenewed(known: NodeHealth, heartbeat: string): boolean {
  return known.heartbeat.split('|').at(-1) !== heartbeat.split('|').at(-1);
}

/** Conditions that a silent kubelet can no longer vouch for. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** When the node counts as silent if nothing more is heard. */
export function silentAt(node: Node, health: NodeHealth, periods: GracePeriods): Instant {
  const hasReported = findCondition(node.status?.conditions, 'Ready') !== undefined;
  return health.seenAt + (hasReported ? periods.graceMs : periods.startupGraceMs);
}

/** The conditions of a node that has been silent too long; undefined: they say so already. */
export function silencedConditions(node: Node, now: Instant): NodeCondition[] | undefined {
  const conditions = [...(node.status?.conditions ?? [])];
  let changed = false;
  for (const type of KUBELET_CONDITIONS) {
    const position = conditions.findIndex((condition) => condition.type === type);
    const before = conditions[position];
    if (before === undefined) {
      conditions.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: formatTime(now),
      });
      changed = true;
    } else if (before.status !== 'Unknown') {
      conditions[position] = {
        ...before,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: formatTime(now),
      };
      changed = true;
    }
  }
  return changed ? conditions : undefined;
}

export function readyStatus(node: Node): 'True' | 'False' | 'Unknown' {
  const status = findCondition(node.status?.conditions, 'Ready')?.status;
  return status === 'True' || status === 'False' ? status : 'Unknown';
}
