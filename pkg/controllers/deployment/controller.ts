// Carries out rollouts: watches Deployments, ReplicaSets and pods, and does what reconcile.ts says, one step a sync. Every
// step is followed by the status that goes with it; the change itself brings the next sync at once.
import { selectorFromObject } from '../../api/meta/label-selector.ts';
import { controllerOf } from '../../api/meta/owner-references.ts';
import { isApiError } from '../../api/meta/status.ts';
import { deployments, pods, replicaSets } from '../../api/resources.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Draft } from '../../api/schema/resource-type.ts';
import { keyOf, keyText } from '../../client/object-store.ts';
import { takeClaims } from '../adoption.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { OwnWrites } from '../own-writes.ts';
import { CONTROLLER_INDEX, controllerIndex, isEmptySelector, orphansOf } from '../owners.ts';
import { semanticallyEqual } from '../semantic-equality.ts';
import { REVISION } from './annotations.ts';
import { nextRolloutStep, type RolloutStep } from './reconcile.ts';
import { replicasOf } from './scale.ts';
import { asWritten, conditionAt, hasProgressDeadline, progressRecheckAt, setCondition } from './status.ts';
import { sameTemplate } from './template-hash.ts';

export function deploymentController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'deployment-controller';
  const { clock } = context;
  const queue = controllerQueue(context, 'deployment');
  const recorder = context.recorder(name);
  const deploymentClient = context.client.resource(deployments);
  const setClient = context.client.resource(replicaSets);
  const deploymentInformer = context.informers.of(deployments);
  const setInformer = context.informers.of(replicaSets, { [CONTROLLER_INDEX]: controllerIndex });
  const podInformer = context.informers.of(pods, { [CONTROLLER_INDEX]: controllerIndex });

  const ownDeployments = new OwnWrites(deploymentInformer.store);
  const ownSets = new OwnWrites(setInformer.store);
  deploymentInformer.on({
    added: (deployment) => queue.add(keyOf(deployment)),
    changed: (deployment) => {
      ownDeployments.seen(deployment);
      queue.add(keyOf(deployment));
    },
    deleted: (deployment) => ownDeployments.gone(deployment),
  });
  const enqueueFor = (set: ReplicaSet) => {
    const owner = controllerOf(set.metadata);
    if (owner !== undefined) {
      if (owner.kind === deployments.kind) queue.add(keyText({ namespace: set.metadata.namespace, name: owner.name }));
      return;
    }
    for (const deployment of deploymentInformer.store.list(set.metadata.namespace)) {
      if (selectorFromObject(deployment.spec.selector).matches(set.metadata.labels)) queue.add(keyOf(deployment));
    }
  };
  setInformer.on({
    added: (set) => {
      ownSets.seen(set);
      enqueueFor(set);
    },
    changed: (set, before) => {
      ownSets.seen(set);
      if (controllerOf(before.metadata)?.uid !== controllerOf(set.metadata)?.uid) enqueueFor(before);
      enqueueFor(set);
    },
    deleted: (set) => {
      ownSets.gone(set);
      enqueueFor(set);
    },
  });
  podInformer.on({ deleted: enqueueRecreate });

  /** Recreate waits for the last old pod; no status of a ReplicaSet says when that is gone. */
  function enqueueRecreate(pod: Pod): void {
    const set = ownerSetOf(pod);
    const owner = set === undefined ? undefined : controllerOf(set.metadata);
    if (owner?.kind !== deployments.kind) return;
    const deployment = deploymentInformer.store.get({ namespace: pod.metadata.namespace, name: owner.name });
    if (deployment?.spec.strategy?.type === 'Recreate') queue.add(keyOf(deployment));
  }

  function ownerSetOf(pod: Pod): ReplicaSet | undefined {
    const owner = controllerOf(pod.metadata);
    if (owner?.kind !== replicaSets.kind) return undefined;
    return setInformer.store.get({ namespace: pod.metadata.namespace, name: owner.name });
  }

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const deployment = ownDeployments.latest(key);
    if (deployment === undefined) return;
    if (isEmptySelector(deployment.spec.selector)) return await refuseEmptySelector(deployment, signal);
    const sets = await takeClaims(
      {
        owner: deployment,
        selector: selectorFromObject(deployment.spec.selector),
        candidates: [
          ...ownSets.merge(
            setInformer.store.byIndex(CONTROLLER_INDEX, deployment.metadata.uid),
            (set) => controllerOf(set.metadata)?.uid === deployment.metadata.uid,
          ),
          ...setInformer.store.byIndex(CONTROLLER_INDEX, orphansOf(deployment.metadata.namespace)),
        ],
        objects: setClient,
        owners: deploymentClient,
      },
      signal,
    );
    const podsOf = (set: ReplicaSet) => podInformer.store.byIndex(CONTROLLER_INDEX, set.metadata.uid);
    const step = nextRolloutStep({ deployment, sets, podsOf }, clock.now());
    if (step.create !== undefined && !(await createSet(deployment, step, step.create, signal))) return;
    const { update } = step;
    if (update !== undefined) await ownSets.update(update, () => setClient.update(update, {}, signal));
    for (const resize of step.resize) await resizeSet(deployment, resize, signal);
    await Promise.all(step.remove.map((set) => removeSet(set, signal)));
    await writeStatus(deployment, step.status, step.revision, signal);
  }

  /** False when the rollout must wait: there is nothing to be written after it. */
  async function createSet(
    deployment: Deployment,
    step: RolloutStep,
    draft: Draft<ReplicaSet>,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const set = await setClient.create(draft, {}, signal);
      ownSets.wrote(set);
      const size = replicasOf(set);
      if (size > 0)
        say(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${set.metadata.name} from 0 to ${size}`);
      return true;
    } catch (error) {
      if (!isApiError(error)) throw error;
      if (isNamespaceTerminating(error)) return false;
      if (error.reason === 'AlreadyExists') {
        const found = await setClient.get(
          { namespace: draft.metadata.namespace, name: draft.metadata.name ?? '' },
          signal,
        );
        // Made by us a moment ago, before the informer shows it: that is what was wanted.
        const ours = controllerOf(found.metadata)?.uid === deployment.metadata.uid;
        if (ours && sameTemplate(found.spec.template, deployment.spec.template)) return true;
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
        await writeStatus(deployment, { ...deployment.status, collisionCount }, undefined, signal);
        return false;
      }
      const message = `Failed to create new replica set "${draft.metadata.name}": ${error.message}`;
      say(deployment, 'Warning', 'ReplicaSetCreateError', message);
      if (hasProgressDeadline(deployment)) {
        const failed = conditionAt(
          { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message },
          clock.now(),
        );
        const conditions = setCondition(step.status.conditions ?? [], failed);
        await writeStatus(deployment, { ...step.status, conditions }, undefined, signal);
      }
      throw error;
    }
  }

  async function resizeSet(deployment: Deployment, resize: RolloutStep['resize'][number], signal: AbortSignal) {
    const { set, replicas } = resize;
    const before = replicasOf(set);
    const metadata = { ...set.metadata, annotations: { ...set.metadata.annotations, ...resize.annotations } };
    const resized = { ...set, metadata, spec: { ...set.spec, replicas } };
    await ownSets.update(set, () => setClient.update(resized, {}, signal));
    if (before === replicas) return;
    const direction = before < replicas ? 'up' : 'down';
    say(
      deployment,
      'Normal',
      'ScalingReplicaSet',
      `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`,
    );
  }

  async function removeSet(set: ReplicaSet, signal: AbortSignal): Promise<void> {
    try {
      await setClient.delete(set.metadata, { preconditions: { uid: set.metadata.uid } }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  }

  async function writeStatus(
    deployment: Deployment,
    next: DeploymentStatus,
    revision: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const status = asWritten(next);
    const recheckAt = progressRecheckAt(deployment, status);
    if (recheckAt !== undefined) queue.addAfter(keyOf(deployment), Math.max(1000, recheckAt - clock.now()));
    const annotations = { ...deployment.metadata.annotations };
    if (revision !== undefined && revision > 0) annotations[REVISION] = String(revision);
    const sameRevision = annotations[REVISION] === deployment.metadata.annotations?.[REVISION];
    if (sameRevision && semanticallyEqual(deployment.status, status)) return;
    try {
      // A status write keeps the annotations that come with it, so one write does for both.
      const metadata = { ...deployment.metadata, annotations };
      ownDeployments.wrote(await deploymentClient.updateStatus({ ...deployment, metadata, status }, {}, signal));
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  async function refuseEmptySelector(deployment: Deployment, signal: AbortSignal): Promise<void> {
    say(
      deployment,
      'Warning',
      'SelectingAll',
      'This deployment is selecting all pods. A non-empty selector is required.',
    );
    const observedGeneration = deployment.metadata.generation ?? 0;
    await writeStatus(deployment, { ...deployment.status, observedGeneration }, undefined, signal);
  }

  function say(deployment: Deployment, type: 'Normal' | 'Warning', reason: string, message: string): void {
    recorder.record(deployment, { type, reason, message });
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
