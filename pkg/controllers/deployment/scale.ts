// The arithmetic of a rollout: how large each ReplicaSet of a Deployment may be, with Kubernetes' rounding. Pure.
import { scaledValue } from '../../api/meta/int-or-string.ts';
import { instantOf } from '../../api/meta/time.ts';
import type { Deployment, ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';
import { maxReplicasOf } from './annotations.ts';

/** A set and the size it is to have. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function replicasOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

export function sumReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

export function isActive(set: ReplicaSet): boolean {
  return replicasOf(set) > 0;
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate';
}

/** Surge rounds up, unavailability down; both zero would never move, so one pod may be missing then. */
function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge = 0, maxUnavailable = 0 } = deployment.spec.strategy?.rollingUpdate ?? {};
  const desired = desiredReplicas(deployment);
  const surge = scaledValue(maxSurge, desired, 'up') ?? 0;
  const unavailable = scaledValue(maxUnavailable, desired, 'down') ?? 0;
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export function maxSurgeOf(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0;
}

export function maxUnavailableOf(deployment: Deployment): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment) || desired === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, desired);
}

/** The size of the new set: as large as the surge allows beside what there is. `all` includes it. */
export function newSetSize(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment)) return desired;
  const room = desired + maxSurgeOf(deployment) - sumReplicas(all);
  return room <= 0 ? current : current + Math.min(room, desired - current);
}

/** Shrinks old sets of a rolling update: first what is not available anyway, then as availability allows. */
export function shrinkOldSets(deployment: Deployment, old: readonly ReplicaSet[], newSet: ReplicaSet): Resize[] {
  const active = old.filter(isActive).toSorted(byCreation);
  if (active.length === 0) return [];
  const minAvailable = desiredReplicas(deployment) - maxUnavailableOf(deployment);
  const newUnavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const mostRemoved = sumReplicas(old) + replicasOf(newSet) - minAvailable - newUnavailable;
  if (mostRemoved <= 0) return [];

  const size = new Map(active.map((set) => [set, replicasOf(set)]));
  let removed = 0;
  for (const set of active) {
    const unhealthy = replicasOf(set) - (set.status?.availableReplicas ?? 0);
    const count = Math.min(mostRemoved - removed, unhealthy);
    if (count <= 0) continue;
    size.set(set, replicasOf(set) - count);
    removed += count;
  }

  const available = [...old, newSet].reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
  let spare = available - minAvailable;
  for (const set of active) {
    const count = Math.min(size.get(set) ?? 0, spare);
    if (count <= 0) continue;
    size.set(set, (size.get(set) ?? 0) - count);
    spare -= count;
  }
  return active.flatMap((set) => {
    const replicas = size.get(set) ?? 0;
    return replicas === replicasOf(set) ? [] : [{ set, replicas }];
  });
}

/** Spreads a change of the Deployment's size over the sets of a rollout under way, in proportion to their sizes. */
export function scaleProportionally(deployment: Deployment, sets: readonly ReplicaSet[]): Resize[] {
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + maxSurgeOf(deployment) : 0;
  const change = allowed - sumReplicas(sets);
  const sorted = sets.toSorted(change > 0 ? bySizeNewer : bySizeOlder);
  let spread = 0;
  const sizes = sorted.map((set) => {
    const left = change - spread;
    if (change === 0 || left === 0 || replicasOf(set) === 0) return replicasOf(set);
    const share = proportionOf(deployment, set);
    const part = change > 0 ? Math.min(share, left) : Math.max(share, left);
    spread += part;
    return replicasOf(set) + part;
  });
  return sorted.map((set, position) => {
    const size = sizes[position] ?? 0;
    return { set, replicas: position === 0 ? Math.max(0, size + change - spread) : size };
  });
}

/** How much the set grows or shrinks when it keeps its share of the Deployment. */
function proportionOf(deployment: Deployment, set: ReplicaSet): number {
  const desired = desiredReplicas(deployment);
  if (desired === 0) return -replicasOf(set);
  const most = desired + maxSurgeOf(deployment);
  const before = maxReplicasOf(set) || deployment.status?.replicas || most;
  return roundHalfAway((replicasOf(set) * most) / before) - replicasOf(set);
}

function roundHalfAway(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

function createdAt(set: ReplicaSet): number {
  return instantOf(set.metadata.creationTimestamp) ?? 0;
}

/** Oldest first; sets of the same second by name. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

function bySizeNewer(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(b, a);
}

function bySizeOlder(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(a, b);
}
