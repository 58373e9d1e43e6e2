// Where a pod goes: pure, no I/O, no clock. Nodes are asked through the remembered results of the pod's shape; only pods
// that terms between pods concern, or that must stand back for nominated ones, are held against every node.
import type { PodDisruptionBudget } from '../api/schema/generated/policy.v1.gen.ts';
import type { Random } from '../clock/clock.ts';
import type { NominatedPods } from './cache/nominated-pods.ts';
import type { ShapeTable } from './cache/shape-table.ts';
import type { ShapeTables } from './cache/shape-tables.ts';
import type { Snapshot } from './cache/snapshot.ts';
import type { Diagnosis } from './framework/diagnosis.ts';
import { prepareNodeEvaluation, scaledScore, type NodeEvaluation } from './framework/node-evaluation.ts';
import type { NodeInfo } from './framework/node-info.ts';
import type { Failure, NodeCheck, NodeRating, Restriction } from './framework/plugin.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { Profile } from './framework/profile.ts';

export interface Cluster {
  readonly snapshot: Snapshot;
  readonly tables: ShapeTables;
  readonly nominated: NominatedPods;
  /** Asked when a pod needs others to go. Without it none are respected. */
  budgets?(this: void): readonly PodDisruptionBudget[];
}

export type Decision =
  | { readonly outcome: 'placed'; readonly node: string; readonly feasible: number }
  | {
      readonly outcome: 'unplaceable';
      readonly diagnosis: Diagnosis;
      /** Why this node does not take the pod; undefined for nodes that were not looked at. */
      failureAt(this: void, node: NodeInfo): Failure | undefined;
    };

/** Equal scores are decided by `random`. Valid only until the snapshot changes. */
export function decide(profile: Profile, pod: PodInfo, cluster: Cluster, random: Random): Decision {
  const { snapshot } = cluster;
  if (snapshot.nodeCount === 0) return unplaceable({ nodeCount: 0, failures: new Map() });
  const restriction = restrictionOf(profile, pod);
  if (restriction?.to === 'nothing') {
    const { plugin, reason } = restriction;
    return unplaceable({ nodeCount: snapshot.nodeCount, failures: new Map(), refusal: { plugin, reason } });
  }
  const lookup =
    restriction === undefined
      ? allNodes(cluster.tables.tableFor(profile, pod), snapshot)
      : namedNodes(prepareNodeEvaluation(profile, pod, snapshot), restriction, snapshot);
  const checks = clusterChecks(profile, pod, cluster);
  const nominated = nominatedNode(pod, cluster, lookup, checks);
  if (nominated !== undefined) return { outcome: 'placed', node: nominated, feasible: 1 };

  let survivors: NodeInfo[] | undefined;
  const late = new Map<NodeInfo, Failure>();
  const feasible = () => (survivors ??= lookup.takers().filter((node) => passes(node, checks, late)));
  const ratings = clusterRatings(profile, pod, snapshot, feasible);
  if (survivors === undefined && checks.length === 0) {
    const lists = lookup.best?.();
    if (lists !== undefined && lists.length > 0) return pickFromLists(lists, snapshot, lookup.count, random);
  } else if (survivors === undefined && ratings.length === 0) {
    const lists = lookup.descending?.();
    const first = lists === undefined ? undefined : firstThatPasses(lists, snapshot, checks, late, random);
    if (first !== undefined) return { outcome: 'placed', node: first, feasible: lookup.count };
  }
  const nodes = feasible();
  if (nodes.length === 0) return failed(lookup, late, snapshot);
  return { outcome: 'placed', node: pickBest(nodes, lookup, ratings, random), feasible: nodes.length };
}

/** How nodes are asked: all of them through a table, or a few by name. */
interface Lookup {
  readonly evaluation: NodeEvaluation;
  readonly count: number;
  takers(): NodeInfo[];
  failureAt(node: NodeInfo): Failure | undefined;
  refusals(): Map<Failure, number>;
  absolute(node: NodeInfo): number;
  raw(node: NodeInfo): readonly number[];
  best?(): readonly (readonly number[])[];
  descending?(): Iterable<readonly number[]> | undefined;
}

