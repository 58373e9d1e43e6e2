// What the scheduler holds to be true of the cluster: what the API server has said, and what it has itself decided and not
// yet heard confirmed. An assumed pod takes its place at once, so that the next decision counts with it; it is confirmed by
// the watch, forgotten when its binding fails, and asked after when the watch stays silent for long.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { Snapshot } from './snapshot.ts';

interface Placement {
  readonly pod: PodInfo;
  readonly nodeName: string;
  readonly state: 'assumed' | 'confirmed';
  /** When the API server took the binding of an assumed pod. */
  readonly boundAt?: Instant;
}

export class SchedulerCache {
  readonly snapshot = new Snapshot();
  readonly #placements = new Map<string, Placement>();
  /** Uids of assumed pods. */
  readonly #assumed = new Set<string>();

  get sizes(): { readonly nodes: number; readonly pods: number; readonly assumed_pods: number } {
    return { nodes: this.snapshot.nodeCount, pods: this.#placements.size, assumed_pods: this.#assumed.size };
  }

  placementOf(uid: string): { readonly pod: PodInfo; readonly nodeName: string } | undefined {
    return this.#placements.get(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  /** Answers false when the pod is placed already: a second decision about it would count it twice. */
  assume(pod: PodInfo, nodeName: string): boolean {
    if (this.#placements.has(pod.uid)) return false;
    this.#place({ pod, nodeName, state: 'assumed' });
    return true;
  }

  finishBinding(uid: string, now: Instant): void {
    const placement = this.#placements.get(uid);
    if (placement?.state === 'assumed') this.#placements.set(uid, { ...placement, boundAt: now });
  }

  /** Gives up an assumption; a pod that the watch has confirmed stays. Answers with what was given up. */
  forget(uid: string): { readonly pod: PodInfo; readonly nodeName: string } | undefined {
    const placement = this.#placements.get(uid);
    if (placement?.state !== 'assumed') return undefined;
    this.#displace(uid, placement);
    return placement;
  }

  /**
   * A pod on a node, as the API server says; ends the assumption about it. Answers whether that changes anything for
   * other pods.
   */
  setPod(pod: PodInfo, nodeName: string): boolean {
    const known = this.#placements.get(pod.uid);
    if (known !== undefined && known.nodeName === nodeName && sameFootprint(known.pod, pod)) {
      this.snapshot.replacePod(pod, nodeName);
      this.#placements.set(pod.uid, { pod, nodeName, state: 'confirmed' });
      this.#assumed.delete(pod.uid);
      return false;
    }
    if (known !== undefined) this.#displace(pod.uid, known);
    this.#place({ pod, nodeName, state: 'confirmed' });
    return true;
  }

  /** The pod is gone, or has finished and needs nothing any more. Answers with where it was. */
  removePod(uid: string): { readonly pod: PodInfo; readonly nodeName: string } | undefined {
    const known = this.#placements.get(uid);
    if (known !== undefined) this.#displace(uid, known);
    return known;
  }

  setNode(node: Node): NodeInfo {
    return this.snapshot.setNode(node);
  }

  removeNode(name: string): void {
    this.snapshot.removeNode(name);
  }

  /** Pods bound before `instant` of which the watch has said nothing yet. */
  unconfirmedSince(instant: Instant): PodInfo[] {
    return [...this.#assumed].flatMap((uid) => {
      const placement = this.#placements.get(uid);
      return placement?.boundAt !== undefined && placement.boundAt < instant ? [placement.pod] : [];
    });
  }

  #place(placement: Placement): void {
    this.#placements.set(placement.pod.uid, placement);
    if (placement.state === 'assumed') this.#assumed.add(placement.pod.uid);
    this.snapshot.addPod(placement.pod, placement.nodeName);
  }

  #displace(uid: string, { nodeName }: Placement): void {
    this.#placements.delete(uid);
    this.#assumed.delete(uid);
    this.snapshot.removePod(uid, nodeName);
  }
}

/** Whether the two versions of a pod take the same from their node and look the same to other pods. */
function sameFootprint(a: PodInfo, b: PodInfo): boolean {
  const [x, y] = [a.requested, b.requested];
  return (
    a.group === b.group &&
    x.milliCpu === y.milliCpu &&
    x.memory === y.memory &&
    x.ephemeralStorage === y.ephemeralStorage &&
    a.assumedMilliCpu === b.assumedMilliCpu &&
    a.assumedMemory === b.assumedMemory &&
    x.scalars.size === y.scalars.size &&
    [...x.scalars].every(([name, amount]) => y.scalars.get(name) === amount) &&
    a.hostPorts.length === b.hostPorts.length &&
    JSON.stringify(a.hostPorts) === JSON.stringify(b.hostPorts)
  );
}
