// What a ReplicaSet needs: how many pods to make or which to delete, and its status. Pure: state and time in, changes out.
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../api/schema/generated/apps.v1.gen.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { formatTime } from '../../api/meta/time.ts';
import { controllerReference } from '../../api/meta/owner-references.ts';
import { isPodActive, isPodReady, isPodTerminating, podAvailableAt } from '../pods.ts';
import { withoutZeros } from '../without-zeros.ts';
import { podsToDelete } from './deletion-order.ts';

/** At most this many pods are made or deleted in one go; the next sync does the rest. */
export const BURST_REPLICAS = 500;

export type PodChange =
  | { readonly do: 'nothing' }
  | { readonly do: 'create'; readonly count: number }
  | { readonly do: 'delete'; readonly pods: readonly Pod[] };

/** `owned`: the pods that the set controls. `related`: those of all sets with the same owner, the set's own included. */
export function planPods(set: ReplicaSet, owned: readonly Pod[], related: readonly Pod[], now: Instant): PodChange {
  if (set.metadata.deletionTimestamp !== undefined) return { do: 'nothing' };
  const active = owned.filter(isPodActive);
  const surplus = active.length - wantedReplicas(set);
  if (surplus === 0) return { do: 'nothing' };
  if (surplus < 0) return { do: 'create', count: Math.min(-surplus, BURST_REPLICAS) };
  return { do: 'delete', pods: podsToDelete(active, Math.min(surplus, BURST_REPLICAS), related, now) };
}

export function wantedReplicas(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

/** A pod as the set's template says; the server makes its name. */
export function podFromTemplate(set: ReplicaSet) {
  const template = set.spec.template;
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      ...(finalizers !== undefined && { finalizers }),
      ownerReferences: [controllerReference(set)],
    },
    // The API server does not let a template without a spec in.
    spec: template?.spec ?? { containers: [] },
  };
}

/** What kept the set from having its pods: its message stands in the ReplicaFailure condition. */
export interface PodFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

export interface StatusPlan {
  readonly status: ReplicaSetStatus;
  /** When the next pod becomes available by the mere passing of time. */
  readonly recheckAt: Instant | undefined;
}

export function nextStatus(
  set: ReplicaSet,
  owned: readonly Pod[],
  failure: PodFailure | undefined,
  now: Instant,
): StatusPlan {
  const active = owned.filter(isPodActive);
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const wantedLabels = Object.entries(set.spec.template?.metadata?.labels ?? {});
  let recheckAt: Instant | undefined;
  let availableReplicas = 0;
  for (const pod of active) {
    const at = podAvailableAt(pod, minReadySeconds);
    if (at === undefined) continue;
    if (at <= now) availableReplicas++;
    else recheckAt = Math.min(recheckAt ?? at, at);
  }
  const status: ReplicaSetStatus = withoutZeros(['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) =>
      wantedLabels.every(([name, value]) => pod.metadata.labels?.[name] === value),
    ).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas,
    terminatingReplicas: owned.filter(isPodTerminating).length,
    observedGeneration: set.metadata.generation ?? 0,
    conditions: nextConditions(set.status?.conditions ?? [], failure, now),
  });
  if (status.conditions?.length === 0) delete status.conditions;
  return { status, recheckAt };
}

/** The first failure stands until a sync goes well: its message does not flicker. */
function nextConditions(
  conditions: readonly ReplicaSetCondition[],
  failure: PodFailure | undefined,
  now: Instant,
): ReplicaSetCondition[] {
  const others = conditions.filter((condition) => condition.type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  const known = conditions.find((condition) => condition.type === 'ReplicaFailure');
  return [
    ...others,
    known ?? { type: 'ReplicaFailure', status: 'True', lastTransitionTime: formatTime(now), ...failure },
  ];
}
