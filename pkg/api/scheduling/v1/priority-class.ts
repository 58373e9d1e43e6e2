// PriorityClasses: how important pods are.
import { Faults } from '../../meta/field-faults.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkOneOf } from '../../meta/value-checks.ts';
import { priorityClasses } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { PriorityClass } from '../../schema/generated/scheduling.v1.gen.ts';

/** Above this only Kubernetes' own classes. */
const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

export const priorityClassKind = defineKind<PriorityClass>({
  type: priorityClasses,
  schema: 'scheduling.v1.PriorityClass',
  shortNames: ['pc'],
  generation: true,
  generationOf: ({ value, globalDefault, description }) => ({ value, globalDefault, description }),
  columns: columns(
    text(
      'Value',
      'value represents the integer value of this priority class. This is the actual priority that pods receive when they have the name of this class in their pod spec.',
      ({ value }) => value ?? 0,
    ),
    text(
      'Global-Default',
      'globalDefault specifies whether this PriorityClass should be considered as the default priority for pods that do not have any priority class.',
      ({ globalDefault }) => globalDefault ?? false,
    ),
    age(),
    text(
      'PreemptionPolicy',
      'preemptionPolicy is the Policy for preempting pods with lower priority. One of Never, PreemptLowerPriority. Defaults to PreemptLowerPriority if unset.',
      ({ preemptionPolicy }) => preemptionPolicy ?? '',
    ),
  ),
  setDefaults(priority) {
    priority.value ??= 0;
    priority.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate,
  validateUpdate(priority, old) {
    const faults = new Faults();
    if (priority.value !== old.value) faults.forbidden('value', 'may not be changed in an update.');
    if (priority.preemptionPolicy !== old.preemptionPolicy) {
      faults.invalid('preemptionPolicy', priority.preemptionPolicy, 'field is immutable');
    }
    return faults.errors;
  },
});

function validate({ metadata, value = 0, globalDefault, preemptionPolicy }: PriorityClass): FieldError[] {
  const faults = new Faults();
  if (metadata.name?.startsWith('system-')) {
    const known = SYSTEM_CLASSES[metadata.name];
    if (known === undefined || known !== value || globalDefault === true) {
      const sentence =
        "priority class names with 'system-' prefix are reserved for system use only. error: " +
        (known === undefined
          ? `${metadata.name} is not a known system priority class`
          : `value of ${metadata.name} PriorityClass must be ${known}`);
      faults.forbidden(['metadata', 'name'], sentence);
    }
  } else if (value > HIGHEST_USER_PRIORITY) {
    faults.forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`);
  }
  checkOneOf(faults, 'preemptionPolicy', preemptionPolicy, ['Never', 'PreemptLowerPriority']);
  return faults.errors;
}
