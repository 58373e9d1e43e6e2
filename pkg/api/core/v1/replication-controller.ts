// ReplicationControllers: ReplicaSets' predecessor.
import { replicaStatusFaults } from '../../apps/v1/replica-status.ts';
import { replicasScale } from '../../apps/v1/replicas-scale.ts';
import { Faults, NOT_NEGATIVE } from '../../meta/field-faults.ts';
import { selectorFromLabels } from '../../meta/label-selector.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNotNegative } from '../../meta/value-checks.ts';
import { replicationControllers } from '../../resources.ts';
import { age, columns, integer, text, wide } from '../../schema/columns.ts';
import { defineKind, SCALE } from '../../schema/define-kind.ts';
import type { ReplicationController } from '../../schema/generated/core.v1.gen.ts';
import { containerImages, containerNames, formatLabels } from './label-cell.ts';
import { defaultPodTemplate } from './pod-defaults.ts';
import { validatePodTemplate, validateRunsForever } from './pod-template-validation.ts';

export const replicationControllerKind = defineKind<ReplicationController>({
  type: replicationControllers,
  schema: 'core.v1.ReplicationController',
  shortNames: ['rc'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  defaultPropagation: 'orphan',
  subresources: [SCALE],
  columns: columns(
    integer(
      'Desired',
      'Replicas is the number of desired replicas. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1.',
      ({ spec }) => spec.replicas ?? 0,
    ),
    integer('Current', 'Replicas is the most recently observed number of replicas.', ({ status }) => status.replicas),
    integer(
      'Ready',
      'The number of ready replicas for this replication controller.',
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
      text('Selector', 'Selector is a label query over pods that should match the Replicas count.', ({ spec }) =>
        formatLabels(spec.selector),
      ),
    ),
  ),
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
  setDefaults(controller) {
    controller.spec ??= {};
    controller.status ??= { replicas: 0 };
    controller.status.replicas ??= 0;
    const { spec, metadata } = controller;
    if (spec.template !== undefined) defaultPodTemplate(spec.template);
    const labels = spec.template?.metadata?.labels;
    if (labels !== undefined) {
      spec.selector ??= { ...labels };
      metadata.labels ??= { ...labels };
    }
    spec.replicas ??= 1;
  },
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
  },
  validate,
  validateStatusUpdate: ({ status }) => replicaStatusFaults(status),
  scale: replicasScale(({ selector }) => selectorFromLabels(selector)),
});

function validate({ spec }: ReplicationController): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    checkNotNegative(faults, 'minReadySeconds', spec.minReadySeconds);
    const { selector = {}, template } = spec;
    if (Object.keys(selector).length === 0) faults.required('selector');
    if ((spec.replicas ?? 0) < 0) faults.invalid('replicas', spec.replicas, NOT_NEGATIVE);
    if (template === undefined) return faults.required('template');
    faults.at('template', () => {
      const selects = Object.keys(selector).length > 0;
      if (selects && !selectorFromLabels(selector).matches(template.metadata?.labels)) {
        const labels = template.metadata?.labels ?? {};
        faults.invalid(['metadata', 'labels'], labels, '`selector` does not match template `labels`');
      }
      validatePodTemplate(faults, template);
      validateRunsForever(faults, template, 'ReplicationController');
    });
  });
  return faults.errors;
}
