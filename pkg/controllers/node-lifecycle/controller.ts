// Notices nodes that have fallen silent, says so in their conditions and taints, and marks their pods not ready so that no
// traffic goes there. What evicts pods from tainted nodes is the taint-eviction controller.
import { isApiError } from '../../api/meta/status.ts';
import { findCondition, withCondition } from '../../api/meta/conditions.ts';
import { formatTime } from '../../api/meta/time.ts';
import { leases, nodes, pods } from '../../api/resources.ts';
import type { Node, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { TokenBucket } from '../../client/work-queue.ts';
import type { Instant } from '../../clock/clock.ts';
import { controllerQueue, runPeriodically, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isPodReady } from '../pods.ts';
import { NODE_INDEX, nodeIndex } from '../node-index.ts';
import {
  monitorIntervalMs,
  observeHealth,
  readyStatus,
  silencedConditions,
  silentAt,
  type GracePeriods,
  type NodeHealth,
} from './health.ts';
import { noNodeMetrics, registerNodeMetrics } from './metrics.ts';
import { nextTaints, wantsEviction } from './taints.ts';
import { zoneOf, zoneRates, type EvictionRates } from './zones.ts';

export interface NodeLifecycleOptions extends GracePeriods {
  readonly monitorPeriodMs: number;
  readonly evictionRates: EvictionRates;
}

const LEASE_NAMESPACE = 'kube-node-lease';
const CHECKED_AT_ONCE = 8;

export function nodeLifecycleController(context: ControllerContext, options: NodeLifecycleOptions): Controller {
  const name = 'node-lifecycle-controller';
  const { client, clock, log } = context;
  const queue = controllerQueue(context, 'node_lifecycle_controller');
  const recorder = context.recorder('node-controller');
  const nodeClient = client.resource(nodes);
  const podClient = client.resource(pods);
  const nodeInformer = context.informers.of(nodes);
  const leaseInformer = context.informers.of(leases);
  const podInformer = context.informers.of(pods, { [NODE_INDEX]: nodeIndex });
  const metrics = context.registry === undefined ? noNodeMetrics : registerNodeMetrics(context.registry);
  const health = new Map<string, NodeHealth>();
  const evictions = new Map<string, { rate: number; bucket: TokenBucket }>();
  /** As the clock would go if nobody set it: a step of it must not make nodes look silent. */
  const steadyFrom: Instant = clock.now() - clock.elapsed();
  const steadyNow = (): Instant => steadyFrom + clock.elapsed();
  let allDown = false;
  const podSeen = (pod: Pod) => {
    const node = isPodReady(pod) ? nodeInformer.store.get(pod.spec.nodeName ?? '') : undefined;
    if (node !== undefined && readyStatus(node) === 'Unknown') queue.add(node.metadata.name);
  };

  nodeInformer.on({
    added: (node) => {
      tell(
        node,
        'RegisteredNode',
        `Node ${node.metadata.name} event: Registered Node ${node.metadata.name} in Controller`,
      );
      queue.add(node.metadata.name);
    },
    changed: (node) => queue.add(node.metadata.name),
    deleted: (node) => {
      health.delete(node.metadata.name);
      tell(
        node,
        'RemovingNode',
        `Node ${node.metadata.name} event: Removing Node ${node.metadata.name} from Controller`,
      );
    },
  });
  podInformer.on({ added: podSeen, changed: podSeen });

  /** Brings one node's taints, and the readiness of its pods, in line with its conditions. */
  async function sync(nodeName: string, signal: AbortSignal): Promise<void> {
    const node = nodeInformer.store.get(nodeName);
    if (node === undefined) return;
    const taints = nextTaints(node, evictionOf(node), clock.now());
    if (taints !== undefined) {
      const { resourceVersion } = node.metadata;
      await ignoringGone(
        nodeClient.patch(node.metadata, { metadata: { resourceVersion }, spec: { taints } }, 'merge', {}, signal),
      );
    }
    if (readyStatus(node) === 'Unknown') await markPodsNotReady(node, signal);
  }

  function evictionOf(node: Node): 'now' | 'wait' | 'never' {
    if (allDown) return 'never';
    if (!wantsEviction(node)) return 'now';
    const zone = zoneOf(node);
    if (evictions.get(zone)?.bucket.take() !== true) return 'wait';
    metrics.gaveUp(zone);
    return 'now';
  }

  async function monitor(signal: AbortSignal): Promise<void> {
    const began = clock.now();
    await checkAll(nodeInformer.store.list(), signal);
    metrics.checked(nodeInformer.store.list(), (clock.now() - began) / 1000);
    const { rates, allDown: down } = zoneRates(nodeInformer.store.list(), options.evictionRates);
    if (down !== allDown) log.warn(down ? 'no node answers: evictions stop' : 'nodes answer again: evictions go on');
    allDown = down;
    for (const zone of evictions.keys()) if (!rates.has(zone)) evictions.delete(zone);
    for (const [zone, rate] of rates) {
      if (evictions.get(zone)?.rate === rate) continue;
      evictions.set(zone, { rate, bucket: new TokenBucket(rate, rate > 0 ? 1 : 0, clock) });
    }
    // Nodes whose taints depend on what was decided just now.
    for (const node of nodeInformer.store.list()) if (readyStatus(node) !== 'True') queue.add(node.metadata.name);
  }

  /** Several at once: when a whole zone falls silent, each of its nodes costs a write. */
  async function checkAll(known: readonly Node[], signal: AbortSignal): Promise<void> {
    const waiting = [...known];
    const check = async () => {
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        const began = clock.now();
        await checkHealth(node, signal);
        metrics.checkedOne((clock.now() - began) / 1000);
      }
    };
    await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, check));
  }

  async function checkHealth(node: Node, signal: AbortSignal): Promise<void> {
    const now = steadyNow();
    const lease = leaseInformer.store.get({ namespace: LEASE_NAMESPACE, name: node.metadata.name });
    const seen = observeHealth(health.get(node.metadata.name), node, lease, now);
    health.set(node.metadata.name, seen);
    const conditions = now > silentAt(node, seen, options) ? silencedConditions(node, clock.now()) : undefined;
    if (conditions === undefined) return;
    try {
      await nodeClient.updateStatus({ ...node, status: { ...node.status, conditions } }, {}, signal);
    } catch (error) {
      // The node was heard of or changed meanwhile: the next turn decides anew.
      if (isApiError(error, 'Conflict') || isApiError(error, 'NotFound')) return;
      throw error;
    }
    log.info('a node has fallen silent', { node: node.metadata.name });
    if (findCondition(node.status?.conditions, 'Ready')?.status === 'True') {
      tell(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
    }
  }

  async function markPodsNotReady(node: Node, signal: AbortSignal): Promise<void> {
    const ready = podInformer.store.byIndex(NODE_INDEX, node.metadata.name).filter(isPodReady);
    for (const pod of ready) {
      const before = findCondition(pod.status?.conditions, 'Ready');
      if (before === undefined) continue;
      const condition = { ...before, status: 'False', lastTransitionTime: formatTime(clock.now()) };
      const conditions = withCondition(pod.status?.conditions, condition);
      await ignoringGone(podClient.updateStatus({ ...pod, status: { ...pod.status, conditions } }, {}, signal));
      recorder.record(pod, { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
    }
  }

  async function ignoringGone(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  function tell(node: Node, reason: string, message: string): void {
    recorder.record(node, { type: 'Normal', reason, message });
  }

  async function run(signal: AbortSignal): Promise<void> {
    const monitoring = { name, intervalMs: monitorIntervalMs(options), clock, log };
    await Promise.all([
      runPeriodically(monitor, monitoring, signal),
      runWorkers({ name, queue, workers: 4, log, sync }, signal),
    ]);
  }

  return { name, run };
}
