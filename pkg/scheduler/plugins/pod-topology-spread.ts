// Spreads pods over the places of a topology: DoNotSchedule constraints filter by skew, ScheduleAnyway constraints score.
import type { TopologySpreadConstraint } from '../../api/schema/generated/core.v1.gen.ts';
import { selectorFromObject, type LabelSelector } from '../../api/meta/label-selector.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { requiredNodeMatch, type Selectable } from '../../api/core/v1/node-selector.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { HIGHEST_SCORE, type Failure, type NodeCheck, type NodeRating, type Plugin } from '../framework/plugin.ts';
import { tolerated } from '../../api/core/v1/taints.ts';
import type { ClusterEvent } from '../queue/cluster-event.ts';

const NAME = 'PodTopologySpread';
const SKEWED: Failure = {
  plugin: NAME,
  reasons: ["node(s) didn't match pod topology spread constraints"],
  evictionHelps: true,
};
const NO_LABEL: Failure = {
  plugin: NAME,
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  evictionHelps: false,
};
const HOSTNAME = 'kubernetes.io/hostname';

interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: LabelSelector | undefined;
  readonly honorAffinity: boolean;
  readonly honorTaints: boolean;
}

/** `defaults` (PodTopologySpreadArgs) stand in for pods that have no constraints of their own. */
export function podTopologySpread(defaults: readonly TopologySpreadConstraint[] = []): Plugin {
  return {
    name: NAME,
    clusterFilter: (pod, snapshot) => prepareFilter(constraintsOf(pod, defaults, 'DoNotSchedule'), pod, snapshot),
    clusterScore: (pod, snapshot, feasible) =>
      prepareScore(constraintsOf(pod, defaults, 'ScheduleAnyway'), pod, snapshot, feasible),
    helps: (pod, event) => helps(constraintsOf(pod, defaults, 'DoNotSchedule'), pod, event),
  };
}

function constraintsOf(
  { pod, labels }: PodInfo,
  defaults: readonly TopologySpreadConstraint[],
  whenUnsatisfiable: string,
): Constraint[] {
  const own = pod.spec.topologySpreadConstraints ?? [];
  return (own.length > 0 ? own : defaults)
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      selector: selectorOf(constraint, labels),
      honorAffinity: (constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor',
      honorTaints: constraint.nodeTaintsPolicy === 'Honor',
    }));
}

/** The constraint's selector, narrowed to pods with the same values as this one under `matchLabelKeys`. */
function selectorOf(
  { labelSelector, matchLabelKeys }: TopologySpreadConstraint,
  labels: Readonly<Record<string, string>>,
): LabelSelector | undefined {
  if (labelSelector === undefined) return undefined;
  const same = (matchLabelKeys ?? []).flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator: 'In', values: [value] }];
  });
  if (same.length === 0) return selectorFromObject(labelSelector);
  return selectorFromObject({
    ...labelSelector,
    matchExpressions: [...(labelSelector.matchExpressions ?? []), ...same],
  });
}

/** Whether pods on the node count for the constraint. */
function inclusion(pod: PodInfo): (constraint: Constraint, node: NodeInfo) => boolean {
  const required: ((node: Selectable) => boolean) | undefined = requiredNodeMatch(pod.pod);
  return (constraint, node) => {
    if (constraint.honorAffinity && required !== undefined && !required(node)) return false;
    if (!constraint.honorTaints) return true;
    return node.taints.every((taint) => taint.effect === 'PreferNoSchedule' || tolerated(taint, pod.tolerations));
  };
}

/** How many pods the selector counts, by slot of their node. Pods that are being deleted do not count. */
function matchingPods(constraint: Constraint, pod: PodInfo, snapshot: Snapshot): Map<number, number> {
  const counts = new Map<number, number>();
  for (const group of snapshot.groups.all) {
    if (group.terminating || group.namespace !== pod.namespace) continue;
    if (constraint.selector?.matches(group.labels) !== true) continue;
    for (const [slot, count] of group.nodes) counts.set(slot, (counts.get(slot) ?? 0) + count);
  }
  return counts;
}

function hasAllLabels(constraints: readonly Constraint[], node: NodeInfo): boolean {
  return constraints.every(({ topologyKey }) => node.labels[topologyKey] !== undefined);
}

/** Whether every node that has a constraint's label counts for it, so that nodes need not be asked one by one. */
function countsAllNodes(constraints: readonly Constraint[], { pod }: PodInfo, snapshot: Snapshot): boolean {
  if (constraints.some(({ honorTaints }) => honorTaints) || requiredNodeMatch(pod) !== undefined) return false;
  if (constraints.length === 1) return true;
  return constraints.every(({ topologyKey }) => {
    let nodes = 0;
    for (const count of snapshot.places(topologyKey).values()) nodes += count;
    return nodes === snapshot.nodeCount;
  });
}

