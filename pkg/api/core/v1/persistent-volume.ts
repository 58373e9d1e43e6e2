// PersistentVolumes: pieces of storage that claims bind to.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE, key } from '../../meta/field-faults.ts';
import { jsonDifference } from '../../meta/json-difference.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkOptionalOneOf, NOT_POSITIVE } from '../../meta/value-checks.ts';
import { persistentVolumes } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../schema/generated/core.v1.gen.ts';
import { validateNodeSelector } from './affinity-validation.ts';
import { validateAccessModes } from './claim-validation.ts';
import { shortAccessModes } from './persistent-volume-claim.ts';
import { sourcesOf, validateVolumeSource } from './persistent-source-validation.ts';
import { canonicaliseResourceList, quantityIn } from './resource-amounts.ts';

export const persistentVolumeKind = defineKind<PersistentVolume>({
  type: persistentVolumes,
  schema: 'core.v1.PersistentVolume',
  shortNames: ['pv'],
  hasStatus: true,
  returnsDeletedObject: true,
  columns: columns(
    text(
      'Capacity',
      "capacity is the description of the persistent volume's resources and capacity.",
      ({ spec }) => spec.capacity?.['storage'] ?? '',
    ),
    text('Access Modes', 'accessModes contains all ways the volume can be mounted.', ({ spec }) =>
      shortAccessModes(spec.accessModes),
    ),
    text(
      'Reclaim Policy',
      'persistentVolumeReclaimPolicy defines what happens to a persistent volume when released from its claim.',
      ({ spec }) => spec.persistentVolumeReclaimPolicy ?? '',
    ),
    text(
      'Status',
      'phase indicates if a volume is available, bound to a claim, or released by a claim.',
      ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? (status.phase ?? '') : 'Terminating'),
    ),
    text(
      'Claim',
      'claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim.',
      ({ spec }) => (spec.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`),
    ),
    text(
      'StorageClass',
      'storageClassName is the name of StorageClass to which this persistent volume belongs.',
      ({ spec }) => spec.storageClassName ?? '',
    ),
    text(
      'VolumeAttributesClass',
      'Name of VolumeAttributesClass to which this persistent volume belongs.',
      ({ spec }) => spec.volumeAttributesClassName || '<unset>',
    ),
    text(
      'Reason',
      'reason is a brief CamelCase string that describes any failure and is meant for machine parsing and tidy display in the CLI.',
      ({ status }) => status.reason ?? '',
    ),
    age(),
    wide(
      text(
        'VolumeMode',
        'volumeMode defines if a volume is intended to be used with a formatted filesystem or to remain in raw block state.',
        ({ spec }) => spec.volumeMode ?? '<unset>',
      ),
    ),
  ),
  setDefaults(volume) {
    volume.spec ??= {};
    volume.status ??= {};
    volume.status.phase ??= 'Pending';
    const { spec } = volume;
    canonicaliseResourceList(spec.capacity);
    spec.persistentVolumeReclaimPolicy ??= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
  },
  prepareForCreate(volume) {
    volume.status = { phase: 'Pending' };
  },
  validate,
  validateUpdate(volume, old) {
    const faults = new Faults();
    const [now, before] = [sourcesOf(volume.spec), sourcesOf(old.spec)];
    // A secret for growing may be named later.
    if (before.csi !== undefined && before.csi.controllerExpandSecretRef === undefined && now.csi !== undefined) {
      const { controllerExpandSecretRef: _, ...csi } = now.csi;
      now.csi = csi;
    }
    if (!isDeepStrictEqual(now, before)) {
      const sentence = 'spec.persistentvolumesource is immutable after creation';
      faults.forbidden(['spec', 'persistentvolumesource'], `${sentence}\n${jsonDifference(before, now)}`);
    }
    // Kubernetes names these without the spec around them.
    if (volume.spec.volumeMode !== old.spec.volumeMode) faults.invalid('volumeMode', volume.spec.volumeMode, IMMUTABLE);
    if (old.spec.nodeAffinity !== undefined && !isDeepStrictEqual(volume.spec.nodeAffinity, old.spec.nodeAffinity)) {
      faults.invalid(
        'nodeAffinity',
        volume.spec.nodeAffinity,
        `${IMMUTABLE}, except for updating from beta label to GA`,
      );
    }
    if (old.spec.volumeAttributesClassName !== undefined && volume.spec.volumeAttributesClassName === undefined) {
      faults.forbidden(['spec', 'volumeAttributesClassName'], 'update from non-nil value to nil is forbidden');
    }
    return [...validate(volume), ...faults.errors];
  },
});

function validate({ metadata, spec }: PersistentVolume): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    if ((spec.accessModes ?? []).length === 0) faults.required('accessModes');
    validateAccessModes(faults, spec.accessModes ?? []);
    validateCapacity(faults, spec);
    checkOptionalOneOf(faults, 'persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy || undefined, [
      'Delete',
      'Recycle',
      'Retain',
    ]);
    validateNodeAffinity(faults, spec);
    validateVolumeSource(faults, spec, metadata.name);
    if (/^[/.]+$/.test(spec.hostPath?.path ?? '') && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      faults.forbidden('persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'");
    }
    if (spec.storageClassName) {
      faults.invalidAll('storageClassName', spec.storageClassName, dnsSubdomainFaults(spec.storageClassName));
    }
    checkOptionalOneOf(faults, 'volumeMode', spec.volumeMode, ['Block', 'Filesystem']);
    const { volumeAttributesClassName: attributes } = spec;
    if (attributes === undefined) return;
    if (attributes === '') faults.required('volumeAttributesClassName', 'an empty string is disallowed');
    else faults.invalidAll('volumeAttributesClassName', attributes, dnsSubdomainFaults(attributes));
    if (spec.csi === undefined) {
      faults.required('csi', 'has to be specified when using volumeAttributesClassName');
    }
  });
  return faults.errors;
}

function validateCapacity(faults: Faults, { capacity = {} }: PersistentVolumeSpec): void {
  const names = Object.keys(capacity);
  if (names.length === 0) faults.required('capacity');
  if (capacity['storage'] === undefined || names.length > 1) faults.notSupported('capacity', capacity, ['storage']);
  for (const [name, amount] of Object.entries(capacity)) {
    if (quantityIn(amount).nanos <= 0n) faults.invalid(['capacity', key(name)], amount, NOT_POSITIVE);
  }
}

function validateNodeAffinity(faults: Faults, { nodeAffinity }: PersistentVolumeSpec): void {
  if (nodeAffinity === undefined) return;
  const { required } = nodeAffinity;
  faults.at('nodeAffinity', () => {
    if (required === undefined) faults.required('required', 'must specify required node constraints');
    else faults.at('required', () => validateNodeSelector(faults, required));
  });
}
