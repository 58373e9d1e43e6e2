// Defaults and validation of what Jobs ask, shared by Jobs and the templates of CronJobs.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { checkNotNegative, checkOptionalOneOf } from '../../meta/value-checks.ts';
import type { JobSpec } from '../../schema/generated/batch.v1.gen.ts';
import { defaultPodTemplate } from '../../core/v1/pod-defaults.ts';
import { validatePodTemplate } from '../../core/v1/pod-template-validation.ts';

/** Beyond this, an Indexed job's bookkeeping would not fit its object. */
const MOST_INDEXED_PARALLELISM = 100_000;
const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

export function defaultJobTemplate(spec: JobSpec): void {
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

export function defaultJobSpec(spec: JobSpec): void {
  defaultJobTemplate(spec);
  // Neither given: one pod, once. Parallelism alone: a work queue, whose completions are unknown.
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
}

/** The current path is the spec's. */
export function validateJobTemplateSpec(faults: Faults, spec: JobSpec): void {
  for (const field of COUNTS) checkNotNegative(faults, field, spec[field]);
  checkOptionalOneOf(faults, 'completionMode', spec.completionMode, ['Indexed', 'NonIndexed']);
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) faults.required('completions', 'when completion mode is Indexed');
    if ((spec.parallelism ?? 0) > MOST_INDEXED_PARALLELISM) {
      const sentence = `must be less than or equal to ${MOST_INDEXED_PARALLELISM} when completion mode is Indexed`;
      faults.invalid('parallelism', spec.parallelism, sentence);
    }
  } else if (spec.backoffLimitPerIndex !== undefined) {
    faults.invalid('backoffLimitPerIndex', spec.backoffLimitPerIndex, 'requires indexed completion mode');
  }
  checkOptionalOneOf(faults, 'podReplacementPolicy', spec.podReplacementPolicy, ['Failed', 'TerminatingOrFailed']);
  faults.at('selector', () => validateLabelSelector(faults, spec.selector));
  faults.at('template', () => validatePodTemplate(faults, spec.template));
  const policy = spec.template.spec?.restartPolicy;
  if (policy === undefined || policy === 'Always') {
    faults.required(['template', 'spec', 'restartPolicy'], 'valid values: "OnFailure", "Never"');
  } else if (policy !== 'OnFailure' && policy !== 'Never') {
    faults.notSupported(['template', 'spec', 'restartPolicy'], policy, ['OnFailure', 'Never']);
  }
  validateFailurePolicy(faults, spec);
}

function validateFailurePolicy(faults: Faults, { podFailurePolicy, template }: JobSpec): void {
  if (podFailurePolicy === undefined) return;
  if (template.spec?.restartPolicy !== 'Never') {
    faults.invalid(
      ['template', 'spec', 'restartPolicy'],
      template.spec?.restartPolicy ?? '',
      'only "Never" is supported when podFailurePolicy is specified',
    );
  }
  faults.at('podFailurePolicy', () =>
    faults.each('rules', podFailurePolicy.rules, ({ action, onExitCodes, onPodConditions = [] }) => {
      checkOptionalOneOf(faults, 'action', action, ['Count', 'FailIndex', 'FailJob', 'Ignore']);
      if (onExitCodes === undefined && onPodConditions.length === 0) {
        faults.invalid('', { action }, 'specifying one of OnExitCodes and OnPodConditions is required');
      } else if (onExitCodes !== undefined && onPodConditions.length > 0) {
        faults.invalid('', { action }, 'specifying both OnExitCodes and OnPodConditions is not supported');
      }
    }),
  );
}

/** A Job as it is stored: with its selector. */
export function validateJobSpec(faults: Faults, spec: JobSpec): void {
  if (spec.selector === undefined) faults.required('selector');
  else if (!selectorFromObject(spec.selector).matches(spec.template.metadata?.labels)) {
    const labels = spec.template.metadata?.labels ?? {};
    faults.invalid(['template', 'metadata', 'labels'], labels, '`selector` does not match template `labels`');
  }
  validateJobTemplateSpec(faults, spec);
}

export function validateJobSpecUpdate(faults: Faults, spec: JobSpec, old: JobSpec): void {
  if (spec.completionMode !== 'Indexed' || spec.completions !== spec.parallelism) {
    if (spec.completions !== old.completions) faults.invalid('completions', spec.completions, IMMUTABLE);
  }
  const template = (of: JobSpec) =>
    of.suspend === true ? { ...of.template, spec: withoutScheduling(of) } : of.template;
  if (!isDeepStrictEqual(template({ ...spec, suspend: old.suspend }), template(old))) {
    faults.invalid('template', spec.template, IMMUTABLE);
  }
  for (const field of [
    'selector',
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
  ] as const) {
    if (!isDeepStrictEqual(spec[field], old[field])) faults.invalid(field, spec[field], IMMUTABLE);
  }
}

/** While a job is suspended, where its pods go may still change. */
function withoutScheduling({ template }: JobSpec): object {
  const {
    nodeSelector: _1,
    tolerations: _2,
    affinity: _3,
    schedulingGates: _4,
    ...rest
  } = template.spec ?? { containers: [] };
  return rest;
}
