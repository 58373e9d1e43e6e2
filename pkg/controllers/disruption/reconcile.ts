// The status of a PodDisruptionBudget: how many of its pods are healthy and how many may be evicted now. Pure.
// k8s.io/kubernetes pkg/controller/disruption and k8s.io/component-helpers apps/poddisruptionbudget.
import { withCondition } from '../../api/meta/conditions.ts';
import { formatTime, instantOf } from '../../api/meta/time.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Condition } from '../../api/schema/generated/meta.v1.gen.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/schema/generated/policy.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { isPodReady } from '../pods.ts';
import type { Expectation } from './expected-pods.ts';

const DISRUPTION_ALLOWED = 'DisruptionAllowed';
/** An eviction that was granted but has not shown as a deletion within this time will not come any more. */
const DELETION_TIMEOUT_MS = 120_000;

export interface NextStatus {
  readonly status: PodDisruptionBudgetStatus;
  /** Pods whose eviction was granted too long ago without their being deleted. */
  readonly notDeleted: readonly Pod[];
  /** When the next granted eviction turns too old; undefined: there is none. */
  readonly recheckAt: Instant | undefined;
}

type Expected = Extract<Expectation, { readonly ok: true }>;

/** `pods`: all that the budget selects. */
export function nextStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  { expectedPods, desiredHealthy }: Pick<Expected, 'expectedPods' | 'desiredHealthy'>,
  now: Instant,
): NextStatus {
  const granted = grantedEvictions(budget.status?.disruptedPods ?? {}, pods, now);
  const currentHealthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !granted.pending.has(pod.metadata.name) && isPodReady(pod),
  ).length;
  // A budget that reckons with no pods stays shut, so that its first pods are not taken before it is reckoned anew.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const observedGeneration = budget.metadata.generation ?? 0;
  const condition = {
    status: disruptionsAllowed > 0 ? 'True' : 'False',
    reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration,
  };
  const status: PodDisruptionBudgetStatus = {
    observedGeneration,
    ...(Object.keys(granted.kept).length > 0 && { disruptedPods: granted.kept }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: conditionsWith(budget, condition, now),
  };
  return { status, notDeleted: granted.notDeleted, recheckAt: granted.recheckAt };
}

/** When the reckoning failed nothing may be evicted: all else stays as it was last known. */
export function failedStatus(budget: PodDisruptionBudget, message: string, now: Instant): PodDisruptionBudgetStatus {
  const observedGeneration = budget.status?.observedGeneration;
  const condition = {
    status: 'False',
    reason: 'SyncFailed',
    message,
    ...(observedGeneration !== undefined && { observedGeneration }),
  };
  return { ...budget.status, disruptionsAllowed: 0, conditions: conditionsWith(budget, condition, now) };
}

function conditionsWith(
  budget: PodDisruptionBudget,
  condition: Omit<Condition, 'type' | 'lastTransitionTime'>,
  now: Instant,
): Condition[] {
  return withCondition(budget.status?.conditions, {
    type: DISRUPTION_ALLOWED,
    lastTransitionTime: formatTime(now),
    ...condition,
  });
}

function grantedEvictions(disruptedPods: Readonly<Record<string, string>>, pods: readonly Pod[], now: Instant) {
  const kept: Record<string, string> = {};
  const pending = new Set<string>();
  const notDeleted: Pod[] = [];
  let recheckAt: Instant | undefined;
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const since = disruptedPods[name];
    // What is being deleted already needs no note of it.
    if (since === undefined || deletionTimestamp !== undefined) continue;
    const expiresAt = (instantOf(since) ?? 0) + DELETION_TIMEOUT_MS;
    if (expiresAt <= now) {
      notDeleted.push(pod);
      continue;
    }
    kept[name] = since;
    pending.add(name);
    recheckAt = Math.min(recheckAt ?? expiresAt, expiresAt);
  }
  return { kept, pending, notDeleted, recheckAt };
}
