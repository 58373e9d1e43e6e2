// How many pods a budget reckons with and how many of them must stay healthy. Percentages, and what may be unavailable, are
// of the scale that the pods' controllers ask for, not of the pods that happen to exist. Pure.
import { scaledValue } from '../../api/meta/int-or-string.ts';
import { controllerOf } from '../../api/meta/owner-references.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { PodDisruptionBudgetSpec } from '../../api/schema/generated/policy.v1.gen.ts';

/** What controls pods in the end (the Deployment rather than its ReplicaSet), and the replicas it asks for. */
export interface OwnerScale {
  readonly uid: string;
  readonly replicas: number;
}

/** By the uid of a pod's controller. */
export type OwnerScales = ReadonlyMap<string, OwnerScale>;

export type Expectation =
  | {
      readonly ok: true;
      readonly expectedPods: number;
      readonly desiredHealthy: number;
      /** Names of pods without a controller, which cannot be counted. */
      readonly unmanaged: readonly string[];
    }
  | { readonly ok: false; readonly fault: string };

/** Whether the pods' controllers must be asked at all. */
export function needsScale({ minAvailable, maxUnavailable }: PodDisruptionBudgetSpec): boolean {
  return maxUnavailable !== undefined || typeof minAvailable === 'string';
}

/** `scales` is read only when `needsScale`. Shares are rounded up. A budget that asks for nothing allows nothing. */
export function expectPods(spec: PodDisruptionBudgetSpec, pods: readonly Pod[], scales: OwnerScales): Expectation {
  const { minAvailable, maxUnavailable } = spec;
  if (!needsScale(spec)) {
    if (typeof minAvailable !== 'number') return { ok: true, expectedPods: 0, desiredHealthy: 0, unmanaged: [] };
    return { ok: true, expectedPods: pods.length, desiredHealthy: minAvailable, unmanaged: [] };
  }
  const unmanaged: string[] = [];
  const counted = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod.metadata);
    if (owner === undefined) {
      unmanaged.push(pod.metadata.name);
      continue;
    }
    const scale = scales.get(owner.uid);
    if (scale === undefined) return { ok: false, fault: `found no controllers for pod "${pod.metadata.name}"` };
    counted.set(scale.uid, scale.replicas);
  }
  const expectedPods = [...counted.values()].reduce((sum, replicas) => sum + replicas, 0);
  const share = scaledValue(maxUnavailable ?? minAvailable ?? 0, expectedPods, 'up');
  if (share === undefined) {
    return { ok: false, fault: 'invalid value for IntOrString: invalid type: string is not a percentage' };
  }
  const desiredHealthy = maxUnavailable === undefined ? share : Math.max(0, expectedPods - share);
  return { ok: true, expectedPods, desiredHealthy, unmanaged };
}
