// Jobs: pods that run to their end. A Job selects its pods by its own uid unless told otherwise.
import { Faults } from '../../meta/field-faults.ts';
import { humanDuration } from '../../meta/duration.ts';
import { isConditionTrue } from '../../meta/conditions.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import { jobs } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Job } from '../../schema/generated/batch.v1.gen.ts';
import { containerImages, containerNames } from '../../core/v1/label-cell.ts';
import { podWarnings } from '../../core/v1/pod-warnings.ts';
import { defaultJobSpec, validateJobSpec, validateJobSpecUpdate } from './job-validation.ts';

const UID_LABEL = 'batch.kubernetes.io/controller-uid';
const NAME_LABEL = 'batch.kubernetes.io/job-name';

export const jobKind = defineKind<Job>({
  type: jobs,
  schema: 'batch.v1.Job',
  categories: ['all'],
  hasStatus: true,
  generation: true,
  defaultPropagation: 'orphan',
  columns: columns(
    text('Status', 'Status of the job.', statusCell),
    text('Completions', 'Completions of the job.', completionsCell),
    text('Duration', 'Time required to complete the job.', durationCell),
    age(),
    wide(
      text('Containers', 'Names of each container in the template.', ({ spec }) => containerNames(spec.template.spec)),
    ),
    wide(
      text('Images', 'Images referenced by each container in the template.', ({ spec }) =>
        containerImages(spec.template.spec),
      ),
    ),
    wide(
      text('Selector', 'A label query over pods that should match the pod count.', ({ spec }) =>
        selectorFromObject(spec.selector).toString(),
      ),
    ),
  ),
  selectableFields: { 'status.successful': ({ status }) => String(status.succeeded ?? 0) },
  setDefaults(job) {
    job.spec ??= {} as Job['spec']; // Validation asks for the rest.
    job.status ??= {};
    defaultJobSpec(job.spec);
    const labels = job.spec.template.metadata?.labels;
    if (labels !== undefined && job.metadata.labels === undefined) job.metadata.labels = { ...labels };
  },
  prepareForCreate(job) {
    const { spec, metadata } = job;
    if (spec.manualSelector === true) return;
    const template = (spec.template.metadata ??= metadataOfTemplate());
    template.labels = { ...template.labels, ...generatedLabels(metadata) };
    spec.selector ??= {};
    spec.selector.matchLabels = { ...spec.selector.matchLabels, [UID_LABEL]: metadata.uid };
  },
  validate({ spec, metadata }) {
    const faults = new Faults();
    faults.at('spec', () => {
      validateGeneratedSelector(faults, spec, metadata);
      validateJobSpec(faults, spec);
    });
    return faults.errors;
  },
  validateUpdate({ spec, metadata }, old) {
    const faults = new Faults();
    faults.at('spec', () => {
      validateGeneratedSelector(faults, spec, metadata);
      validateJobSpec(faults, spec);
      validateJobSpecUpdate(faults, spec, old.spec);
    });
    return faults.errors;
  },
  warnings: ({ spec }) => podWarnings(spec.template, 'spec.template'),
});

/** The labels that the pods of a Job with a generated selector get. */
function generatedLabels({ uid, name }: Job['metadata']): Record<string, string> {
  return { [UID_LABEL]: uid, [NAME_LABEL]: name, 'controller-uid': uid, 'job-name': name };
}

/** A selector that was generated must go on selecting this Job's own pods. */
function validateGeneratedSelector(faults: Faults, spec: Job['spec'], metadata: Job['metadata']): void {
  if (spec.manualSelector === true || spec.selector === undefined) return;
  if (selectorFromObject(spec.selector).matches(generatedLabels(metadata))) return;
  faults.invalid('selector', spec.selector, '`selector` not auto-generated');
}

/** Templates hold labels and annotations only. */
function metadataOfTemplate(): Job['metadata'] {
  return {} as Job['metadata']; // See above.
}

function statusCell({ metadata, spec, status }: Job): string {
  if (isConditionTrue(status.conditions, 'Complete')) return 'Complete';
  if (isConditionTrue(status.conditions, 'Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (isConditionTrue(status.conditions, 'Suspended')) return 'Suspended';
  if (isConditionTrue(status.conditions, 'FailureTarget')) return 'FailureTarget';
  if (isConditionTrue(status.conditions, 'SuccessCriteriaMet')) return 'SuccessCriteriaMet';
  return spec.suspend === undefined ? '' : 'Running';
}

function completionsCell({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationCell({ status }: Job, now: number): string {
  if (status.startTime === undefined) return '';
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}
