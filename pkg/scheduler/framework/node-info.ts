// A node with what runs on it, kept up to date pod by pod. `node` is undefined while pods are known of a node that is not.
import type { Node, Taint } from '../../api/schema/generated/core.v1.gen.ts';
import { HostPorts } from './host-ports.ts';
import type { PodInfo } from './pod-info.ts';
import { addResources, noResources, parseResources, type Resources } from './resources.ts';
import { wholeValue } from '../../api/meta/quantity.ts';

const NO_LABELS: Readonly<Record<string, string>> = {};
const NO_TAINTS: readonly Taint[] = [];

export class NodeInfo {
  readonly name: string;
  /** Its place in the snapshot's list of nodes. */
  readonly slot: number;
  node: Node | undefined;
  labels: Readonly<Record<string, string>> = NO_LABELS;
  taints: readonly Taint[] = NO_TAINTS;
  unschedulable = false;
  allocatable: Resources = noResources();
  allowedPods = 0;
  /** Image name -> bytes. */
  images: ReadonlyMap<string, number> = new Map();
  readonly pods = new Map<string, PodInfo>();
  readonly requested: Resources = noResources();
  assumedMilliCpu = 0;
  assumedMemory = 0;
  readonly ports = new HostPorts();

  constructor(name: string, slot: number) {
    this.name = name;
    this.slot = slot;
  }

  setNode(node: Node | undefined): void {
    this.node = node;
    this.labels = node?.metadata.labels ?? NO_LABELS;
    this.taints = node?.spec?.taints ?? NO_TAINTS;
    this.unschedulable = node?.spec?.unschedulable ?? false;
    this.allocatable = parseResources(node?.status?.allocatable);
    this.allowedPods = wholeValue(node?.status?.allocatable?.['pods'] ?? '0');
    this.images = new Map(
      (node?.status?.images ?? []).flatMap((image) =>
        (image.names ?? []).map((name): [string, number] => [name, image.sizeBytes ?? 0]),
      ),
    );
  }

  addPod(pod: PodInfo): void {
    this.pods.set(pod.uid, pod);
    addResources(this.requested, pod.requested, 1);
    this.assumedMilliCpu += pod.assumedMilliCpu;
    this.assumedMemory += pod.assumedMemory;
    if (pod.hostPorts.length > 0) this.ports.add(pod.hostPorts);
  }

  /** The pod as it was added, so that exactly what was taken is given back. */
  removePod(uid: string): PodInfo | undefined {
    const pod = this.pods.get(uid);
    if (pod === undefined) return undefined;
    this.pods.delete(uid);
    addResources(this.requested, pod.requested, -1);
    this.assumedMilliCpu -= pod.assumedMilliCpu;
    this.assumedMemory -= pod.assumedMemory;
    if (pod.hostPorts.length > 0) this.ports.remove(pod.hostPorts);
    return pod;
  }

  /** For trying things out without touching the snapshot. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.name, this.slot);
    copy.setNode(this.node);
    for (const pod of this.pods.values()) copy.addPod(pod);
    return copy;
  }

  /** Everything that decisions read, in a form that compares. */
  describe(): unknown {
    return {
      name: this.name,
      known: this.node !== undefined,
      labels: this.labels,
      taints: this.taints,
      unschedulable: this.unschedulable,
      allocatable: this.allocatable,
      allowedPods: this.allowedPods,
      images: Object.fromEntries(this.images),
      pods: [...this.pods.keys()].sort(),
      requested: { ...this.requested, scalars: Object.fromEntries(this.requested.scalars) },
      assumed: [this.assumedMilliCpu, this.assumedMemory],
      ports: this.ports.describe(),
    };
  }
}
