// A Deployment's status: counts over its ReplicaSets and the conditions Available, Progressing and ReplicaFailure with
// Kubernetes' reasons and messages. Pure.
import { findCondition } from '../../api/meta/conditions.ts';
import { formatTime, instantOf } from '../../api/meta/time.ts';
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/schema/generated/apps.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { withoutZeros } from '../without-zeros.ts';
import { desiredReplicas, maxUnavailableOf, sumReplicas } from './scale.ts';

/** Kubernetes writes it for "no deadline". */
const NO_DEADLINE = 2 ** 31 - 1;

export const REASON = {
  newSetAvailable: 'NewReplicaSetAvailable',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

type ConditionType = 'Available' | 'Progressing' | 'ReplicaFailure';

export interface ConditionText {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== NO_DEADLINE;
}

export function progressing(status: DeploymentStatus | undefined): DeploymentCondition | undefined {
  return findCondition(status?.conditions, 'Progressing');
}

export function conditionAt(text: ConditionText, now: Instant): DeploymentCondition {
  return { ...text, lastUpdateTime: formatTime(now), lastTransitionTime: formatTime(now) };
}

/** Replaces the condition of its type, unless that says the same already (same status, same reason). */
export function setCondition(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
): DeploymentCondition[] {
  const known = findCondition(conditions, next.type);
  if (known !== undefined && known.status === next.status && known.reason === next.reason) return [...conditions];
  const kept = known?.status === next.status ? { ...next, lastTransitionTime: known.lastTransitionTime } : next;
  return [...withoutCondition(conditions, next.type), kept];
}

export function withoutCondition(conditions: readonly DeploymentCondition[], type: string): DeploymentCondition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/** Counts and the Available condition; the other conditions stay as they are. `all` includes `newSet`. */
export function countedStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: Instant,
): DeploymentStatus {
  const sum = (count: (set: ReplicaSet) => number | undefined) =>
    all.reduce((total, set) => total + (count(set) ?? 0), 0);
  const availableReplicas = sum((set) => set.status?.availableReplicas);
  const enough = availableReplicas >= desiredReplicas(deployment) - maxUnavailableOf(deployment);
  const available: ConditionText = enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum((set) => set.status?.replicas),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas,
    // Of what is asked for, not of what is there: pods that are yet to be made are unavailable too.
    unavailableReplicas: Math.max(0, sumReplicas(all) - availableReplicas),
    terminatingReplicas: sum((set) => set.status?.terminatingReplicas),
    ...(deployment.status?.collisionCount !== undefined && { collisionCount: deployment.status.collisionCount }),
    conditions: setCondition(deployment.status?.conditions ?? [], conditionAt(available, now)),
  };
}

/** As it is written: zero counts are left out where Kubernetes does. */
export function asWritten(status: DeploymentStatus): DeploymentStatus {
  return withoutZeros(
    ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'],
    status,
  );
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** `deployment` carries the status of before. */
export function withProgress(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: Instant,
): DeploymentStatus {
  const status = countedStatus(deployment, all, newSet, now);
  let conditions = status.conditions ?? [];
  const current = progressing(deployment.status);
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing');
  else if (!(status.replicas === status.updatedReplicas && current?.reason === REASON.newSetAvailable)) {
    conditions = progressConditions(deployment, { ...status, conditions }, newSet, now);
  }
  const failure = failureOf(all, newSet);
  conditions = withoutCondition(conditions, 'ReplicaFailure').concat(
    failure === undefined ? [] : (findSame(conditions, failure) ?? failure),
  );
  return { ...status, conditions };
}

function progressConditions(
  deployment: Deployment,
  status: DeploymentStatus,
  newSet: ReplicaSet | undefined,
  now: Instant,
): DeploymentCondition[] {
  const conditions = status.conditions ?? [];
  const subject =
    newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  const say = (status: 'True' | 'False', reason: string, what: string) =>
    conditionAt({ type: 'Progressing', status, reason, message: `${subject} ${what}` }, now);
  if (isComplete(deployment, status)) {
    return setCondition(conditions, say('True', REASON.newSetAvailable, 'has successfully progressed.'));
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const current = progressing(deployment.status);
    const next = say('True', 'ReplicaSetUpdated', 'is progressing.');
    // Each step of progress renews the time from which the deadline counts, whatever the condition said before.
    const kept = current?.status === 'True' ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
    return [...withoutCondition(conditions, 'Progressing'), kept];
  }
  if (hasTimedOut(deployment, status, now)) {
    return setCondition(conditions, say('False', REASON.timedOut, 'has timed out progressing.'));
  }
  return conditions;
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, status: DeploymentStatus, now: Instant): boolean {
  const condition = progressing(status);
  if (condition === undefined || condition.reason === REASON.newSetAvailable) return false;
  if (condition.reason === REASON.timedOut) return true;
  return now > deadlineOf(deployment, condition);
}

function deadlineOf(deployment: Deployment, condition: DeploymentCondition): Instant {
  return (instantOf(condition.lastUpdateTime) ?? 0) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}

/** When to look again whether the deadline has passed; undefined: nothing is waited for. */
export function progressRecheckAt(deployment: Deployment, status: DeploymentStatus): Instant | undefined {
  const condition = progressing(status);
  if (!hasProgressDeadline(deployment) || condition === undefined) return undefined;
  if (isComplete(deployment, status) || condition.reason === REASON.timedOut) return undefined;
  // Times have whole seconds: one more, so that the deadline has passed then.
  return deadlineOf(deployment, condition) + 1000;
}

/** The new set's failure first, else that of any set. */
function failureOf(all: readonly ReplicaSet[], newSet: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const set of newSet === undefined ? all : [newSet, ...all]) {
    const failure = findCondition(set.status?.conditions, 'ReplicaFailure');
    if (failure !== undefined) return { ...failure, lastUpdateTime: failure.lastTransitionTime };
  }
  return undefined;
}

function findSame(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
): DeploymentCondition | undefined {
  const known = findCondition(conditions, next.type);
  return known?.status === next.status && known.reason === next.reason ? known : undefined;
}