function prepareFilter(constraints: readonly Constraint[], pod: PodInfo, snapshot: Snapshot): NodeCheck | undefined {
  if (constraints.length === 0) return undefined;
  const included = inclusion(pod);
  const countsAll = countsAllNodes(constraints, pod, snapshot);
  const states = constraints.map((constraint) => {
    const pods = matchingPods(constraint, pod, snapshot);
    const domains = new Map<string, number>();
    if (countsAll) {
      for (const value of snapshot.places(constraint.topologyKey).keys()) domains.set(value, 0);
      for (const [slot, count] of pods) {
        const value = snapshot.at(slot)?.labels[constraint.topologyKey];
        if (value !== undefined) domains.set(value, (domains.get(value) ?? 0) + count);
      }
    } else {
      for (const node of snapshot.nodes()) {
        const value = node.labels[constraint.topologyKey];
        if (value === undefined || !hasAllLabels(constraints, node) || !included(constraint, node)) continue;
        domains.set(value, (domains.get(value) ?? 0) + (pods.get(node.slot) ?? 0));
      }
    }
    const least = domains.size < constraint.minDomains ? 0 : leastOf(domains.values());
    return { constraint, domains, least, self: constraint.selector?.matches(pod.labels) === true ? 1 : 0 };
  });
  return (node) => {
    for (const { constraint, domains, least, self } of states) {
      const value = node.labels[constraint.topologyKey];
      if (value === undefined) return NO_LABEL;
      if ((domains.get(value) ?? 0) + self - least > constraint.maxSkew) return SKEWED;
    }
    return undefined;
  };
}

function leastOf(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const number of numbers) if (number < least) least = number;
  return least;
}

function prepareScore(
  constraints: readonly Constraint[],
  pod: PodInfo,
  snapshot: Snapshot,
  feasibleNodes: () => readonly NodeInfo[],
): NodeRating | undefined {
  if (constraints.length === 0) return undefined;
  const feasible = feasibleNodes();
  const ownConstraints = (pod.pod.spec.topologySpreadConstraints ?? []).length > 0;
  const rated = ownConstraints ? feasible.filter((node) => hasAllLabels(constraints, node)) : feasible;
  const included = inclusion(pod);
  const states = constraints.map((constraint) => {
    const pods = matchingPods(constraint, pod, snapshot);
    if (constraint.topologyKey === HOSTNAME) {
      const weight = Math.log(rated.length + 2);
      return { constraint, weight, countAt: (node: NodeInfo) => pods.get(node.slot) ?? 0 };
    }
    const domains = new Map<string, number>();
    for (const node of rated) {
      const value = node.labels[constraint.topologyKey];
      if (value !== undefined) domains.set(value, 0);
    }
    for (const node of snapshot.nodes()) {
      if ((ownConstraints && !hasAllLabels(constraints, node)) || !included(constraint, node)) continue;
      const value = node.labels[constraint.topologyKey];
      const sum = value === undefined ? undefined : domains.get(value);
      if (value !== undefined && sum !== undefined) domains.set(value, sum + (pods.get(node.slot) ?? 0));
    }
    const weight = Math.log(domains.size + 2);
    return {
      constraint,
      weight,
      countAt: (node: NodeInfo) => domains.get(node.labels[constraint.topologyKey] ?? '') ?? 0,
    };
  });
  const raw = new Map<number, number>();
  for (const node of rated) {
    let score = 0;
    for (const { constraint, weight, countAt } of states) {
      if (node.labels[constraint.topologyKey] === undefined) continue;
      score += countAt(node) * weight + (constraint.maxSkew - 1);
    }
    raw.set(node.slot, Math.trunc(score));
  }
  return invert(raw);
}

/** The fewer pods around, the better; nodes outside of the topology get nothing. */
function invert(raw: ReadonlyMap<number, number>): NodeRating {
  let least = Infinity;
  let most = -Infinity;
  for (const score of raw.values()) {
    least = Math.min(least, score);
    most = Math.max(most, score);
  }
  return (node) => {
    const score = raw.get(node.slot);
    if (score === undefined) return 0;
    return most === 0 ? HIGHEST_SCORE : Math.trunc((HIGHEST_SCORE * (most + least - score)) / most);
  };
}

function helps(constraints: readonly Constraint[], pod: PodInfo, event: ClusterEvent): boolean {
  switch (event.on) {
    case 'node-added':
    case 'node-changed':
    case 'node-removed':
      return true;
    case 'pod-added':
    case 'pod-removed':
    case 'pod-changed':
      if (event.pod.namespace !== pod.namespace) return false;
      return constraints.some(
        ({ selector }) =>
          selector?.matches(event.pod.labels) === true ||
          (event.on === 'pod-changed' && selector?.matches(event.before.labels) === true),
      );
    case 'namespace-changed':
      return false;
  }
}