function allNodes(table: ShapeTable, snapshot: Snapshot): Lookup {
  return {
    evaluation: table.evaluation,
    count: table.feasibleCount,
    takers: () => [...table.feasible()].flatMap((slot) => snapshot.at(slot) ?? []),
    failureAt: (node) => table.refusalOf(node.slot),
    refusals: () => table.refusals(),
    absolute: (node) => table.absoluteScore(node.slot),
    raw: (node) => table.rawScores(node.slot),
    best: () => table.best(),
    descending: () => table.descending(),
  };
}

function namedNodes(
  evaluation: NodeEvaluation,
  restriction: { readonly names: ReadonlySet<string>; readonly plugins: readonly string[] },
  snapshot: Snapshot,
): Lookup {
  const failures = new Map<NodeInfo, Failure>();
  const takers: NodeInfo[] = [];
  for (const name of restriction.names) {
    const node = snapshot.node(name);
    if (node === undefined) continue;
    const failure = evaluation.check(node);
    if (failure === undefined) takers.push(node);
    else failures.set(node, failure);
  }
  const passedOver: Failure = {
    plugin: restriction.plugins[0] ?? '',
    reasons: [`node(s) didn't satisfy plugin(s) [${restriction.plugins.join(' ')}]`],
    evictionHelps: false,
  };
  return {
    evaluation,
    count: takers.length,
    takers: () => takers,
    failureAt: (node) => failures.get(node) ?? (takers.includes(node) ? undefined : passedOver),
    refusals() {
      const counts = new Map<Failure, number>();
      for (const failure of failures.values()) counts.set(failure, (counts.get(failure) ?? 0) + 1);
      const others = snapshot.nodeCount - failures.size - takers.length;
      return others > 0 ? counts.set(passedOver, others) : counts;
    },
    absolute: (node) => evaluation.absolute.reduce((sum, { weight, rate }) => sum + weight * rate(node), 0),
    raw: (node) => evaluation.scaled.map(({ rate }) => rate(node)),
  };
}

type Narrowed =
  | { readonly to: 'nodes'; readonly names: ReadonlySet<string>; readonly plugins: readonly string[] }
  | { readonly to: 'nothing'; readonly plugin: string; readonly reason: string };

function restrictionOf(profile: Profile, pod: PodInfo): Narrowed | undefined {
  let names: ReadonlySet<string> | undefined;
  const plugins: string[] = [];
  for (const plugin of profile.filters) {
    const restriction: Restriction | undefined = plugin.restrict?.(pod);
    if (restriction === undefined) continue;
    if (restriction.to === 'nothing') return { to: 'nothing', plugin: plugin.name, reason: restriction.reason };
    names = names?.intersection(restriction.names) ?? restriction.names;
    plugins.push(plugin.name);
  }
  return names === undefined ? undefined : { to: 'nodes', names, plugins: plugins.sort() };
}

function clusterChecks(profile: Profile, pod: PodInfo, cluster: Cluster): NodeCheck[] {
  const checks: NodeCheck[] = [];
  for (const plugin of profile.filters) {
    const check = plugin.clusterFilter?.(pod, cluster.snapshot);
    if (check !== undefined) checks.push(check);
  }
  const standingBack = cluster.nominated.isEmpty ? undefined : nominationCheck(profile, pod, cluster);
  if (standingBack !== undefined) checks.push(standingBack);
  return checks;
}

/** Holds the pod against nodes as they will be once the nominated pods are there. */
function nominationCheck(profile: Profile, pod: PodInfo, { snapshot, nominated }: Cluster): NodeCheck | undefined {
  const taken = new Map<string, readonly PodInfo[]>();
  for (const { nodeName, pods } of nominated.before(pod)) taken.set(nodeName, pods);
  if (taken.size === 0) return undefined;
  const evaluation = prepareNodeEvaluation(profile, pod, snapshot);
  return (node) => {
    const pods = taken.get(node.name);
    if (pods === undefined) return undefined;
    const later = node.clone();
    for (const other of pods) if (!later.pods.has(other.uid)) later.addPod(other);
    return evaluation.check(later);
  };
}

