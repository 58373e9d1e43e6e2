// All plugins that look at one node only, prepared for one pod: one call says whether the node takes the pod and, if so,
// what it is worth. Used both for the remembered results of a shape and for nodes looked at once.
import type { Snapshot } from '../cache/snapshot.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { HIGHEST_SCORE, type Failure, type NodeCheck, type NodeRating } from './plugin.ts';
import type { Profile } from './profile.ts';

export interface ScaledRating {
  readonly name: string;
  readonly weight: number;
  readonly scale: 'most' | 'least';
  readonly rate: NodeRating;
}

export interface NodeEvaluation {
  check(node: NodeInfo): Failure | undefined;
  readonly absolute: readonly { readonly name: string; readonly weight: number; readonly rate: NodeRating }[];
  readonly scaled: readonly ScaledRating[];
}

export function prepareNodeEvaluation(profile: Profile, pod: PodInfo, snapshot: Snapshot): NodeEvaluation {
  const checks: NodeCheck[] = [];
  for (const plugin of profile.filters) {
    const check = plugin.filter?.(pod);
    if (check !== undefined) checks.push(check);
  }
  const absolute: { name: string; weight: number; rate: NodeRating }[] = [];
  const scaled: ScaledRating[] = [];
  for (const { plugin, weight } of profile.scores) {
    const rate = plugin.score?.prepare(pod, snapshot);
    if (plugin.score === undefined || rate === undefined) continue;
    const { scale } = plugin.score;
    if (scale === 'absolute') absolute.push({ name: plugin.name, weight, rate });
    else scaled.push({ name: plugin.name, weight, scale, rate });
  }
  return {
    check(node) {
      for (const check of checks) {
        const failure = check(node);
        if (failure !== undefined) return failure;
      }
      return undefined;
    },
    absolute,
    scaled,
  };
}

/** What the remembered ratings of a shape depend on besides the node itself. */
export function evaluationBasis(profile: Profile, pod: PodInfo, snapshot: Snapshot): string {
  let basis = '';
  for (const { plugin } of profile.scores) basis += plugin.score?.dependsOn?.(pod, snapshot) ?? '';
  return basis;
}

/** A raw value as a share of the largest among the feasible nodes, times the weight. */
export function scaledScore({ scale, weight }: ScaledRating, raw: number, largest: number): number {
  const share = largest === 0 ? 0 : Math.trunc((HIGHEST_SCORE * raw) / largest);
  return weight * (scale === 'most' ? share : HIGHEST_SCORE - share);
}
