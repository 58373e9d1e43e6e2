// Keeps as many pods as each ReplicaSet asks for. Level-triggered: reads the informers, makes one step, writes the status
// when it differs. A ledger of its own writes keeps it from acting on a view that lags behind.
import { controllerOf } from '../../api/meta/owner-references.ts';
import { selectorFromObject } from '../../api/meta/label-selector.ts';
import { isApiError } from '../../api/meta/status.ts';
import { pods, replicaSets } from '../../api/resources.ts';
import type { ReplicaSet } from '../../api/schema/generated/apps.v1.gen.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Draft } from '../../api/schema/resource-type.ts';
import { keyOf, keyText } from '../../client/object-store.ts';
import { takeClaims } from '../adoption.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { CONTROLLER_INDEX, controllerIndex, isEmptySelector, orphansOf } from '../owners.ts';
import { OwnWrites } from '../own-writes.ts';
import { PodLedger } from '../pod-ledger.ts';
import { semanticallyEqual } from '../semantic-equality.ts';
import { asError, slowStart } from '../slow-start.ts';
import { nextStatus, planPods, podFromTemplate, type PodChange, type PodFailure } from './reconcile.ts';

export function replicaSetController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'replicaset-controller';
  const queue = controllerQueue(context, 'replicaset');
  const recorder = context.recorder(name);
  const setClient = context.client.resource(replicaSets);
  const podClient = context.client.resource(pods);
  const sets = context.informers.of(replicaSets, { [CONTROLLER_INDEX]: controllerIndex });
  const podInformer = context.informers.of(pods, { [CONTROLLER_INDEX]: controllerIndex });
  const ledger = new PodLedger(context.clock, (key) => podInformer.store.get(key));

  const ownWrites = new OwnWrites(sets.store);
  sets.on({
    added: (set) => queue.add(keyOf(set)),
    changed: (set) => {
      ownWrites.seen(set);
      queue.add(keyOf(set));
    },
    deleted: (set) => {
      ownWrites.gone(set);
      ledger.forgetOwner(set.metadata.uid);
      queue.add(keyOf(set));
    },
  });

  /** The set that controls the pod, or every set that may adopt it. */
  const enqueueFor = (pod: Pod) => {
    const owner = controllerOf(pod.metadata);
    if (owner !== undefined) {
      if (owner.kind === replicaSets.kind) queue.add(keyText({ namespace: pod.metadata.namespace, name: owner.name }));
      return;
    }
    if (pod.metadata.deletionTimestamp !== undefined) return;
    for (const set of sets.store.list(pod.metadata.namespace)) {
      if (selectorFromObject(set.spec.selector).matches(pod.metadata.labels)) queue.add(keyOf(set));
    }
  };
  podInformer.on({
    added: (pod) => {
      ledger.seen(controllerOf(pod.metadata)?.uid, pod);
      enqueueFor(pod);
    },
    changed: (pod, before) => {
      ledger.seen(controllerOf(pod.metadata)?.uid, pod);
      if (controllerOf(before.metadata)?.uid !== controllerOf(pod.metadata)?.uid) enqueueFor(before);
      enqueueFor(pod);
    },
    deleted: (pod) => {
      ledger.gone(controllerOf(pod.metadata)?.uid, pod);
      if (controllerOf(pod.metadata) !== undefined) enqueueFor(pod);
    },
  });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const set = ownWrites.latest(key);
    if (set === undefined || isEmptySelector(set.spec.selector)) return;
    const candidates = [
      ...ledger.view(set.metadata.uid, podInformer.store.byIndex(CONTROLLER_INDEX, set.metadata.uid)),
      ...podInformer.store.byIndex(CONTROLLER_INDEX, orphansOf(set.metadata.namespace)),
    ];
    const owned = await takeClaims(
      {
        owner: set,
        selector: selectorFromObject(set.spec.selector),
        candidates,
        objects: podClient,
        owners: setClient,
      },
      signal,
    );
    const change = planPods(set, owned, relatedPods(set, owned), context.clock.now());
    const problem = await carryOut(set, change, signal);
    // What was made or deleted just now shows in the status when the informer shows it.
    const failure = problem === undefined ? undefined : failureOf(change, problem);
    await writeStatus(set, owned, failure, signal);
    if (problem !== undefined) throw problem;
  }

  /** Pods of all sets with the same owner: what lies on one node twice is given up first. */
  function relatedPods(set: ReplicaSet, owned: readonly Pod[]): readonly Pod[] {
    const owner = controllerOf(set.metadata);
    if (owner === undefined) return owned;
    return sets.store
      .byIndex(CONTROLLER_INDEX, owner.uid)
      .flatMap((sibling) => podInformer.store.byIndex(CONTROLLER_INDEX, sibling.metadata.uid));
  }

  async function carryOut(set: ReplicaSet, change: PodChange, signal: AbortSignal): Promise<Error | undefined> {
    switch (change.do) {
      case 'nothing':
        return undefined;
      case 'create':
        return (await slowStart(change.count, () => createPod(set, signal))).error;
      case 'delete': {
        const results = await Promise.allSettled(change.pods.map((pod) => deletePod(set, pod, signal)));
        const failed = results.find((result) => result.status === 'rejected');
        return failed === undefined ? undefined : asError(failed.reason);
      }
    }
  }

  async function createPod(set: ReplicaSet, signal: AbortSignal): Promise<void> {
    try {
      const draft: Draft<Pod> = podFromTemplate(set);
      const pod = await podClient.create(draft, {}, signal);
      ledger.made(set.metadata.uid, pod);
      recorder.record(set, {
        type: 'Normal',
        reason: 'SuccessfulCreate',
        message: `Created pod: ${pod.metadata.name}`,
      });
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      if (isApiError(error)) {
        recorder.record(set, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${error.message}` });
      }
      throw error;
    }
  }

  async function deletePod(set: ReplicaSet, pod: Pod, signal: AbortSignal): Promise<void> {
    try {
      await podClient.delete(pod.metadata, { preconditions: { uid: pod.metadata.uid } }, signal);
      ledger.deleted(pod);
      recorder.record(set, {
        type: 'Normal',
        reason: 'SuccessfulDelete',
        message: `Deleted pod: ${pod.metadata.name}`,
      });
    } catch (error) {
      // Gone already, perhaps with another pod of its name in its place.
      if (isApiError(error, 'NotFound') || isApiError(error, 'Conflict')) return ledger.deleted(pod);
      if (isApiError(error)) {
        recorder.record(set, { type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${error.message}` });
      }
      throw error;
    }
  }

  async function writeStatus(
    set: ReplicaSet,
    owned: readonly Pod[],
    failure: PodFailure | undefined,
    signal: AbortSignal,
  ) {
    const now = context.clock.now();
    const { status, recheckAt } = nextStatus(set, owned, failure, now);
    if (recheckAt !== undefined) queue.addAfter(keyOf(set), recheckAt - now);
    if (semanticallyEqual(set.status, status)) return;
    try {
      ownWrites.wrote(await setClient.updateStatus({ ...set, status }, {}, signal));
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}

function failureOf(change: PodChange, problem: Error): PodFailure {
  return { reason: change.do === 'delete' ? 'FailedDelete' : 'FailedCreate', message: problem.message };
}
