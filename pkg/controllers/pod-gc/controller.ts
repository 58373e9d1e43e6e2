// Sweeps away pods that nobody else will: see reconcile.ts. Pods of a missing node are marked Failed with the condition
// DisruptionTarget first, so that their owners and users see why they went.
import { isApiError } from '../../api/meta/status.ts';
import { formatTime } from '../../api/meta/time.ts';
import { withCondition } from '../../api/meta/conditions.ts';
import { nodes, pods } from '../../api/resources.ts';
import type { Node, Pod, PodCondition } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { runPeriodically, type Controller, type ControllerContext } from '../context.ts';
import { isPodFinished } from '../pods.ts';
import { noSweepMetrics, registerSweepMetrics, type SweepReason } from './metrics.ts';
import { planSweep } from './reconcile.ts';

const INTERVAL_MS = 20_000;
/** A node must be missing for so long before its pods go: it may be about to register again. */
const MISSING_NODE_MS = 40_000;

export function podGarbageCollector(
  context: ControllerContext,
  options: { readonly finishedThreshold: number },
): Controller {
  const name = 'pod-garbage-collector-controller';
  const { client, clock, log } = context;
  const podClient = client.resource(pods);
  const podInformer = context.informers.of(pods);
  const nodeInformer = context.informers.of(nodes);
  const metrics = context.registry === undefined ? noSweepMetrics : registerSweepMetrics(context.registry);
  const missingSince = new Map<string, Instant>();

  async function sweep(signal: AbortSignal): Promise<void> {
    const plan = planSweep(podInformer.store.list(), (node) => nodeInformer.store.get(node), options.finishedThreshold);
    for (const pod of plan.finished) await remove(pod, 'terminated', signal);
    const missing = await confirmMissing(new Set(plan.orphaned.map((pod) => pod.spec.nodeName ?? '')), signal);
    for (const pod of plan.orphaned) {
      if (!missing.has(pod.spec.nodeName ?? '')) continue;
      await markFailed(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', signal);
      await remove(pod, 'orphaned', signal);
    }
    for (const pod of plan.unscheduled) await remove(pod, 'unscheduled', signal);
    for (const pod of plan.outOfService) {
      await markFailed(pod, 'DeletionByPodGC', 'PodGC: node is out-of-service', signal);
      await remove(pod, 'out-of-service', signal);
    }
  }

  /** Nodes that have been missing long enough and that the server does not know either. */
  async function confirmMissing(names: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const now = clock.now();
    for (const known of missingSince.keys()) if (!names.has(known)) missingSince.delete(known);
    const confirmed = new Set<string>();
    for (const node of names) {
      const since = missingSince.get(node) ?? now;
      missingSince.set(node, since);
      if (now - since >= MISSING_NODE_MS && (await serverNode(node, signal)) === undefined) confirmed.add(node);
    }
    return confirmed;
  }

  async function serverNode(node: string, signal: AbortSignal): Promise<Node | undefined> {
    try {
      return await client.resource(nodes).get({ name: node }, signal);
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async function markFailed(pod: Pod, reason: string, message: string, signal: AbortSignal): Promise<void> {
    if (isPodFinished(pod)) return;
    const condition: PodCondition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason,
      message,
      lastTransitionTime: formatTime(clock.now()),
    };
    const conditions = withCondition(pod.status?.conditions, condition);
    try {
      await podClient.updateStatus({ ...pod, status: { ...pod.status, phase: 'Failed', conditions } }, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  }

  async function remove(pod: Pod, reason: SweepReason, signal: AbortSignal): Promise<void> {
    const { namespace = '' } = pod.metadata;
    metrics.swept(namespace, reason);
    try {
      await podClient.delete(pod.metadata, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } }, signal);
      log.info('swept a pod away', { pod: `${pod.metadata.namespace}/${pod.metadata.name}` });
    } catch (error) {
      if (isApiError(error, 'NotFound') || isApiError(error, 'Conflict')) return;
      metrics.failed(namespace, reason);
      throw error;
    }
  }

  return { name, run: (signal) => runPeriodically(sweep, { name, intervalMs: INTERVAL_MS, clock, log }, signal) };
}
