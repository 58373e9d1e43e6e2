// Affinity and anti-affinity between pods: required terms filter, preferred terms (and, lightly, the required terms of pods
// already placed) score. Works on groups of alike pods; a pod that no term concerns costs nothing.
import type { Snapshot } from '../cache/snapshot.ts';
import { hasTerms } from '../cache/pod-groups.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { termSelects, type PodTerm, type PodTerms } from '../framework/pod-terms.ts';
import { HIGHEST_SCORE, type Failure, type NodeCheck, type NodeRating, type Plugin } from '../framework/plugin.ts';
import type { ClusterEvent } from '../queue/cluster-event.ts';
import { TopologyCounts } from './topology-counts.ts';

const NAME = 'InterPodAffinity';
const failure = (reason: string, evictionHelps: boolean): Failure => ({
  plugin: NAME,
  reasons: [reason],
  evictionHelps,
});
const AFFINITY = failure("node(s) didn't match pod affinity rules", false);
const ANTI_AFFINITY = failure("node(s) didn't match pod anti-affinity rules", true);
const EXISTING_ANTI_AFFINITY = failure("node(s) didn't satisfy existing pods anti-affinity rules", true);

export interface InterPodAffinityArgs {
  /** What a required affinity term of a placed pod adds to nodes near it. */
  readonly hardPodAffinityWeight: number;
  readonly ignorePreferredTermsOfExistingPods: boolean;
}

export const DEFAULT_INTER_POD_AFFINITY_ARGS: InterPodAffinityArgs = {
  hardPodAffinityWeight: 1,
  ignorePreferredTermsOfExistingPods: false,
};

export function interPodAffinity(args: InterPodAffinityArgs = DEFAULT_INTER_POD_AFFINITY_ARGS): Plugin {
  return {
    name: NAME,
    clusterFilter: prepareFilter,
    clusterScore: (pod, snapshot, feasible) => prepareScore(args, pod, snapshot, feasible),
    helps,
  };
}

