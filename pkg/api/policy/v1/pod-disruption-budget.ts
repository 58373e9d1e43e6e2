// PodDisruptionBudgets: how many pods of a set may be taken down at once.
import { Faults } from '../../meta/field-faults.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkOneOf } from '../../meta/value-checks.ts';
import { podDisruptionBudgets } from '../../resources.ts';
import { age, columns, integer, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../schema/generated/policy.v1.gen.ts';
import { checkAtMostAll, checkNumberOrPercent } from '../../apps/v1/rollout-numbers.ts';

const NO_STATUS: Readonly<PodDisruptionBudgetStatus> = {
  disruptionsAllowed: 0,
  currentHealthy: 0,
  desiredHealthy: 0,
  expectedPods: 0,
};

export const podDisruptionBudgetKind = defineKind<PodDisruptionBudget>({
  type: podDisruptionBudgets,
  schema: 'policy.v1.PodDisruptionBudget',
  shortNames: ['pdb'],
  hasStatus: true,
  generation: true,
  unconditionalUpdate: false,
  columns: columns(
    text('Min Available', 'The minimum number of pods that must be available.', ({ spec }) =>
      String(spec.minAvailable ?? 'N/A'),
    ),
    text('Max Unavailable', 'The maximum number of pods that may be unavailable.', ({ spec }) =>
      String(spec.maxUnavailable ?? 'N/A'),
    ),
    integer(
      'Allowed Disruptions',
      'Calculated number of pods that may be disrupted at this time.',
      ({ status }) => status.disruptionsAllowed ?? 0,
    ),
    age(),
  ),
  setDefaults(budget) {
    budget.spec ??= {};
    budget.status = { ...NO_STATUS, ...budget.status };
  },
  prepareForCreate(budget) {
    budget.status = { ...NO_STATUS };
  },
  validate,
});

function validate({ spec }: PodDisruptionBudget): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
    if (minAvailable !== undefined && maxUnavailable !== undefined) {
      faults.invalid('', spec, 'minAvailable and maxUnavailable cannot be both set');
    }
    checkNumberOrPercent(faults, 'minAvailable', minAvailable);
    checkAtMostAll(faults, 'minAvailable', minAvailable);
    checkNumberOrPercent(faults, 'maxUnavailable', maxUnavailable);
    checkAtMostAll(faults, 'maxUnavailable', maxUnavailable);
    faults.at('selector', () => validateLabelSelector(faults, selector));
    if (policy !== undefined)
      checkOneOf(faults, 'unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget']);
  });
  return faults.errors;
}
