// StatefulSets: pods with names and storage of their own.
import { isDeepStrictEqual } from 'node:util';
import { Faults } from '../../meta/field-faults.ts';
import { selectorFromObject } from '../../meta/label-selector.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNotNegative, checkOneOf } from '../../meta/value-checks.ts';
import { statefulSets } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind, SCALE } from '../../schema/define-kind.ts';
import type { StatefulSet, StatefulSetSpec } from '../../schema/generated/apps.v1.gen.ts';
import { containerImages, containerNames } from '../../core/v1/label-cell.ts';
import { defaultClaim } from '../../core/v1/persistent-volume-claim.ts';
import { defaultPodTemplate } from '../../core/v1/pod-defaults.ts';
import { validateLongRunning } from '../../core/v1/pod-template-validation.ts';
import { podWarnings } from '../../core/v1/pod-warnings.ts';
import { replicasScale } from './replicas-scale.ts';
import { checkAtMostAll, checkNumberOrPercent, isNone } from './rollout-numbers.ts';

const MAY_CHANGE =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export const statefulSetKind = defineKind<StatefulSet>({
  type: statefulSets,
  schema: 'apps.v1.StatefulSet',
  shortNames: ['sts'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  subresources: [SCALE],
  columns: columns(
    text(
      'Ready',
      'Number of the pod with ready state',
      ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
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
  ),
  setDefaults(set) {
    set.spec ??= {} as StatefulSetSpec; // Validation asks for the rest.
    const { spec } = set;
    set.status ??= { replicas: 0 };
    set.status.replicas ??= 0;
    set.status.availableReplicas ??= 0;
    spec.template ??= {};
    defaultPodTemplate(spec.template);
    spec.podManagementPolicy ??= 'OrderedReady';
    const strategy = (spec.updateStrategy ??= {});
    strategy.type ??= 'RollingUpdate';
    if (strategy.type === 'RollingUpdate') {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.partition ??= 0;
    }
    const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
    retention.whenDeleted ??= 'Retain';
    retention.whenScaled ??= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.kind ??= 'PersistentVolumeClaim';
      claim.apiVersion ??= 'v1';
      defaultClaim(claim);
    }
  },
  prepareForCreate(set) {
    set.status = { replicas: 0, availableReplicas: 0 };
  },
  validate,
  validateUpdate(set, old) {
    const faults = new Faults();
    const fixed = ({ selector, serviceName, podManagementPolicy, volumeClaimTemplates }: StatefulSetSpec) => ({
      selector,
      serviceName,
      podManagementPolicy,
      volumeClaimTemplates,
    });
    if (!isDeepStrictEqual(fixed(set.spec), fixed(old.spec))) faults.forbidden('spec', MAY_CHANGE);
    return [...validate(set), ...faults.errors];
  },
  warnings: ({ spec }) => podWarnings(spec.template, 'spec.template'),
  scale: replicasScale(({ selector }) => selectorFromObject(selector)),
});

function validate({ spec }: StatefulSet): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    checkOneOf(faults, 'podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel']);
    faults.at('updateStrategy', () => validateStrategy(faults, spec));
    faults.at('persistentVolumeClaimRetentionPolicy', () => {
      const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
      checkOneOf(faults, 'whenDeleted', whenDeleted, ['Delete', 'Retain']);
      checkOneOf(faults, 'whenScaled', whenScaled, ['Delete', 'Retain']);
    });
    checkNotNegative(faults, 'replicas', spec.replicas);
    checkNotNegative(faults, 'minReadySeconds', spec.minReadySeconds);
    checkNotNegative(faults, 'revisionHistoryLimit', spec.revisionHistoryLimit);
    checkNotNegative(faults, ['ordinals', 'start'], spec.ordinals?.start);
    if (spec.selector === undefined) faults.required('selector');
    validateLongRunning(faults, spec, { empty: 'statefulset', deadline: 'StatefulSet', unreadable: '' });
  });
  return faults.errors;
}

function validateStrategy(faults: Faults, { updateStrategy }: StatefulSetSpec): void {
  const { type, rollingUpdate } = updateStrategy ?? {};
  if (type === undefined || type === '') return faults.required('');
  if (type === 'OnDelete') {
    if (rollingUpdate !== undefined) {
      faults.invalid('rollingUpdate', rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'");
    }
    return;
  }
  if (type !== 'RollingUpdate') {
    faults.invalid('', updateStrategy, "must be 'RollingUpdate' or 'OnDelete'");
    return;
  }
  checkNotNegative(faults, ['rollingUpdate', 'partition'], rollingUpdate?.partition);
  const unavailable = rollingUpdate?.maxUnavailable;
  if (unavailable === undefined) return;
  faults.at('rollingUpdate', () => {
    checkNumberOrPercent(faults, 'maxUnavailable', unavailable);
    if (isNone(unavailable)) faults.invalid('maxUnavailable', unavailable, 'cannot be 0');
    checkAtMostAll(faults, 'maxUnavailable', unavailable);
  });
}
