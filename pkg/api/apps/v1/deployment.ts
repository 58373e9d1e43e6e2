// Deployments: rolling updates over ReplicaSets.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNotNegative } from '../../meta/value-checks.ts';
import { deployments } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind, SCALE } from '../../schema/define-kind.ts';
import type { Deployment, DeploymentStrategy } from '../../schema/generated/apps.v1.gen.ts';
import { containerImages, containerNames } from '../../core/v1/label-cell.ts';
import { defaultPodTemplate } from '../../core/v1/pod-defaults.ts';
import { validateLongRunning } from '../../core/v1/pod-template-validation.ts';
import { podWarnings } from '../../core/v1/pod-warnings.ts';
import { REPLICA_SET_WORDS } from './replica-set.ts';
import { replicasScale } from './replicas-scale.ts';
import { checkAtMostAll, checkNumberOrPercent, isNone } from './rollout-numbers.ts';

export const deploymentKind = defineKind<Deployment>({
  type: deployments,
  schema: 'apps.v1.Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  generationOf: ({ spec, metadata }) => ({ spec, annotations: metadata.annotations ?? {} }),
  subresources: [SCALE],
  columns: columns(
    text(
      'Ready',
      'Number of the pod with ready state',
      ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ),
    text(
      'Up-to-date',
      'Total number of non-terminating pods targeted by this deployment that have the desired template spec.',
      ({ status }) => status.updatedReplicas ?? 0,
    ),
    text(
      'Available',
      'Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.',
      ({ status }) => status.availableReplicas ?? 0,
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
      text(
        'Selector',
        "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
        ({ spec }) => selectorFromObject(spec.selector).toString(),
      ),
    ),
  ),
  setDefaults(deployment) {
    deployment.spec ??= {} as Deployment['spec']; // Validation asks for the rest.
    deployment.status ??= {};
    const { spec } = deployment;
    spec.template ??= {};
    defaultPodTemplate(spec.template);
    spec.replicas ??= 1;
    const strategy = (spec.strategy ??= {});
    strategy.type ??= 'RollingUpdate';
    if (strategy.type === 'RollingUpdate') {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= '25%';
      strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
  },
  prepareForStatusUpdate(deployment, old) {
    if (old.metadata.labels === undefined) delete deployment.metadata.labels;
    else deployment.metadata.labels = old.metadata.labels;
  },
  validate,
  validateUpdate(deployment, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(deployment.spec.selector, old.spec.selector)) {
      faults.invalid(['spec', 'selector'], deployment.spec.selector, IMMUTABLE);
    }
    return [...validate(deployment), ...faults.errors];
  },
  validateStatusUpdate,
  warnings: ({ spec }) => podWarnings(spec.template, 'spec.template'),
  scale: replicasScale(({ selector }) => selectorFromObject(selector)),
});

function validate({ spec }: Deployment): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    checkNotNegative(faults, 'replicas', spec.replicas);
    if (spec.selector === undefined) faults.required('selector');
    validateLongRunning(faults, spec, REPLICA_SET_WORDS);
    faults.at('strategy', () => validateStrategy(faults, spec.strategy ?? {}));
    checkNotNegative(faults, 'minReadySeconds', spec.minReadySeconds);
    checkNotNegative(faults, 'revisionHistoryLimit', spec.revisionHistoryLimit);
    const { progressDeadlineSeconds: deadline } = spec;
    if (deadline === undefined) return;
    checkNotNegative(faults, 'progressDeadlineSeconds', deadline);
    if (deadline <= (spec.minReadySeconds ?? 0)) {
      faults.invalid('progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
    }
  });
  return faults.errors;
}

function validateStrategy(faults: Faults, { type, rollingUpdate }: DeploymentStrategy): void {
  switch (type) {
    case 'Recreate':
      if (rollingUpdate !== undefined) {
        faults.forbidden('rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
      }
      return;
    case 'RollingUpdate':
      if (rollingUpdate === undefined) {
        return faults.required('rollingUpdate', 'this should be defaulted and never be nil');
      }
      faults.at('rollingUpdate', () => {
        const { maxSurge, maxUnavailable } = rollingUpdate;
        checkNumberOrPercent(faults, 'maxUnavailable', maxUnavailable);
        checkNumberOrPercent(faults, 'maxSurge', maxSurge);
        if (isNone(maxUnavailable) && isNone(maxSurge)) {
          faults.invalid('maxUnavailable', maxUnavailable, 'may not be 0 when `maxSurge` is 0');
        }
        checkAtMostAll(faults, 'maxUnavailable', maxUnavailable);
      });
      return;
    case undefined:
    default:
      faults.notSupported('', internal({ type, rollingUpdate }), ['Recreate', 'RollingUpdate']);
  }
}

/** As Kubernetes prints it: in its own form, whose fields have their Go names. */
function internal({ type, rollingUpdate }: DeploymentStrategy): object {
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
  return {
    Type: type ?? '',
    RollingUpdate: rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge },
  };
}

function validateStatusUpdate({ status }: Deployment, old: Deployment): FieldError[] {
  const faults = new Faults();
  faults.at('status', () => {
    const { replicas = 0 } = status;
    const counts = [
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
    ] as const;
    checkNotNegative(faults, 'observedGeneration', status.observedGeneration);
    for (const field of counts) checkNotNegative(faults, field, status[field]);
    for (const field of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
      const count = status[field] ?? 0;
      if (count > replicas) faults.invalid(field, count, 'cannot be greater than status.replicas');
    }
    if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
      faults.invalid('availableReplicas', status.availableReplicas, 'cannot be greater than readyReplicas');
    }
    const [collisions, before] = [status.collisionCount, old.status.collisionCount];
    checkNotNegative(faults, 'collisionCount', collisions);
    if (before !== undefined && (collisions ?? -1) < before) {
      faults.invalid('collisionCount', collisions ?? 0, 'cannot be decremented');
    }
  });
  return faults.errors;
}
