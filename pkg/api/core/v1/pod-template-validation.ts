// Validation of pod templates, and of the selectors of the workloads that own the pods made of them.
import { Faults } from '../../meta/field-faults.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import { isEmptySelector, validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { validateAnnotations, validateLabels } from '../../meta/object-meta-validation.ts';
import type { PodTemplateSpec } from '../../schema/generated/core.v1.gen.ts';
import type { LabelSelector } from '../../schema/generated/meta.v1.gen.ts';
import { validatePodAnnotations, validateProfilesMatch } from './pod-annotations-validation.ts';
import { validatePodSpec } from './pod-spec-validation.ts';

/** The current path is the template's. */
export function validatePodTemplate(faults: Faults, template: PodTemplateSpec): void {
  validateLabels(faults, 'labels', template.metadata?.labels);
  validateAnnotations(faults, template.metadata?.annotations);
  const { spec } = template;
  if (spec === undefined) return;
  const annotations = template.metadata?.annotations;
  faults.at('annotations', () => validatePodAnnotations(faults, annotations, spec));
  faults.at('spec', () => {
    validatePodSpec(faults, spec);
    validateProfilesMatch(faults, annotations, spec);
  });
  if ((spec.ephemeralContainers ?? []).length > 0) {
    faults.forbidden(['spec', 'ephemeralContainers'], 'ephemeral containers not allowed in pod template');
  }
}

interface Workload {
  readonly selector?: LabelSelector;
  readonly template?: PodTemplateSpec;
}

/** How Kubernetes speaks of a workload in its sentences, which is not always by its own name. */
export interface WorkloadWords {
  /** In `empty selector is invalid for …`. */
  readonly empty: string;
  /** In `activeDeadlineSeconds in … is not Supported`. */
  readonly deadline: string;
  /** Of a selector that cannot be read, beside what is wrong with it; undefined: nothing. The template goes unread then. */
  readonly unreadable?: string;
}

/**
 * Selector and template of a workload whose pods run for ever: the selector says something, finds the template's labels, and
 * the pods restart always. The current path is the workload's spec.
 */
export function validateLongRunning(faults: Faults, { selector, template }: Workload, words: WorkloadWords): void {
  const before = faults.errors.length;
  faults.at('selector', () => validateLabelSelector(faults, selector));
  const readable = faults.errors.length === before;
  if (selector !== undefined && isEmptySelector(selector)) {
    faults.invalid('selector', selector, `empty selector is invalid for ${words.empty}`);
  }
  if (!readable && words.unreadable !== undefined) return faults.invalid('selector', selector, words.unreadable);
  if (template === undefined) return faults.required('template');
  faults.at('template', () => {
    // No selector selects nothing, so it matches no labels; an empty one selects everything.
    if (readable && !selectorFromObject(selector).matches(template.metadata?.labels)) {
      const labels = template.metadata?.labels ?? null;
      faults.invalid(['metadata', 'labels'], labels, '`selector` does not match template `labels`');
    }
    validatePodTemplate(faults, template);
    validateRunsForever(faults, template, words.deadline);
  });
}

/** The current path is the template's; `called` is how Kubernetes calls the workload. */
export function validateRunsForever(faults: Faults, { spec }: PodTemplateSpec, called: string): void {
  if (spec?.restartPolicy !== 'Always') {
    faults.notSupported(['spec', 'restartPolicy'], spec?.restartPolicy ?? '', ['Always']);
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    faults.forbidden(['spec', 'activeDeadlineSeconds'], `activeDeadlineSeconds in ${called} is not Supported`);
  }
}