function nominatedNode(
  pod: PodInfo,
  { snapshot, nominated }: Cluster,
  lookup: Lookup,
  checks: readonly NodeCheck[],
): string | undefined {
  const name = nominated.nodeOf(pod.uid) ?? pod.pod.status?.nominatedNodeName;
  const node = name === undefined || name === '' ? undefined : snapshot.node(name);
  if (node === undefined || lookup.failureAt(node) !== undefined) return undefined;
  return checks.every((check) => check(node) === undefined) ? node.name : undefined;
}

function passes(node: NodeInfo, checks: readonly NodeCheck[], late: Map<NodeInfo, Failure>): boolean {
  for (const check of checks) {
    const failure = check(node);
    if (failure === undefined) continue;
    late.set(node, failure);
    return false;
  }
  return true;
}

/** Goes from the best nodes down, so that only those that could win are held against the checks. */
function firstThatPasses(
  lists: Iterable<readonly number[]>,
  snapshot: Snapshot,
  checks: readonly NodeCheck[],
  late: Map<NodeInfo, Failure>,
  random: Random,
): string | undefined {
  for (const slots of lists) {
    const start = Math.floor(random() * slots.length);
    for (let step = 0; step < slots.length; step++) {
      const slot = slots[(start + step) % slots.length];
      const node = slot === undefined ? undefined : snapshot.at(slot);
      if (node !== undefined && passes(node, checks, late)) return node.name;
    }
  }
  return undefined;
}

function clusterRatings(
  profile: Profile,
  pod: PodInfo,
  snapshot: Snapshot,
  feasible: () => readonly NodeInfo[],
): { readonly weight: number; readonly rate: NodeRating }[] {
  const ratings: { weight: number; rate: NodeRating }[] = [];
  for (const { plugin, weight } of profile.scores) {
    const rate = plugin.clusterScore?.(pod, snapshot, feasible);
    if (rate !== undefined) ratings.push({ weight, rate });
  }
  return ratings;
}

function pickFromLists(
  lists: readonly (readonly number[])[],
  snapshot: Snapshot,
  feasible: number,
  random: Random,
): Decision {
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  let place = Math.floor(random() * total);
  for (const list of lists) {
    const slot = list[place];
    const node = slot === undefined ? undefined : snapshot.at(slot);
    if (node !== undefined) return { outcome: 'placed', node: node.name, feasible };
    place -= list.length;
  }
  throw new Error('the table of a shape names a node that the snapshot does not have');
}

function pickBest(
  nodes: readonly NodeInfo[],
  lookup: Lookup,
  ratings: readonly { readonly weight: number; readonly rate: NodeRating }[],
  random: Random,
): string {
  const { scaled } = lookup.evaluation;
  const raws = nodes.map((node) => lookup.raw(node));
  const largest = scaled.map((_, index) => raws.reduce((most, raw) => Math.max(most, raw[index] ?? 0), 0));
  let best: NodeInfo[] = [];
  let top = -Infinity;
  for (const [place, node] of nodes.entries()) {
    let score = lookup.absolute(node);
    for (const [index, rating] of scaled.entries()) {
      score += scaledScore(rating, raws[place]?.[index] ?? 0, largest[index] ?? 0);
    }
    for (const { weight, rate } of ratings) score += weight * rate(node);
    if (score < top) continue;
    if (score > top) best = [];
    top = score;
    best.push(node);
  }
  const chosen = best[Math.floor(random() * best.length)];
  if (chosen === undefined) throw new Error('no best node among the feasible ones');
  return chosen.name;
}

function failed(lookup: Lookup, late: ReadonlyMap<NodeInfo, Failure>, snapshot: Snapshot): Decision {
  const failures = lookup.refusals();
  for (const failure of late.values()) failures.set(failure, (failures.get(failure) ?? 0) + 1);
  return {
    outcome: 'unplaceable',
    diagnosis: { nodeCount: snapshot.nodeCount, failures },
    failureAt: (node) => late.get(node) ?? lookup.failureAt(node),
  };
}

function unplaceable(diagnosis: Diagnosis): Decision {
  return { outcome: 'unplaceable', diagnosis, failureAt: () => undefined };
}
