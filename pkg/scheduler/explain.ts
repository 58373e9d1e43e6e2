// Every plugin's word on a pod, node by node, computed from nothing that is remembered: what tests hold decisions against,
// and what people read who ask why a pod went where it did.
import type { Snapshot } from './cache/snapshot.ts';
import { prepareNodeEvaluation, scaledScore } from './framework/node-evaluation.ts';
import type { NodeInfo } from './framework/node-info.ts';
import type { Failure } from './framework/plugin.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { Profile } from './framework/profile.ts';

export interface Explanation {
  /** Node name -> plugin -> score, scaled and weighted. The feasible nodes are the keys. */
  readonly scores: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly failures: ReadonlyMap<string, Failure>;
}

/** Takes no notice of nominated pods, nor of node names in required affinity that leave nodes out beforehand. */
export function explain(profile: Profile, pod: PodInfo, snapshot: Snapshot): Explanation {
  const evaluation = prepareNodeEvaluation(profile, pod, snapshot);
  const checks = profile.filters.flatMap((plugin) => plugin.clusterFilter?.(pod, snapshot) ?? []);
  const failures = new Map<string, Failure>();
  const feasible: NodeInfo[] = [];
  for (const node of snapshot.nodes()) {
    let failure = evaluation.check(node);
    for (const check of checks) failure ??= check(node);
    if (failure === undefined) feasible.push(node);
    else failures.set(node.name, failure);
  }
  const scores = new Map(feasible.map((node) => [node.name, new Map<string, number>()]));
  const note = (node: NodeInfo, plugin: string, score: number) => scores.get(node.name)?.set(plugin, score);
  for (const { name, weight, rate } of evaluation.absolute) {
    for (const node of feasible) note(node, name, weight * rate(node));
  }
  for (const rating of evaluation.scaled) {
    const largest = feasible.reduce((most, node) => Math.max(most, rating.rate(node)), 0);
    for (const node of feasible) note(node, rating.name, scaledScore(rating, rating.rate(node), largest));
  }
  for (const { plugin, weight } of profile.scores) {
    const rate = plugin.clusterScore?.(pod, snapshot, () => feasible);
    if (rate !== undefined) for (const node of feasible) note(node, plugin.name, weight * rate(node));
  }
  return { scores, failures };
}

/** The sum of a node's scores. */
export function totalScore(scores: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const score of scores.values()) sum += score;
  return sum;
}
