// PodTemplates: templates that stand by themselves.
import { Faults } from '../../meta/field-faults.ts';
import { podTemplates } from '../../resources.ts';
import { columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { PodTemplate } from '../../schema/generated/core.v1.gen.ts';
import { containerImages, containerNames, formatLabels } from './label-cell.ts';
import { defaultPodTemplate } from './pod-defaults.ts';
import { validatePodTemplate } from './pod-template-validation.ts';

export const podTemplateKind = defineKind<PodTemplate>({
  type: podTemplates,
  schema: 'core.v1.PodTemplate',
  generation: true,
  generationOf: ({ template }) => template,
  returnsDeletedObject: true,
  columns: columns(
    text('Containers', 'Names of each container in the template.', ({ template }) => containerNames(template?.spec)),
    text('Images', 'Images referenced by each container in the template.', ({ template }) =>
      containerImages(template?.spec),
    ),
    text('Pod Labels', 'The labels for the pod template.', ({ template }) => formatLabels(template?.metadata?.labels)),
  ),
  setDefaults(object) {
    object.template ??= {};
    defaultPodTemplate(object.template);
  },
  validate({ template = {} }) {
    const faults = new Faults();
    faults.at('template', () => validatePodTemplate(faults, template));
    return faults.errors;
  },
});
