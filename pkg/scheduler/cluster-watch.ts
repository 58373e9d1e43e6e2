// Turns what informers report into what the cache and the queue need to know. Synchronous: when a report has been handled,
// the next decision counts with it.
import type { Namespace, Node, Pod } from '../api/schema/generated/core.v1.gen.ts';
import type { Clock } from '../clock/clock.ts';
import type { NominatedPods } from './cache/nominated-pods.ts';
import type { SchedulerCache } from './cache/scheduler-cache.ts';
import { hasFinished, podInfoOf } from './framework/pod-info.ts';
import { SharedStrings } from './framework/shared-strings.ts';
import type { ClusterEvent } from './queue/cluster-event.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export interface WatchedParts {
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominated: NominatedPods;
  readonly clock: Clock;
  /** Whether a profile of this scheduler is responsible for the pod. */
  isOurs(pod: Pod): boolean;
  /** The pod is on a node or gone: nothing that was to be said about it holds. */
  settled(uid: string): void;
  /** Something may have become ready. */
  wake(): void;
}

/** Descriptions of pods that are kept to be shared: two for each kind of pod. */
const MOST_STRINGS = 20_000;

export class ClusterWatch {
  readonly #parts: WatchedParts;
  readonly #strings = new SharedStrings(MOST_STRINGS);

  constructor(parts: WatchedParts) {
    this.#parts = parts;
  }

  podSeen(pod: Pod): void {
    if (hasFinished(pod)) return this.podGone(pod);
    if (pod.spec.nodeName) this.#placedPodSeen(pod, pod.spec.nodeName);
    else if (this.#parts.isOurs(pod)) this.#pendingPodSeen(pod);
    this.#parts.wake();
  }

  podGone(pod: Pod): void {
    const { cache, queue, nominated } = this.#parts;
    const { uid } = pod.metadata;
    queue.delete(uid);
    const wasNominated = nominated.nodeOf(uid);
    nominated.delete(uid);
    this.#parts.settled(uid);
    const placement = cache.removePod(uid);
    if (placement !== undefined) {
      this.#happened({ on: 'pod-removed', pod: placement.pod, node: cache.snapshot.node(placement.nodeName) });
    } else if (wasNominated !== undefined) {
      this.#happened({
        on: 'pod-removed',
        pod: podInfoOf(pod, this.#strings),
        node: cache.snapshot.node(wasNominated),
      });
    }
    this.#parts.wake();
  }

  nodeSeen(node: Node, before: Node | undefined): void {
    const { cache } = this.#parts;
    const known = cache.snapshot.node(node.metadata.name)?.node;
    if (before !== undefined && known !== undefined && !nodeMatters(before, node)) return;
    const info = cache.setNode(node);
    this.#happened(
      known === undefined ? { on: 'node-added', node: info } : { on: 'node-changed', before: known, node: info },
    );
  }

  nodeGone(node: Node): void {
    this.#parts.cache.removeNode(node.metadata.name);
    this.#happened({ on: 'node-removed', node });
  }

  namespaceSeen({ metadata }: Namespace): void {
    this.#parts.cache.snapshot.setNamespace(metadata.name, metadata.labels ?? {});
    this.#happened({ on: 'namespace-changed', name: metadata.name });
  }

  namespaceGone({ metadata }: Namespace): void {
    this.#parts.cache.snapshot.setNamespace(metadata.name, undefined);
  }

  #placedPodSeen(pod: Pod, nodeName: string): void {
    const { cache, queue, nominated } = this.#parts;
    const info = podInfoOf(pod, this.#strings);
    const before = cache.placementOf(info.uid);
    queue.delete(info.uid);
    nominated.delete(info.uid);
    this.#parts.settled(info.uid);
    if (!cache.setPod(info, nodeName)) return;
    const node = cache.snapshot.node(nodeName);
    if (before === undefined) this.#happened({ on: 'pod-added', pod: info });
    else this.#happened({ on: 'pod-changed', before: before.pod, pod: info, node });
  }

  #pendingPodSeen(pod: Pod): void {
    const { cache, queue, nominated, clock } = this.#parts;
    const info = podInfoOf(pod, this.#strings);
    if (pod.metadata.deletionTimestamp !== undefined) {
      // A pod that is being deleted before it ever ran gets no node.
      queue.delete(info.uid);
      nominated.delete(info.uid);
      return;
    }
    // Its binding is under way; if that fails, the newest version is asked for.
    if (cache.isAssumed(info.uid)) return;
    const nodeName = pod.status?.nominatedNodeName;
    if (nodeName !== undefined && nodeName !== '') nominated.set(info, nodeName);
    if (queue.whereIs(info.uid) === undefined) queue.add(info, clock.now());
    else queue.update(info, clock.now());
  }

  #happened(event: ClusterEvent): void {
    this.#parts.queue.onEvent(event, this.#parts.clock.now());
    this.#parts.wake();
  }
}

/** Whether anything changed that a decision reads; heartbeats change none of it. */
function nodeMatters(before: Node, after: Node): boolean {
  return (
    before.spec?.unschedulable !== after.spec?.unschedulable ||
    differs(before.metadata.labels, after.metadata.labels) ||
    differs(before.spec?.taints, after.spec?.taints) ||
    differs(before.status?.allocatable, after.status?.allocatable) ||
    differs(before.status?.images, after.status?.images)
  );
}

function differs(a: unknown, b: unknown): boolean {
  return a !== b && JSON.stringify(a) !== JSON.stringify(b);
}
