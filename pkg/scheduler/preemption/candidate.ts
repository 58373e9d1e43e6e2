// Comparing what would be lost on one node and on another, in Kubernetes' order: the fewest victims that a disruption budget
// protects, the lowest most-important victim, then the lowest sum of priorities, the fewest victims, and last the most
// recently started ones.
import type { PodInfo } from '../framework/pod-info.ts';

export interface Candidate {
  readonly nodeName: string;
  /** The most important first. */
  readonly victims: readonly PodInfo[];
  /** How many of them a disruption budget protects. */
  readonly violations: number;
}

/** Orders pods by priority, then by how long they have run. */
export function moreImportant(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

/** Pods that have not started count as started last. */
function startOf({ pod }: PodInfo): number {
  const text = pod.status?.startTime;
  return text === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(text);
}

/** Added to each priority, so that more victims of negative priority do not look like fewer. */
const PRIORITY_OFFSET = 2 ** 31;

export function leastLoss(candidates: readonly Candidate[]): Candidate | undefined {
  let best: { readonly candidate: Candidate; readonly loss: readonly number[] } | undefined;
  for (const candidate of candidates) {
    const loss = lossOf(candidate);
    if (best === undefined || lessThan(loss, best.loss)) best = { candidate, loss };
  }
  return best?.candidate;
}

function lossOf({ victims, violations }: Candidate): number[] {
  const highest = victims.reduce((most, victim) => Math.max(most, victim.priority), -Infinity);
  const sum = victims.reduce((total, victim) => total + victim.priority + PRIORITY_OFFSET, 0);
  const earliest = victims
    .filter((victim) => victim.priority === highest)
    .reduce((least, victim) => Math.min(least, startOf(victim)), Infinity);
  return [violations, highest, sum, victims.length, -earliest];
}

function lessThan(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}
