// The next step of a Deployment's rollout. Pure: the Deployment, its ReplicaSets and pods and the time in, one step out.
// One step a call: the change that it makes brings the next call, so a crash between two calls loses nothing.
import { controllerReference } from '../../api/meta/owner-references.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Draft } from '../../api/schema/resource-type.ts';
import type { Instant } from '../../clock/clock.ts';
import { isPodFinished } from '../pods.ts';
import { semanticallyEqual } from '../semantic-equality.ts';
import { desiredReplicasOf, newSetAnnotations, revisionOf, sizeAnnotations } from './annotations.ts';
import {
  byCreation,
  desiredReplicas,
  isActive,
  isRollingUpdate,
  maxSurgeOf,
  newSetSize,
  replicasOf,
  scaleProportionally,
  shrinkOldSets,
  type Resize,
} from './scale.ts';
import {
  REASON,
  conditionAt,
  countedStatus,
  hasProgressDeadline,
  isComplete,
  progressing,
  setCondition,
  withProgress,
  type ConditionText,
} from './status.ts';
import { TEMPLATE_HASH, sameTemplate, templateHash } from './template-hash.ts';

export interface RolloutStep {
  /** The new set, to be made. Nothing else is changed in the same step. */
  readonly create: Draft<ReplicaSet> | undefined;
  /** The new set with annotations or minReadySeconds brought up to date. */
  readonly update: ReplicaSet | undefined;
  readonly resize: readonly (Resize & { readonly annotations: Readonly<Record<string, string>> })[];
  /** Old sets beyond the history limit. */
  readonly remove: readonly ReplicaSet[];
  /** The revision that the Deployment's annotation is to say; undefined: as it is. */
  readonly revision: number | undefined;
  readonly status: DeploymentStatus;
}

export interface RolloutState {
  readonly deployment: Deployment;
  /** All ReplicaSets that the Deployment controls. */
  readonly sets: readonly ReplicaSet[];
  podsOf(set: ReplicaSet): readonly Pod[];
}

export function nextRolloutStep(state: RolloutState, now: Instant): RolloutStep {
  const { newSet, old } = splitSets(state.deployment, state.sets);
  const all = newSet === undefined ? old : [...old, newSet];
  if (state.deployment.metadata.deletionTimestamp !== undefined) {
    return stepWith(countedStatus(state.deployment, all, newSet, now));
  }
  const paused = state.deployment.spec.paused === true;
  const rolls = !paused && !wasResized(state.deployment, all);
  const known = withPauseCondition(state.deployment, now);
  if (newSet === undefined && rolls && (isRollingUpdate(known) || oldIsGone(state, old))) {
    return firstStep(known, old, now);
  }
  const deployment = newSet === undefined ? known : withFoundSet(known, newSet, now);
  const update = newSet === undefined ? undefined : broughtUpToDate(deployment, newSet, newRevision(old));
  const current = update ?? newSet;
  const revision = current === undefined ? undefined : revisionOf(current);
  const status = rolls ? withProgress(deployment, all, newSet, now) : countedStatus(deployment, all, newSet, now);
  if (update !== undefined) return { ...stepWith(status), update, revision };

  const resize = rolls ? rolloutResize(state, old, newSet) : resizeOnly(deployment, old, newSet);
  const done = resize.length === 0 && isComplete(deployment, deployment.status ?? {});
  const remove = paused || (rolls && done) ? beyondHistory(deployment, old) : [];
  return { ...stepWith(status), revision, remove, ...sized(deployment, resize) };
}

function stepWith(status: DeploymentStatus): RolloutStep {
  return { create: undefined, update: undefined, resize: [], remove: [], revision: undefined, status };
}

function sized(deployment: Deployment, resize: readonly Resize[]): Pick<RolloutStep, 'resize'> {
  const desired = desiredReplicas(deployment);
  const annotations = sizeAnnotations(desired, desired + maxSurgeOf(deployment));
  return { resize: resize.map((one) => ({ ...one, annotations })) };
}

/** The set of today's template (the oldest, should there be several) and all others. */
export function splitSets(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): { newSet: ReplicaSet | undefined; old: readonly ReplicaSet[] } {
  const sorted = sets.toSorted(byCreation);
  const newSet = sorted.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { newSet, old: sorted.filter((set) => set !== newSet) };
}

function newRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

/** The first step of a new template: its set, as large as the surge allows at once. The status is that of success. */
function firstStep(deployment: Deployment, old: readonly ReplicaSet[], now: Instant): RolloutStep {
  const revision = newRevision(old);
  const create = newSetFor(deployment, old, revision);
  const message = `Created new replica set "${create.metadata.name}"`;
  const told = hasProgressDeadline(deployment)
    ? withCondition(deployment, { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', message }, now)
    : deployment;
  return { ...stepWith(countedStatus(told, old, undefined, now)), create, revision };
}

export function newSetFor(deployment: Deployment, old: readonly ReplicaSet[], revision: number): Draft<ReplicaSet> {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH]: hash };
  const desired = desiredReplicas(deployment);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...newSetAnnotations(deployment, undefined, revision),
        ...sizeAnnotations(desired, desired + maxSurgeOf(deployment)),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: newSetSize(deployment, old, 0),
      ...(minReadySeconds !== undefined && minReadySeconds !== 0 && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
      // The metadata of a template is ObjectMeta of which only labels and annotations are ever set.
      template: { ...template, metadata: { ...template.metadata, labels } as ReplicaSet['metadata'] },
    },
  };
}

