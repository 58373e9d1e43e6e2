// DaemonSets: a pod on every node that fits.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNotNegative } from '../../meta/value-checks.ts';
import { daemonSets } from '../../resources.ts';
import { age, columns, integer, text, wide } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { DaemonSet, DaemonSetStatus, DaemonSetUpdateStrategy } from '../../schema/generated/apps.v1.gen.ts';
import { containerImages, containerNames, formatLabels } from '../../core/v1/label-cell.ts';
import { defaultPodTemplate } from '../../core/v1/pod-defaults.ts';
import { validateLongRunning } from '../../core/v1/pod-template-validation.ts';
import { podWarnings } from '../../core/v1/pod-warnings.ts';
import { checkAtMostAll, checkNumberOrPercent, isNone } from './rollout-numbers.ts';

const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';
const NO_STATUS: Readonly<DaemonSetStatus> = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
};

export const daemonSetKind = defineKind<DaemonSet>({
  type: daemonSets,
  schema: 'apps.v1.DaemonSet',
  shortNames: ['ds'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  columns: columns(
    integer(
      'Desired',
      'The total number of nodes that should be running the daemon pod (including nodes correctly running the daemon pod).',
      ({ status }) => status.desiredNumberScheduled,
    ),
    integer(
      'Current',
      'The number of nodes that are running at least 1 daemon pod and are supposed to run the daemon pod.',
      ({ status }) => status.currentNumberScheduled,
    ),
    integer(
      'Ready',
      'numberReady is the number of nodes that should be running the daemon pod and have one or more of the daemon pod running with a Ready Condition.',
      ({ status }) => status.numberReady,
    ),
    integer(
      'Up-to-date',
      'The total number of nodes that are running updated daemon pod',
      ({ status }) => status.updatedNumberScheduled ?? 0,
    ),
    integer(
      'Available',
      'The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available (ready for at least spec.minReadySeconds)',
      ({ status }) => status.numberAvailable ?? 0,
    ),
    text('Node Selector', 'NodeSelector is a selector which must be true for the pod to fit on a node.', ({ spec }) =>
      formatLabels(spec.template.spec?.nodeSelector),
    ),
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
      text('Selector', 'A label query over pods that are managed by the daemon set.', ({ spec }) =>
        selectorFromObject(spec.selector).toString(),
      ),
    ),
  ),
  setDefaults(set) {
    set.spec ??= {} as DaemonSet['spec']; // Validation asks for the rest.
    set.status = { ...NO_STATUS, ...set.status };
    const { spec } = set;
    spec.template ??= {};
    defaultPodTemplate(spec.template);
    const strategy = (spec.updateStrategy ??= {});
    strategy.type ??= 'RollingUpdate';
    if (strategy.type === 'RollingUpdate') {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= 1;
      strategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
  },
  prepareForCreate(set) {
    set.status = { ...NO_STATUS };
    setTemplateGeneration(set, 1);
  },
  prepareForUpdate(set, old) {
    const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
    const changed = !isDeepStrictEqual(set.spec.template, old.spec.template);
    setTemplateGeneration(set, changed ? before + 1 : before);
  },
  validate,
  validateUpdate(set, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(set.spec.selector, old.spec.selector)) {
      faults.invalid(['spec', 'selector'], set.spec.selector, IMMUTABLE);
    }
    return [...faults.errors, ...validate(set)];
  },
  warnings: ({ spec }) => podWarnings(spec.template, 'spec.template'),
});

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations ??= {};
  metadata.annotations[TEMPLATE_GENERATION] = String(generation);
}

function validate({ spec }: DaemonSet): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    validateLongRunning(faults, spec, { empty: 'daemonset', deadline: 'DaemonSet' });
    checkNotNegative(faults, 'minReadySeconds', spec.minReadySeconds);
    faults.at('updateStrategy', () => validateStrategy(faults, spec.updateStrategy ?? {}));
    checkNotNegative(faults, 'revisionHistoryLimit', spec.revisionHistoryLimit);
  });
  return faults.errors;
}

function validateStrategy(faults: Faults, strategy: DaemonSetUpdateStrategy): void {
  const { type, rollingUpdate } = strategy;
  if (type === 'OnDelete') return;
  if (type !== 'RollingUpdate') return faults.notSupported('', type ?? '', ['RollingUpdate', 'OnDelete']);
  if (rollingUpdate === undefined) return faults.required('rollingUpdate');
  faults.at('rollingUpdate', () => {
    const { maxUnavailable, maxSurge } = rollingUpdate;
    checkNumberOrPercent(faults, 'maxUnavailable', maxUnavailable);
    checkAtMostAll(faults, 'maxUnavailable', maxUnavailable);
    checkNumberOrPercent(faults, 'maxSurge', maxSurge);
    checkAtMostAll(faults, 'maxSurge', maxSurge);
    if (!isNone(maxUnavailable) && !isNone(maxSurge)) {
      faults.invalid('maxSurge', maxSurge, 'may not be set when maxUnavailable is non-zero');
    } else if (isNone(maxUnavailable) && isNone(maxSurge)) {
      faults.required('maxUnavailable', 'cannot be 0 when maxSurge is 0');
    }
  });
}
