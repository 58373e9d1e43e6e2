// Keeps pods off nodes that lack what they ask for (CPU, memory, ephemeral storage, extended resources, room for one more
// pod), and rates nodes by how full they would be: the default packs, the fullest first.
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Failure, Plugin } from '../framework/plugin.ts';
import { amountOf } from '../framework/resources.ts';
import { strategyRating, type ScoringStrategy } from './resource-scoring.ts';

const NAME = 'NodeResourcesFit';

export interface FitArgs {
  readonly scoringStrategy: ScoringStrategy;
  /** Extended resources that the filter passes over: by name, and by the part before the slash. */
  readonly ignoredResources: readonly string[];
  readonly ignoredResourceGroups: readonly string[];
}

export const DEFAULT_FIT_ARGS: FitArgs = {
  scoringStrategy: {
    type: 'MostAllocated',
    resources: [
      { name: 'cpu', weight: 1 },
      { name: 'memory', weight: 1 },
    ],
  },
  ignoredResources: [],
  ignoredResourceGroups: [],
};

export function nodeResourcesFit(args: FitArgs = DEFAULT_FIT_ARGS): Plugin {
  const failures = new Map<string, Failure>();
  return {
    name: NAME,
    filter(pod) {
      const scalars = [...pod.requested.scalars].filter(([name]) => !isIgnored(args, name));
      return (node) => check(pod, scalars, node, failures);
    },
    score: { scale: 'absolute', prepare: (pod) => strategyRating(args.scoringStrategy, pod) },
    helps(pod, event) {
      const node = 'node' in event && event.on !== 'node-removed' ? event.node : undefined;
      if (node === undefined) return false;
      const scalars = [...pod.requested.scalars].filter(([name]) => !isIgnored(args, name));
      return check(pod, scalars, node, failures) === undefined;
    },
  };
}

function isIgnored({ ignoredResources, ignoredResourceGroups }: FitArgs, name: string): boolean {
  return (
    ignoredResources.includes(name) || ignoredResourceGroups.includes(name.slice(0, Math.max(0, name.indexOf('/'))))
  );
}

/** A node that has given out more than it has takes no pod that asks for anything, even if for something else. */
function check(
  { requested }: PodInfo,
  scalars: readonly (readonly [string, number])[],
  node: NodeInfo,
  failures: Map<string, Failure>,
): Failure | undefined {
  const { allocatable, requested: used } = node;
  const noRoom = node.pods.size + 1 > node.allowedPods;
  const asks = !asksForNothing(requested);
  const noCpu = asks && requested.milliCpu > allocatable.milliCpu - used.milliCpu;
  const noMemory = asks && requested.memory > allocatable.memory - used.memory;
  const noStorage = asks && requested.ephemeralStorage > allocatable.ephemeralStorage - used.ephemeralStorage;
  let lacking: string[] | undefined;
  let evictionHelps = true;
  for (const [name, amount] of scalars) {
    const capacity = amountOf(allocatable, name);
    if (amount <= capacity - amountOf(used, name)) continue;
    lacking = [...(lacking ?? []), name];
    if (amount > capacity) evictionHelps = false;
  }
  if (!noRoom && !noCpu && !noMemory && !noStorage && lacking === undefined) return undefined;
  const reasons: string[] = [];
  if (noRoom) reasons.push('Too many pods');
  if (noCpu) reasons.push('Insufficient cpu');
  if (noMemory) reasons.push('Insufficient memory');
  if (noStorage) reasons.push('Insufficient ephemeral-storage');
  for (const name of lacking ?? []) reasons.push(`Insufficient ${name}`);
  if (
    requested.milliCpu > allocatable.milliCpu ||
    requested.memory > allocatable.memory ||
    requested.ephemeralStorage > allocatable.ephemeralStorage
  ) {
    evictionHelps = false;
  }
  return shared(failures, reasons, evictionHelps);
}

/** One object for each combination of reasons, so that a large cluster's refusals cost no memory each. */
function shared(failures: Map<string, Failure>, reasons: string[], evictionHelps: boolean): Failure {
  const key = `${evictionHelps} ${reasons.join()}`;
  const known = failures.get(key);
  if (known !== undefined) return known;
  const failure: Failure = { plugin: NAME, reasons, evictionHelps };
  if (failures.size < MAX_SHARED_FAILURES) failures.set(key, failure);
  return failure;
}

function asksForNothing({ milliCpu, memory, ephemeralStorage, scalars }: PodInfo['requested']): boolean {
  return milliCpu === 0 && memory === 0 && ephemeralStorage === 0 && scalars.size === 0;
}

const MAX_SHARED_FAILURES = 1000;
