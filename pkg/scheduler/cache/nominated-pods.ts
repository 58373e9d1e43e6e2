// Pods that wait for a node to be cleared for them by preemption. Until they are placed, pods of lower priority must leave
// them that room.
import type { PodInfo } from '../framework/pod-info.ts';

export class NominatedPods {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  get isEmpty(): boolean {
    return this.#byNode.size === 0;
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** Replaces what was known of the pod; an empty name ends the nomination. */
  set(pod: PodInfo, nodeName: string | undefined): void {
    this.delete(pod.uid);
    if (nodeName === undefined || nodeName === '') return;
    this.#nodeOf.set(pod.uid, nodeName);
    const pods = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>();
    this.#byNode.set(nodeName, pods.set(pod.uid, pod));
  }

  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  /** The nodes where pods wait before which `pod` has to stand back, with those pods. */
  *before(pod: PodInfo): Generator<{ nodeName: string; pods: readonly PodInfo[] }> {
    for (const [nodeName, waiting] of this.#byNode) {
      const pods = [...waiting.values()].filter((other) => other.uid !== pod.uid && other.priority >= pod.priority);
      if (pods.length > 0) yield { nodeName, pods };
    }
  }

  on(nodeName: string): readonly PodInfo[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])];
  }
}
