// Which victims a disruption budget protects: pure. A budget that allows n disruptions lets n victims go; every further one
// that it selects would violate it. Kubernetes' rules (DefaultPreemption, filterPodsWithPDBViolation).
import { selectorFromObject } from '../../api/meta/label-selector.ts';
import type { PodDisruptionBudget } from '../../api/schema/generated/policy.v1.gen.ts';
import type { PodInfo } from '../framework/pod-info.ts';

export interface ByBudget {
  readonly protected: readonly PodInfo[];
  readonly free: readonly PodInfo[];
}

/** Both lists keep the order of `victims`, in which they use budgets up: put the most important first. */
export function splitByBudgets(victims: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]): ByBudget {
  const open = budgets
    .filter(({ spec }) => !isEmpty(spec.selector))
    .map((budget) => ({
      budget,
      selector: selectorFromObject(budget.spec.selector),
      left: budget.status?.disruptionsAllowed ?? 0,
    }));
  const split: { protected: PodInfo[]; free: PodInfo[] } = { protected: [], free: [] };
  for (const victim of victims) {
    const { name, namespace, labels = {} } = victim.pod.metadata;
    let violates = false;
    for (const entry of open) {
      const { budget, selector } = entry;
      if (budget.metadata.namespace !== namespace || !selector.matches(labels)) continue;
      // Its eviction was granted and counted already.
      if (budget.status?.disruptedPods?.[name] !== undefined) continue;
      entry.left--;
      if (entry.left < 0) violates = true;
    }
    split[violates ? 'protected' : 'free'].push(victim);
  }
  return split;
}

/** Unlike for evictions, an empty selector selects nothing here. */
function isEmpty(selector: PodDisruptionBudget['spec']['selector']): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
