// The cluster as decisions see it: nodes with their pods, and indexes over them. Every change touches the entry of one node
// and leaves a note in the change log. Reading and changing happen in turns on one thread, so nothing is ever copied.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Labels } from '../framework/pod-terms.ts';
import { ChangeLog } from './change-log.ts';
import { PodGroups } from './pod-groups.ts';
import { TopologyIndex } from './topology-index.ts';

const NO_LABELS: Labels = {};
/** How many changes of nodes are remembered; a shape of pod not seen for longer is looked at anew. */
const REMEMBERED_CHANGES = 20_000;

export class Snapshot {
  readonly changes = new ChangeLog(REMEMBERED_CHANGES);
  readonly groups = new PodGroups();
  readonly #slots: (NodeInfo | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byName = new Map<string, NodeInfo>();
  readonly #imageCounts = new Map<string, number>();
  readonly #topology = new TopologyIndex();
  readonly #namespaces = new Map<string, Labels>();
  /** Priority -> how many placed pods have it. */
  readonly #priorities = new Map<number, number>();
  #nodeCount = 0;

  /** Nodes that exist; those of which only pods are known are not counted. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** Slots run from 0 to this, some of them empty. */
  get slotCount(): number {
    return this.#slots.length;
  }

  /** The node in a slot if it exists. */
  at(slot: number): NodeInfo | undefined {
    const info = this.#slots[slot];
    return info?.node === undefined ? undefined : info;
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#byName.get(name);
    return info?.node === undefined ? undefined : info;
  }

  *nodes(): Generator<NodeInfo> {
    for (const info of this.#slots) if (info?.node !== undefined) yield info;
  }

  nodesWithImage(image: string): number {
    return this.#imageCounts.get(image) ?? 0;
  }

  /** The places of a topology, with the number of nodes at each. */
  places(topologyKey: string): ReadonlyMap<string, number> {
    return this.#topology.places(topologyKey, () => this.nodes().map((node) => node.labels));
  }

  namespaceLabels(namespace: string): Labels {
    return this.#namespaces.get(namespace) ?? NO_LABELS;
  }

  /** Of all pods on nodes; Infinity without any. */
  get lowestPriority(): number {
    let lowest = Infinity;
    for (const priority of this.#priorities.keys()) lowest = Math.min(lowest, priority);
    return lowest;
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, labels);
  }

  setNode(node: Node): NodeInfo {
    const info = this.#entry(node.metadata.name);
    if (info.node === undefined) this.#nodeCount++;
    this.#countImages(info, -1);
    const before = info.node === undefined ? undefined : info.labels;
    info.setNode(node);
    this.#topology.replace(before, info.labels);
    this.#countImages(info, 1);
    this.changes.add(info.slot);
    return info;
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name);
    if (info?.node === undefined) return;
    this.#nodeCount--;
    this.#countImages(info, -1);
    this.#topology.replace(info.labels, undefined);
    info.setNode(undefined);
    this.changes.add(info.slot);
    this.#dropIfEmpty(info);
  }

  addPod(pod: PodInfo, nodeName: string): NodeInfo {
    const info = this.#entry(nodeName);
    info.addPod(pod);
    this.groups.add(pod, info.slot);
    this.#priorities.set(pod.priority, (this.#priorities.get(pod.priority) ?? 0) + 1);
    this.changes.add(info.slot);
    return info;
  }

  removePod(uid: string, nodeName: string): void {
    const info = this.#byName.get(nodeName);
    const pod = info?.removePod(uid);
    if (info === undefined || pod === undefined) return;
    this.groups.remove(pod, info.slot);
    const left = (this.#priorities.get(pod.priority) ?? 0) - 1;
    if (left > 0) this.#priorities.set(pod.priority, left);
    else this.#priorities.delete(pod.priority);
    this.changes.add(info.slot);
    this.#dropIfEmpty(info);
  }

  /** A newer version of a pod that takes the same and looks the same: nobody needs to be asked again. */
  replacePod(pod: PodInfo, nodeName: string): void {
    const pods = this.#byName.get(nodeName)?.pods;
    if (pods?.has(pod.uid) === true) pods.set(pod.uid, pod);
  }

  #entry(name: string): NodeInfo {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#slots.length;
    const info = new NodeInfo(name, slot);
    this.#slots[slot] = info;
    this.#byName.set(name, info);
    return info;
  }

  #dropIfEmpty(info: NodeInfo): void {
    if (info.node !== undefined || info.pods.size > 0) return;
    this.#slots[info.slot] = undefined;
    this.#byName.delete(info.name);
    this.#free.push(info.slot);
  }

  #countImages(info: NodeInfo, change: 1 | -1): void {
    for (const image of info.images.keys()) {
      const count = (this.#imageCounts.get(image) ?? 0) + change;
      if (count === 0) this.#imageCounts.delete(image);
      else this.#imageCounts.set(image, count);
    }
  }

  /** Everything that decisions read, independent of the order of events that led here. */
  describe(): unknown {
    const named = (slot: number) => this.#slots[slot]?.name ?? '';
    return {
      nodeCount: this.#nodeCount,
      nodes: Object.fromEntries([...this.#byName].map(([name, info]) => [name, info.describe()])),
      priorities: Object.fromEntries(this.#priorities),
      images: Object.fromEntries(this.#imageCounts),
      groups: Object.fromEntries(
        [...this.groups.all].map((group) => [
          group.key,
          Object.fromEntries([...group.nodes].map(([slot, count]) => [named(slot), count])),
        ]),
      ),
      withTerms: new Set([...this.groups.withTerms].map((group) => group.key)),
      namespaces: Object.fromEntries(this.#namespaces),
    };
  }
}
