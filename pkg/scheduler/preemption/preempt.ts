// Which pods to evict for a pod that fits nowhere: pure. Looks at nodes that eviction can help, takes away all pods of
// lower priority, gives back as many as still leave room (first those that disruption budgets protect, the most important
// before the others), and picks the node where least is lost. Rules: Kubernetes' DefaultPreemption.
import type { PodDisruptionBudget } from '../../api/schema/generated/policy.v1.gen.ts';
import type { Random } from '../../clock/clock.ts';
import type { Cluster } from '../decide.ts';
import { diagnosisMessage, type Diagnosis } from '../framework/diagnosis.ts';
import { prepareNodeEvaluation } from '../framework/node-evaluation.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Failure } from '../framework/plugin.ts';
import type { Profile } from '../framework/profile.ts';
import { splitByBudgets } from './budgets.ts';
import { leastLoss, moreImportant, type Candidate } from './candidate.ts';

/** Why the pod was turned down: in all, and by each node. */
export interface Rejection {
  readonly diagnosis: Diagnosis;
  failureAt(this: void, node: NodeInfo): Failure | undefined;
}

export type Preemption =
  | { readonly outcome: 'evict'; readonly candidate: Candidate }
  /** What is said about it behind the reasons, beginning with `preemption: `. */
  | { readonly outcome: 'nothing'; readonly message: string };

const PLUGIN = 'DefaultPreemption';
const NOT_HELPFUL = failureOf('Preemption is not helpful for scheduling');
const NO_VICTIMS = failureOf('No preemption victims found for incoming pod');

/** At least this many nodes are tried, and this share of them in large clusters. */
const LEAST_CANDIDATES = 100;
const SHARE_OF_CANDIDATES = 0.1;

export function preempt(
  profile: Profile,
  pod: PodInfo,
  cluster: Cluster,
  { diagnosis, failureAt }: Rejection,
  random: Random,
): Preemption {
  const refusal = ineligibility(pod, cluster, failureAt);
  if (refusal !== undefined) return { outcome: 'nothing', message: `preemption: ${refusal}` };
  const { snapshot } = cluster;
  if (pod.priority <= snapshot.lowestPriority) return nobodyLower(diagnosis);
  const nodes = [...snapshot.nodes()].filter((node) => failureAt(node)?.evictionHelps === true);
  const wanted = Math.max(LEAST_CANDIDATES, Math.floor(snapshot.nodeCount * SHARE_OF_CANDIDATES));
  const start = Math.floor(random() * nodes.length);
  const failures = new Map<Failure, number>();
  const candidates: Candidate[] = [];
  const budgets = cluster.budgets?.() ?? [];
  let tried = 0;
  let harmless = false;
  for (const node of [...nodes.slice(start), ...nodes.slice(0, start)]) {
    // As long as every candidate violates a budget, a better one is worth the search.
    if (candidates.length >= wanted && harmless) break;
    tried++;
    const result = tryNode(profile, pod, cluster, node, budgets);
    harmless ||= 'victims' in result && result.violations === 0;
    if ('victims' in result) candidates.push(result);
    else failures.set(result, (failures.get(result) ?? 0) + 1);
  }
  const best = leastLoss(candidates);
  if (best !== undefined) return { outcome: 'evict', candidate: best };
  const untried = snapshot.nodeCount - tried;
  if (untried > 0) failures.set(NOT_HELPFUL, untried);
  return {
    outcome: 'nothing',
    message: `preemption: ${diagnosisMessage({ nodeCount: snapshot.nodeCount, failures })}`,
  };
}

/** Known without looking at any node: no pod of the cluster has a lower priority. */
function nobodyLower({ nodeCount, failures }: Diagnosis): Preemption {
  let helpful = 0;
  for (const [failure, nodes] of failures) if (failure.evictionHelps) helpful += nodes;
  const reasons = new Map<Failure, number>();
  if (helpful > 0) reasons.set(NO_VICTIMS, helpful);
  if (nodeCount > helpful) reasons.set(NOT_HELPFUL, nodeCount - helpful);
  return { outcome: 'nothing', message: `preemption: ${diagnosisMessage({ nodeCount, failures: reasons })}` };
}

