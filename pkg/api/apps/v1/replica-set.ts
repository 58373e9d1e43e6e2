// ReplicaSets: a number of pods alike.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNotNegative } from '../../meta/value-checks.ts';
import { replicaSets } from '../../resources.ts';
import { age, columns, integer, text, wide } from '../../schema/columns.ts';
import { defineKind, SCALE } from '../../schema/define-kind.ts';
import type { ReplicaSet } from '../../schema/generated/apps.v1.gen.ts';
import { replicaStatusFaults } from './replica-status.ts';
import { replicasScale } from './replicas-scale.ts';
import { containerImages, containerNames } from '../../core/v1/label-cell.ts';
import { defaultPodTemplate } from '../../core/v1/pod-defaults.ts';
import { validateLongRunning, type WorkloadWords } from '../../core/v1/pod-template-validation.ts';
import { podWarnings } from '../../core/v1/pod-warnings.ts';

/** Of Deployments too, which Kubernetes checks as what they make; and both are called deployments when they select nothing. */
export const REPLICA_SET_WORDS: WorkloadWords = {
  empty: 'deployment',
  deadline: 'ReplicaSet',
  unreadable: 'invalid label selector',
};

export const replicaSetKind = defineKind<ReplicaSet>({
  type: replicaSets,
  schema: 'apps.v1.ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  subresources: [SCALE],
  columns: columns(
    integer(
      'Desired',
      'Replicas is the number of desired pods. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1.',
      ({ spec }) => spec.replicas ?? 0,
    ),
    integer(
      'Current',
      'Replicas is the most recently observed number of non-terminating pods.',
      ({ status }) => status.replicas ?? 0,
    ),
    integer(
      'Ready',
      'The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.',
      ({ status }) => status.readyReplicas ?? 0,
    ),
    age(),
    wide(
      text('Containers', 'Names of each container in the template.', ({ spec }) => containerNames(spec.template?.spec)),
    ),
    wide(
      text('Images', 'Images referenced by each container in the template.', ({ spec }) =>
        containerImages(spec.template?.spec),
      ),
    ),
    wide(
      text(
        'Selector',
        "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels.",
        ({ spec }) => selectorFromObject(spec.selector).toString(),
      ),
    ),
  ),
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas ?? 0) },
  setDefaults(set) {
    set.spec ??= {} as ReplicaSet['spec']; // Validation asks for the rest.
    set.status ??= { replicas: 0 };
    set.status.replicas ??= 0;
    set.spec.template ??= {};
    defaultPodTemplate(set.spec.template);
    set.spec.replicas ??= 1;
  },
  prepareForCreate(set) {
    set.status = { replicas: 0 };
  },
  validate,
  validateUpdate(set, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(set.spec.selector, old.spec.selector)) {
      faults.invalid(['spec', 'selector'], set.spec.selector, IMMUTABLE);
    }
    return [...faults.errors, ...validate(set)];
  },
  validateStatusUpdate: ({ status }) => replicaStatusFaults(status),
  warnings: ({ spec }) => podWarnings(spec.template ?? {}, 'spec.template'),
  scale: replicasScale(({ selector }) => selectorFromObject(selector)),
});

function validate({ spec }: ReplicaSet): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    checkNotNegative(faults, 'replicas', spec.replicas);
    checkNotNegative(faults, 'minReadySeconds', spec.minReadySeconds);
    if (spec.selector === undefined) faults.required('selector');
    validateLongRunning(faults, spec, REPLICA_SET_WORDS);
  });
  return faults.errors;
}
