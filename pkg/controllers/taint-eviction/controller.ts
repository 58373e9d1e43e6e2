// Deletes pods from nodes with NoExecute taints that they do not tolerate, or tolerate only for so long.
import { withCondition } from '../../api/meta/conditions.ts';
import { isApiError } from '../../api/meta/status.ts';
import { formatTime } from '../../api/meta/time.ts';
import { nodes, pods } from '../../api/resources.ts';
import type { Node, Pod, PodCondition } from '../../api/schema/generated/core.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import type { Instant } from '../../clock/clock.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { NODE_INDEX, nodeIndex } from '../node-index.ts';
import { isPodFinished } from '../pods.ts';
import { noEvictionMetrics, registerEvictionMetrics } from './metrics.ts';
import { evictionTime } from './reconcile.ts';

export function taintEvictionController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'taint-eviction-controller';
  const { clock } = context;
  const queue = controllerQueue(context, 'taint_eviction');
  const recorder = context.recorder(name);
  const metrics = context.registry === undefined ? noEvictionMetrics : registerEvictionMetrics(context.registry);
  const podClient = context.client.resource(pods);
  const nodeInformer = context.informers.of(nodes);
  const podInformer = context.informers.of(pods, { [NODE_INDEX]: nodeIndex });
  /** Pods that will have to go, and since when that is known. */
  const doomed = new Map<string, Instant>();
  const evicted = new Map<string, string>();
  const hasNoExecute = (node: Node | undefined) =>
    (node?.spec.taints ?? []).some((taint) => taint.effect === 'NoExecute');
  const enqueuePod = (pod: Pod) => {
    if (doomed.has(keyOf(pod)) || hasNoExecute(nodeInformer.store.get(pod.spec.nodeName ?? ''))) queue.add(keyOf(pod));
  };
  const enqueueNode = (node: Node, before?: Node) => {
    if (!hasNoExecute(node) && !hasNoExecute(before)) return;
    for (const pod of podInformer.store.byIndex(NODE_INDEX, node.metadata.name)) queue.add(keyOf(pod));
  };
  nodeInformer.on({
    added: (node) => enqueueNode(node),
    changed: (node, before) => {
      if (node.spec.taints !== before.spec.taints) enqueueNode(node, before);
    },
  });
  podInformer.on({ added: enqueuePod, changed: enqueuePod, deleted: forget });

  function forget(pod: Pod): void {
    forgetKey(keyOf(pod));
  }

  function forgetKey(key: string): void {
    doomed.delete(key);
    evicted.delete(key);
  }

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const pod = podInformer.store.get(key);
    const node = pod === undefined ? undefined : nodeInformer.store.get(pod.spec.nodeName ?? '');
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return forgetKey(key);
    const now = clock.now();
    const since = doomed.get(key) ?? now;
    const at = node === undefined ? undefined : evictionTime(pod, node, since);
    if (at === undefined) {
      if (doomed.delete(key)) tell(pod, `Cancelling deletion of Pod ${key}`);
      return;
    }
    doomed.set(key, since);
    if (at > now) return queue.addAfter(key, at - now);
    // The watch may not show yet that the pod was evicted; a new pod of its name is another one.
    if (evicted.get(key) === pod.metadata.uid) return;
    tell(pod, `Marking for deletion Pod ${key}`);
    await evict(pod, signal);
    evicted.set(key, pod.metadata.uid);
    metrics.evicted(clock.now() - Math.max(at, since));
  }

  async function evict(pod: Pod, signal: AbortSignal): Promise<void> {
    try {
      if (!isPodFinished(pod)) {
        const condition: PodCondition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByTaintManager',
          message: 'Taint manager: deleting due to NoExecute taint',
          lastTransitionTime: formatTime(clock.now()),
        };
        const conditions = withCondition(pod.status?.conditions, condition);
        await podClient.updateStatus({ ...pod, status: { ...pod.status, conditions } }, {}, signal);
      }
      await podClient.delete(pod.metadata, { preconditions: { uid: pod.metadata.uid } }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  function tell(pod: Pod, message: string): void {
    recorder.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message });
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