function broughtUpToDate(deployment: Deployment, set: ReplicaSet, revision: number): ReplicaSet | undefined {
  const annotations = newSetAnnotations(deployment, set.metadata.annotations, revision);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const same =
    semanticallyEqual(annotations, set.metadata.annotations ?? {}) &&
    (set.spec.minReadySeconds ?? 0) === minReadySeconds;
  if (same) return undefined;
  return {
    ...set,
    metadata: { ...set.metadata, annotations: { ...annotations } },
    spec: { ...set.spec, minReadySeconds },
  };
}

function withCondition(deployment: Deployment, text: ConditionText, now: Instant): Deployment {
  const conditions = setCondition(deployment.status?.conditions ?? [], conditionAt(text, now));
  return { ...deployment, status: { ...deployment.status, conditions } };
}

/** A set for a template that was there before: progress is measured from here on. */
function withFoundSet(deployment: Deployment, set: ReplicaSet, now: Instant): Deployment {
  if (!hasProgressDeadline(deployment) || progressing(deployment.status) !== undefined) return deployment;
  const message = `Found new replica set "${set.metadata.name}"`;
  return withCondition(deployment, { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message }, now);
}

/** While it is paused the deadline does not run. */
function withPauseCondition(deployment: Deployment, now: Instant): Deployment {
  const current = progressing(deployment.status);
  if (!hasProgressDeadline(deployment) || current?.reason === REASON.timedOut) return deployment;
  const paused = deployment.spec.paused === true;
  const saysPaused = current?.reason === REASON.paused;
  if (paused === saysPaused) return deployment;
  const text = paused
    ? ({ reason: REASON.paused, message: 'Deployment is paused' } as const)
    : ({ reason: REASON.resumed, message: 'Deployment is resumed' } as const);
  return withCondition(deployment, { type: 'Progressing', status: 'Unknown', ...text }, now);
}

/** The Deployment's size was changed since its sets were last scaled: that comes before any rollout. */
function wasResized(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.filter(isActive).some((set) => {
    const desired = desiredReplicasOf(set);
    return desired !== undefined && desired !== desiredReplicas(deployment);
  });
}

function resizeOnly(deployment: Deployment, old: readonly ReplicaSet[], newSet: ReplicaSet | undefined): Resize[] {
  const desired = desiredReplicas(deployment);
  const all = newSet === undefined ? old : [...old, newSet];
  const active = all.filter(isActive);
  const only = active.length === 0 ? (newSet ?? old.at(-1)) : active.length === 1 ? active[0] : undefined;
  if (only !== undefined)
    return replicasOf(only) === desired ? staleSizes(deployment, [only]) : [{ set: only, replicas: desired }];
  if (newSet !== undefined && isSaturated(deployment, newSet)) {
    return old.filter(isActive).map((set) => ({ set, replicas: 0 }));
  }
  if (!isRollingUpdate(deployment)) return staleSizes(deployment, active);
  const sizes = scaleProportionally(deployment, active);
  return sizes.filter(({ set, replicas }) => replicas !== replicasOf(set) || hasStaleSize(deployment, set));
}

/** The size annotations of a set that stays as large as it is may still be of an older size of the Deployment. */
function staleSizes(deployment: Deployment, sets: readonly ReplicaSet[]): Resize[] {
  return sets
    .filter((set) => isActive(set) && hasStaleSize(deployment, set))
    .map((set) => ({ set, replicas: replicasOf(set) }));
}

function hasStaleSize(deployment: Deployment, set: ReplicaSet): boolean {
  const desired = desiredReplicas(deployment);
  const wanted = sizeAnnotations(desired, desired + maxSurgeOf(deployment));
  return Object.entries(wanted).some(([name, value]) => set.metadata.annotations?.[name] !== value);
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const desired = desiredReplicas(deployment);
  return (
    replicasOf(set) === desired &&
    desiredReplicasOf(set) === desired &&
    (set.status?.availableReplicas ?? 0) === desired
  );
}

function rolloutResize(state: RolloutState, old: readonly ReplicaSet[], newSet: ReplicaSet | undefined): Resize[] {
  const { deployment } = state;
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment)) {
    const shrink = old.filter(isActive).map((set) => ({ set, replicas: 0 }));
    if (shrink.length > 0) return shrink;
    if (newSet === undefined || replicasOf(newSet) === desired || !oldIsGone(state, old)) return [];
    return [{ set: newSet, replicas: desired }];
  }
  if (newSet === undefined) return [];
  const replicas = Math.min(desired, newSetSize(deployment, [...old, newSet], replicasOf(newSet)));
  return replicas === replicasOf(newSet) ? shrinkOldSets(deployment, old, newSet) : [{ set: newSet, replicas }];
}

/** Recreate: no pod of an old set may run any more when the first new one starts. */
function oldIsGone(state: RolloutState, old: readonly ReplicaSet[]): boolean {
  if (old.some((set) => isActive(set) || (set.status?.replicas ?? 0) > 0)) return false;
  return old.every((set) => state.podsOf(set).every(isPodFinished));
}

function beyondHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 2 ** 31 - 1;
  const alive = old.filter((set) => set.metadata.deletionTimestamp === undefined);
  return alive
    .toSorted((a, b) => revisionOf(a) - revisionOf(b) || byCreation(a, b))
    .slice(0, Math.max(0, alive.length - limit))
    .filter(
      (set) =>
        !isActive(set) &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    );
}
