// How full a node would be with the pod on it, resource by resource, and the strategies that make a score of it.
// Arithmetic as in Kubernetes: whole numbers, divisions cut off towards zero.
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { HIGHEST_SCORE } from '../framework/plugin.ts';
import { amountOf } from '../framework/resources.ts';

export interface WeightedResource {
  readonly name: string;
  readonly weight: number;
}

/** A point of the function from utilization (0 to 100) to score (0 to 10). */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

export type ScoringStrategy =
  | { readonly type: 'LeastAllocated' | 'MostAllocated'; readonly resources: readonly WeightedResource[] }
  | {
      readonly type: 'RequestedToCapacityRatio';
      readonly resources: readonly WeightedResource[];
      readonly shape: readonly ShapePoint[];
    };

/** What a node's resource would have in use with the pod on it. `assumed`: count containers without requests, too. */
export function inUse(pod: PodInfo, node: NodeInfo, name: string, assumed: boolean): number {
  if (assumed && name === 'cpu') return node.assumedMilliCpu + pod.assumedMilliCpu;
  if (assumed && name === 'memory') return node.assumedMemory + pod.assumedMemory;
  return amountOf(node.requested, name) + amountOf(pod.requested, name);
}

/** Extended resources that the pod does not ask for say nothing about it. */
export function concerns(pod: PodInfo, name: string): boolean {
  return name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || amountOf(pod.requested, name) > 0;
}

/** The score of one node, 0 to 100, for the pod. */
export function strategyRating(strategy: ScoringStrategy, pod: PodInfo): (node: NodeInfo) => number {
  const resources = strategy.resources.filter(({ name }) => concerns(pod, name));
  const rate = ratingOfResource(strategy);
  const onlyRated = strategy.type === 'RequestedToCapacityRatio';
  return (node) => {
    let sum = 0;
    let weights = 0;
    for (const { name, weight } of resources) {
      const capacity = amountOf(node.allocatable, name);
      if (capacity === 0) continue;
      const score = rate(inUse(pod, node, name, true), capacity);
      if (onlyRated && score <= 0) continue;
      sum += score * weight;
      weights += weight;
    }
    if (weights === 0) return 0;
    return onlyRated ? Math.round(sum / weights) : Math.trunc(sum / weights);
  };
}

function ratingOfResource(strategy: ScoringStrategy): (used: number, capacity: number) => number {
  switch (strategy.type) {
    case 'LeastAllocated':
      return (used, capacity) => (used > capacity ? 0 : percent(capacity - used, capacity));
    case 'MostAllocated':
      return (used, capacity) => percent(Math.min(used, capacity), capacity);
    case 'RequestedToCapacityRatio': {
      const scale = HIGHEST_SCORE / 10;
      const shape = strategy.shape.map(({ utilization, score }) => ({ utilization, score: score * scale }));
      return (used, capacity) => interpolate(shape, used > capacity ? 100 : percent(used, capacity));
    }
  }
}

/** Largest amount whose hundredfold is still exact. */
const EXACT = Math.floor(Number.MAX_SAFE_INTEGER / HIGHEST_SCORE);

function percent(part: number, whole: number): number {
  if (part > EXACT) return Number((BigInt(part) * BigInt(HIGHEST_SCORE)) / BigInt(whole));
  return Math.trunc((part * HIGHEST_SCORE) / whole);
}

function interpolate(shape: readonly ShapePoint[], utilization: number): number {
  let before: ShapePoint | undefined;
  for (const point of shape) {
    if (utilization <= point.utilization) {
      if (before === undefined) return point.score;
      const rise = (point.score - before.score) * (utilization - before.utilization);
      return before.score + Math.trunc(rise / (point.utilization - before.utilization));
    }
    before = point;
  }
  return before?.score ?? 0;
}
