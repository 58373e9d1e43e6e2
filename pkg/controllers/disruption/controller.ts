// Keeps the status of PodDisruptionBudgets true, which is what evictions are granted by. A budget that cannot be reckoned
// allows nothing. Beside it, a second queue takes back announcements of disruptions that did not come (stale-target.ts).
import { selectorFromObject } from '../../api/meta/label-selector.ts';
import { isApiError } from '../../api/meta/status.ts';
import { podDisruptionBudgets, pods } from '../../api/resources.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/schema/generated/policy.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { OwnWrites } from '../own-writes.ts';
import { semanticallyEqual } from '../semantic-equality.ts';
import { expectPods, needsScale, type Expectation } from './expected-pods.ts';
import { NoScaleError, OwnerScaleReader } from './owner-scale.ts';
import { failedStatus, nextStatus } from './reconcile.ts';
import { selectorText } from './selector-text.ts';
import { staleTargetAt, withoutTarget } from './stale-target.ts';

type Labelled = Pick<Pod['metadata'], 'namespace' | 'labels'>;

export function disruptionController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'disruption-controller';
  const { clock } = context;
  const queue = controllerQueue(context, 'disruption');
  const staleQueue = controllerQueue(context, 'stale_pod_disruption');
  const recorder = context.recorder('controllermanager');
  const client = context.client.resource(podDisruptionBudgets);
  const podClient = context.client.resource(pods);
  const budgets = context.informers.of(podDisruptionBudgets);
  const podInformer = context.informers.of(pods);
  const scales = new OwnerScaleReader(context);
  const ownWrites = new OwnWrites(budgets.store);

  budgets.on({
    added: (budget) => queue.add(keyOf(budget)),
    changed: (budget) => {
      ownWrites.seen(budget);
      queue.add(keyOf(budget));
    },
    deleted: (budget) => ownWrites.gone(budget),
  });
  podInformer.on({
    added: (pod) => {
      enqueueFor(pod);
      enqueueStale(pod);
    },
    changed: (pod, before) => {
      // Whoever covered the pod under its old labels has one less now.
      for (const budget of budgetsOver(before.metadata)) queue.add(keyOf(budget));
      enqueueFor(pod);
      enqueueStale(pod);
    },
    deleted: enqueueFor,
  });
  // The controllers' scale may reach us after their pods did; no further change of a pod need follow.
  scales.onScale((namespace, labels) => {
    for (const budget of budgetsOver({ namespace, labels })) queue.add(keyOf(budget));
  });

  function budgetsOver({ namespace, labels }: Labelled): readonly PodDisruptionBudget[] {
    return budgets.store.list(namespace).filter(({ spec }) => selectorFromObject(spec.selector).matches(labels));
  }

  function enqueueFor(pod: Pod): void {
    const covering = budgetsOver(pod.metadata);
    for (const budget of covering) queue.add(keyOf(budget));
    const [first] = covering;
    if (first === undefined || covering.length === 1) return;
    const { namespace, name: podName } = pod.metadata;
    const message = `Pod "${namespace}"/"${podName}" matches multiple PodDisruptionBudgets.  Chose "${first.metadata.name}" arbitrarily.`;
    recorder.record(pod, { type: 'Warning', reason: 'MultiplePodDisruptionBudgets', message });
  }

  function enqueueStale(pod: Pod): void {
    const at = staleTargetAt(pod);
    if (at !== undefined) staleQueue.addAfter(keyOf(pod), Math.max(0, at - clock.now()));
  }

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const budget = ownWrites.latest(key);
    if (budget === undefined) return;
    const selector = selectorFromObject(budget.spec.selector);
    const covered = podInformer.store
      .list(budget.metadata.namespace)
      .filter(({ metadata }) => selector.matches(metadata.labels));
    if (covered.length === 0) say(budget, 'Normal', 'NoPods', 'No matching pods found');
    const expectation = await expect(budget, covered, signal);
    if (!expectation.ok) return await refuseAll(budget, expectation.fault, signal);
    if (expectation.unmanaged.length > 0) {
      const pods = `Pods selected by this PodDisruptionBudget (selector: ${selectorText(budget.spec.selector)})`;
      const consequence =
        'were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.';
      say(budget, 'Warning', 'UnmanagedPods', `${pods} ${consequence}`);
    }
    const now = clock.now();
    const next = nextStatus(budget, covered, expectation, now);
    for (const pod of next.notDeleted) {
      const { namespace, name: budgetName } = budget.metadata;
      const message = `Pod was expected by PDB ${namespace}/${budgetName} to be deleted but it wasn't`;
      recorder.record(pod, { type: 'Warning', reason: 'NotDeleted', message });
    }
    await writeStatus(budget, next.status, signal);
    if (next.recheckAt !== undefined) queue.addAfter(key, next.recheckAt - now);
  }

  async function expect(
    budget: PodDisruptionBudget,
    covered: readonly Pod[],
    signal: AbortSignal,
  ): Promise<Expectation> {
    try {
      const owners = needsScale(budget.spec) ? await scales.scalesOf(covered, signal) : new Map();
      return expectPods(budget.spec, covered, owners);
    } catch (error) {
      if (error instanceof NoScaleError) return { ok: false, fault: error.message };
      // The scale cannot be read just now: nothing may go until it can.
      if (!signal.aborted) await refuseAll(budget, error instanceof Error ? error.message : String(error), signal);
      throw error;
    }
  }

  async function refuseAll(budget: PodDisruptionBudget, fault: string, signal: AbortSignal): Promise<void> {
    const message = `Failed to calculate the number of expected pods: ${fault}`;
    say(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
    await writeStatus(budget, failedStatus(budget, fault, clock.now()), signal);
  }

  async function writeStatus(
    budget: PodDisruptionBudget,
    status: PodDisruptionBudgetStatus,
    signal: AbortSignal,
  ): Promise<void> {
    if (semanticallyEqual(budget.status, status)) return;
    try {
      await ownWrites.update(budget, () => client.updateStatus({ ...budget, status }, {}, signal));
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  async function syncStale(key: string, signal: AbortSignal): Promise<void> {
    const pod = podInformer.store.get(key);
    const at = pod === undefined ? undefined : staleTargetAt(pod);
    if (pod === undefined || at === undefined) return;
    const now = clock.now();
    if (at > now) return staleQueue.addAfter(key, at - now);
    try {
      await podClient.updateStatus(withoutTarget(pod, now), {}, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  function say(budget: PodDisruptionBudget, type: 'Normal' | 'Warning', reason: string, message: string): void {
    recorder.record(budget, { type, reason, message });
  }

  return {
    name,
    async run(signal) {
      const common = { name, workers: options.workers, log: context.log };
      await Promise.all([
        runWorkers({ ...common, queue, sync }, signal),
        runWorkers({ ...common, queue: staleQueue, sync: syncStale }, signal),
      ]);
    },
  };
}
