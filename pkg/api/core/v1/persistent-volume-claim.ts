// PersistentVolumeClaims: what a pod asks of storage. Once made, only the request may grow.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { jsonDifference } from '../../meta/json-difference.ts';
import type { FieldError } from '../../meta/status.ts';
import { persistentVolumeClaims } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../schema/generated/core.v1.gen.ts';
import { validateClaimSpec } from './claim-validation.ts';
import { canonicaliseResourceList, quantityIn } from './resource-amounts.ts';

const FIXED =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

export const persistentVolumeClaimKind = defineKind<PersistentVolumeClaim>({
  type: persistentVolumeClaims,
  schema: 'core.v1.PersistentVolumeClaim',
  shortNames: ['pvc'],
  hasStatus: true,
  returnsDeletedObject: true,
  columns: columns(
    text('Status', 'phase represents the current phase of PersistentVolumeClaim.', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status.phase ?? '') : 'Terminating',
    ),
    text(
      'Volume',
      'volumeName is the binding reference to the PersistentVolume backing this claim.',
      ({ spec }) => spec.volumeName ?? '',
    ),
    text('Capacity', 'capacity represents the actual resources of the underlying volume.', ({ spec, status }) =>
      spec.volumeName ? (status.capacity?.['storage'] ?? '0') : '',
    ),
    text(
      'Access Modes',
      'accessModes contains the actual access modes the volume backing the PVC has.',
      ({ spec, status }) => (spec.volumeName ? shortAccessModes(status.accessModes) : ''),
    ),
    text(
      'StorageClass',
      'storageClassName is the name of the StorageClass required by the claim.',
      ({ spec }) => spec.storageClassName ?? '',
    ),
    text(
      'VolumeAttributesClass',
      'volumeAttributesClassName may be used to set the VolumeAttributesClass used by this claim.',
      ({ spec }) => spec.volumeAttributesClassName || '<unset>',
    ),
    age(),
    wide(
      text(
        'VolumeMode',
        'volumeMode defines what type of volume is required by the claim.',
        ({ spec }) => spec.volumeMode ?? '<unset>',
      ),
    ),
  ),
  setDefaults: defaultClaim,
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
  },
  validate,
  validateUpdate(claim, old) {
    const faults = new Faults();
    const rest: PersistentVolumeClaimSpec = { ...claim.spec };
    if (old.spec.volumeName === undefined) delete rest.volumeName;
    const bound = old.status.phase === 'Bound';
    const [asked, before] = [claim.spec.resources?.requests?.['storage'], old.spec.resources?.requests?.['storage']];
    if (bound && rest.resources?.requests !== undefined) {
      const requests = { ...rest.resources.requests, storage: before ?? '' };
      rest.resources = { ...rest.resources, requests };
    }
    if (bound && rest.volumeAttributesClassName !== undefined) {
      rest.volumeAttributesClassName = old.spec.volumeAttributesClassName;
    }
    // A class may be chosen later.
    if (old.spec.storageClassName === undefined) delete rest.storageClassName;
    if (!isDeepStrictEqual(undefinedDropped(rest), old.spec)) {
      faults.forbidden('spec', `${FIXED}\n${jsonDifference(old.spec, rest)}\n`);
    }
    const less = quantityIn(asked).nanos < quantityIn(before).nanos;
    if (less && quantityIn(asked).nanos <= quantityIn(old.status.capacity?.['storage'] ?? '0').nanos) {
      faults.forbidden(['spec', 'resources', 'requests', 'storage'], 'field can not be less than status.capacity');
    }
    // Kubernetes names this without the spec around it.
    if (claim.spec.volumeMode !== old.spec.volumeMode) faults.invalid('volumeMode', claim.spec.volumeMode, IMMUTABLE);
    const [attributes, had] = [claim.spec.volumeAttributesClassName, old.spec.volumeAttributesClassName];
    if (had !== undefined && attributes !== had && !attributes) {
      const what = attributes === undefined ? 'nil' : 'an empty string';
      faults.forbidden(['spec', 'volumeAttributesClassName'], `update from non-nil value to ${what} is forbidden`);
    }
    return [...validate(claim), ...faults.errors];
  },
});

export function defaultClaim(claim: PersistentVolumeClaim): void {
  claim.spec ??= {};
  claim.status ??= {};
  claim.status.phase ??= 'Pending';
  claim.spec.volumeMode ??= 'Filesystem';
  claim.spec.resources ??= {};
  canonicaliseResourceList(claim.spec.resources.requests);
  canonicaliseResourceList(claim.spec.resources.limits);
  canonicaliseResourceList(claim.status.capacity);
  const { dataSource, dataSourceRef } = claim.spec;
  // Two ways of naming the source, kept the same while neither says more than the other.
  if (dataSource !== undefined && dataSourceRef === undefined) claim.spec.dataSourceRef = { ...dataSource };
  else if (dataSource === undefined && dataSourceRef !== undefined && dataSourceRef.namespace === undefined) {
    const { apiGroup, kind, name } = dataSourceRef;
    claim.spec.dataSource = { ...(apiGroup !== undefined && { apiGroup }), kind, name };
  }
}

function validate({ spec }: PersistentVolumeClaim): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => validateClaimSpec(faults, spec));
  return faults.errors;
}

function undefinedDropped(spec: PersistentVolumeClaimSpec): object {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,RWX`, in Kubernetes' order and each once. */
export function shortAccessModes(modes: readonly string[] | undefined): string {
  return Object.entries(SHORT_MODES)
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}
