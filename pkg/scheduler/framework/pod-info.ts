// A pod as the scheduler sees it: what plugins need, read once. Pods with equal `shape` get the same verdict and score of
// every plugin that looks at one node only; `group` says which pods look the same to other pods' terms.
import type { Pod, Toleration } from '../../api/schema/generated/core.v1.gen.ts';
import { hostPortsOf, type HostPort } from './host-ports.ts';
import { podTermsOf, type Labels, type PodTerms } from './pod-terms.ts';
import { podResources, type PodResources, type Resources } from './resources.ts';
import type { SharedStrings } from './shared-strings.ts';

export interface PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  /** namespace/name. */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly priority: number;
  readonly requested: Resources;
  readonly assumedMilliCpu: number;
  readonly assumedMemory: number;
  readonly hostPorts: readonly HostPort[];
  readonly tolerations: readonly Toleration[];
  readonly terms: PodTerms;
  /** Images of the containers, normalised to carry a tag. */
  readonly images: readonly string[];
  readonly shape: string;
  readonly group: string;
}

const NO_TOLERATIONS: readonly Toleration[] = [];

/** `strings`: where pods that look alike get their descriptions from, so that a hundred thousand share a few. */
export function podInfoOf(pod: Pod, strings?: SharedStrings): PodInfo {
  const { spec, metadata } = pod;
  const namespace = metadata.namespace ?? '';
  const resources = podResources(pod);
  const share = (text: string) => strings?.share(text) ?? text;
  const hostPorts = hostPortsOf(pod);
  const images = spec.containers.map((container) => normalizedImage(container.image ?? ''));
  const labels = metadata.labels ?? {};
  const group = JSON.stringify([
    namespace,
    sortedEntries(labels),
    metadata.deletionTimestamp !== undefined,
    spec.affinity?.podAffinity,
    spec.affinity?.podAntiAffinity,
  ]);
  return {
    pod,
    uid: metadata.uid,
    key: `${namespace}/${metadata.name}`,
    namespace,
    labels,
    priority: spec.priority ?? 0,
    ...resources,
    hostPorts,
    tolerations: spec.tolerations ?? NO_TOLERATIONS,
    terms: podTermsOf(pod),
    images,
    shape: spec.nodeName ? `${metadata.uid} on ${spec.nodeName}` : share(shapeOf(pod, resources, hostPorts, images)),
    group: share(group),
  };
}

/** What plugins that look at one node only can tell pods apart by. Pods that have a node are not asked about any more. */
function shapeOf(
  { spec }: Pod,
  { requested, assumedMilliCpu, assumedMemory }: PodResources,
  hostPorts: readonly HostPort[],
  images: readonly string[],
): string {
  return JSON.stringify([
    spec.nodeSelector,
    spec.affinity?.nodeAffinity,
    spec.tolerations,
    requested.milliCpu,
    requested.memory,
    requested.ephemeralStorage,
    assumedMilliCpu,
    assumedMemory,
    requested.scalars.size === 0 ? undefined : [...requested.scalars].sort(([a], [b]) => (a < b ? -1 : 1)),
    hostPorts,
    images,
  ]);
}

/** Kubernetes compares image names with a tag: one without gets `:latest`. */
export function normalizedImage(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}

function sortedEntries(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}

export function hasFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