function prepareFilter(pod: PodInfo, snapshot: Snapshot): NodeCheck | undefined {
  const existing = countExistingAntiAffinity(pod, snapshot);
  const { requiredAffinity, requiredAntiAffinity } = pod.terms;
  if (existing === undefined && requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return undefined;
  const near = new TopologyCounts(snapshot);
  const far = new TopologyCounts(snapshot);
  if (requiredAffinity.length > 0 || requiredAntiAffinity.length > 0) {
    for (const group of snapshot.groups.all) {
      const labels = snapshot.namespaceLabels(group.namespace);
      if (requiredAffinity.length > 0 && requiredAffinity.every((term) => termSelects(term, group, labels))) {
        for (const term of requiredAffinity) near.addGroup(term.topologyKey, group.nodes, 1);
      }
      for (const term of requiredAntiAffinity) {
        if (termSelects(term, group, labels)) far.addGroup(term.topologyKey, group.nodes, 1);
      }
    }
  }
  const own = snapshot.namespaceLabels(pod.namespace);
  // The first pod of a set that wants to be together has nobody to join: it may go anywhere.
  const mayBeFirst = near.isEmpty && requiredAffinity.every((term) => termSelects(term, pod, own));
  return (node) => {
    if (!satisfiesAffinity(requiredAffinity, near, node, mayBeFirst)) return AFFINITY;
    for (const { topologyKey } of requiredAntiAffinity) {
      if (far.at(topologyKey, node.labels[topologyKey]) > 0) return ANTI_AFFINITY;
    }
    return existing?.anyAt(node) ? EXISTING_ANTI_AFFINITY : undefined;
  };
}

function satisfiesAffinity(
  terms: readonly PodTerm[],
  near: TopologyCounts,
  node: NodeInfo,
  mayBeFirst: boolean,
): boolean {
  let joined = true;
  for (const { topologyKey } of terms) {
    const value = node.labels[topologyKey];
    if (value === undefined) return false;
    if (near.at(topologyKey, value) <= 0) joined = false;
  }
  return joined || mayBeFirst;
}

/** Where placed pods refuse this one; undefined when none does. */
function countExistingAntiAffinity(pod: PodInfo, snapshot: Snapshot): TopologyCounts | undefined {
  if (!snapshot.groups.anyWithTerms) return undefined;
  const labels = snapshot.namespaceLabels(pod.namespace);
  let counts: TopologyCounts | undefined;
  for (const group of snapshot.groups.withTerms) {
    for (const term of group.terms.requiredAntiAffinity) {
      if (!termSelects(term, pod, labels)) continue;
      counts ??= new TopologyCounts(snapshot);
      counts.addGroup(term.topologyKey, group.nodes, 1);
    }
  }
  return counts === undefined || counts.isEmpty ? undefined : counts;
}

function prepareScore(
  args: InterPodAffinityArgs,
  pod: PodInfo,
  snapshot: Snapshot,
  feasibleNodes: () => readonly NodeInfo[],
): NodeRating | undefined {
  const sums = sumPreferences(args, pod, snapshot);
  if (sums === undefined) return undefined;
  const feasible = feasibleNodes();
  let least = Infinity;
  let most = -Infinity;
  for (const node of feasible) {
    const sum = sums.sumAt(node);
    least = Math.min(least, sum);
    most = Math.max(most, sum);
  }
  if (most <= least) return () => 0;
  return (node) => Math.trunc(HIGHEST_SCORE * ((sums.sumAt(node) - least) / (most - least)));
}

function sumPreferences(args: InterPodAffinityArgs, pod: PodInfo, snapshot: Snapshot): TopologyCounts | undefined {
  const { preferredAffinity, preferredAntiAffinity } = pod.terms;
  const prefers = preferredAffinity.length > 0 || preferredAntiAffinity.length > 0;
  if (!prefers && !snapshot.groups.anyWithTerms) return undefined;
  const own = snapshot.namespaceLabels(pod.namespace);
  const sums = new TopologyCounts(snapshot);
  for (const group of prefers ? snapshot.groups.all : snapshot.groups.withTerms) {
    if (prefers) {
      const labels = snapshot.namespaceLabels(group.namespace);
      for (const term of preferredAffinity) {
        if (termSelects(term, group, labels)) sums.addGroup(term.topologyKey, group.nodes, term.weight);
      }
      for (const term of preferredAntiAffinity) {
        if (termSelects(term, group, labels)) sums.addGroup(term.topologyKey, group.nodes, -term.weight);
      }
    }
    if (!hasTerms(group.terms)) continue;
    if (args.hardPodAffinityWeight > 0) {
      for (const term of group.terms.requiredAffinity) {
        if (termSelects(term, pod, own)) sums.addGroup(term.topologyKey, group.nodes, args.hardPodAffinityWeight);
      }
    }
    if (args.ignorePreferredTermsOfExistingPods && !prefers) continue;
    for (const term of group.terms.preferredAffinity) {
      if (termSelects(term, pod, own)) sums.addGroup(term.topologyKey, group.nodes, term.weight);
    }
    for (const term of group.terms.preferredAntiAffinity) {
      if (termSelects(term, pod, own)) sums.addGroup(term.topologyKey, group.nodes, -term.weight);
    }
  }
  return sums.isEmpty ? undefined : sums;
}

function helps(pod: PodInfo, event: ClusterEvent): boolean {
  switch (event.on) {
    case 'node-added':
    case 'node-changed':
    case 'namespace-changed':
      return true;
    case 'pod-added':
    case 'pod-changed':
      return pod.terms.requiredAffinity.some((term) => selectsByName(term, event.pod));
    case 'pod-removed':
      return (
        pod.terms.requiredAntiAffinity.some((term) => selectsByName(term, event.pod)) ||
        hasRequiredAntiAffinity(event.pod.terms)
      );
    case 'node-removed':
      return false;
  }
}

function hasRequiredAntiAffinity(terms: PodTerms): boolean {
  return terms.requiredAntiAffinity.length > 0;
}

/** Without the labels of the namespace at hand, a namespace selector may always match. */
function selectsByName(term: PodTerm, pod: PodInfo): boolean {
  return termSelects(
    { ...term, namespaces: new Set([...term.namespaces, ...(term.namespaceSelector ? [pod.namespace] : [])]) },
    pod,
    {},
  );
}