function ineligibility(
  { pod, priority, uid }: PodInfo,
  { snapshot, nominated }: Cluster,
  failureAt: (node: NodeInfo) => Failure | undefined,
): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const name = nominated.nodeOf(uid) ?? pod.status?.nominatedNodeName;
  const node = name === undefined ? undefined : snapshot.node(name);
  if (node === undefined || failureAt(node)?.evictionHelps === false) return undefined;
  for (const other of node.pods.values()) {
    if (other.priority < priority && other.pod.metadata.deletionTimestamp !== undefined) {
      return 'not eligible due to a terminating pod on the nominated node.';
    }
  }
  return undefined;
}

/** A candidate, or why evicting does not make room here. */
function tryNode(
  profile: Profile,
  pod: PodInfo,
  cluster: Cluster,
  node: NodeInfo,
  budgets: readonly PodDisruptionBudget[],
): Candidate | Failure {
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority).sort(moreImportant);
  if (lower.length === 0) return NO_VICTIMS;
  using trial = beginTrial(profile, pod, cluster, node);
  for (const other of lower) trial.take(other);
  const failure = trial.check();
  if (failure !== undefined) return failure;
  const mustGo = (other: PodInfo) => {
    trial.giveBack(other);
    if (trial.check() === undefined) return false;
    trial.take(other);
    return true;
  };
  const split = splitByBudgets(lower, budgets);
  const violating = split.protected.filter(mustGo);
  const victims = [...violating, ...split.free.filter(mustGo)].sort(moreImportant);
  return { nodeName: node.name, victims, violations: violating.length };
}

interface Trial extends Disposable {
  take(pod: PodInfo): void;
  giveBack(pod: PodInfo): void;
  check(): Failure | undefined;
}

/**
 * Pods that no plugin between pods concerns are tried on a copy of the node; for others the pods are really taken out of
 * the snapshot, and are back in it when the trial ends.
 */
function beginTrial(profile: Profile, pod: PodInfo, { snapshot, nominated }: Cluster, node: NodeInfo): Trial {
  const evaluation = prepareNodeEvaluation(profile, pod, snapshot);
  const waiting = nominated.on(node.name).filter((other) => other.uid !== pod.uid && other.priority >= pod.priority);
  const clusterFailure = (where: NodeInfo) => {
    for (const plugin of profile.filters) {
      const failure = plugin.clusterFilter?.(pod, snapshot)?.(where);
      if (failure !== undefined) return failure;
    }
    return undefined;
  };
  const concerned = profile.filters.some((plugin) => plugin.clusterFilter?.(pod, snapshot) !== undefined);
  if (!concerned) {
    const copy = node.clone();
    for (const other of waiting) if (!copy.pods.has(other.uid)) copy.addPod(other);
    return {
      take: (other) => void copy.removePod(other.uid),
      giveBack: (other) => copy.addPod(other),
      check: () => evaluation.check(copy),
      [Symbol.dispose]: () => undefined,
    };
  }
  const taken = new Map<string, PodInfo>();
  const giveBack = (other: PodInfo) => {
    if (taken.delete(other.uid)) snapshot.addPod(other, node.name);
  };
  return {
    take(other) {
      taken.set(other.uid, other);
      snapshot.removePod(other.uid, node.name);
    },
    giveBack,
    check() {
      const copy = node.clone();
      for (const other of waiting) if (!copy.pods.has(other.uid)) copy.addPod(other);
      return evaluation.check(copy) ?? clusterFailure(node);
    },
    [Symbol.dispose]: () => {
      for (const other of taken.values()) giveBack(other);
    },
  };
}

function failureOf(reason: string): Failure {
  return { plugin: PLUGIN, reasons: [reason], evictionHelps: false };
}
