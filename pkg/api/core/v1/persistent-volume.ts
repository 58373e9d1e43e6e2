// PersistentVolumes: pieces of storage that claims bind to.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE, key } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkNoBacksteps, checkOneOf, checkOptionalOneOf, NOT_POSITIVE } from '../../meta/value-checks.ts';
import { persistentVolumes } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../schema/generated/core.v1.gen.ts';
import { validateNodeSelector } from './affinity-validation.ts';
import { validateAccessModes } from './claim-validation.ts';
import { shortAccessModes } from './persistent-volume-claim.ts';
import { canonicaliseResourceList, quantityIn } from './resource-amounts.ts';

/** Where the storage is; a volume has exactly one of these, for good. */
const SOURCES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const satisfies readonly (keyof PersistentVolumeSpec)[];

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
    const source = (spec: PersistentVolumeSpec) => SOURCES.map((name) => spec[name]);
    if (!isDeepStrictEqual(source(volume.spec), source(old.spec))) {
      faults.forbidden(['spec', 'persistentvolumesource'], 'spec.persistentvolumesource is immutable after creation');
    }
    if (volume.spec.volumeMode !== old.spec.volumeMode) {
      faults.invalid(['spec', 'volumeMode'], volume.spec.volumeMode, IMMUTABLE);
    }
    if (old.spec.nodeAffinity !== undefined && !isDeepStrictEqual(volume.spec.nodeAffinity, old.spec.nodeAffinity)) {
      faults.invalid(['spec', 'nodeAffinity'], volume.spec.nodeAffinity, IMMUTABLE);
    }
    return [...validate(volume), ...faults.errors];
  },
});

function validate({ spec }: PersistentVolume): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    if ((spec.accessModes ?? []).length === 0) faults.required('accessModes');
    validateAccessModes(faults, spec.accessModes ?? []);
    validateCapacity(faults, spec);
    checkOneOf(faults, 'persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, [
      'Delete',
      'Recycle',
      'Retain',
    ]);
    validateSource(faults, spec);
    if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      faults.forbidden('persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'");
    }
    if (spec.storageClassName) {
      faults.invalidAll('storageClassName', spec.storageClassName, dnsSubdomainFaults(spec.storageClassName));
    }
    checkOptionalOneOf(faults, 'volumeMode', spec.volumeMode, ['Block', 'Filesystem']);
    const { required } = spec.nodeAffinity ?? {};
    if (spec.nodeAffinity !== undefined && required === undefined) {
      faults.required(['nodeAffinity', 'required'], 'must specify required node constraints');
    } else if (required !== undefined) {
      faults.at('nodeAffinity', () => faults.at('required', () => validateNodeSelector(faults, required)));
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

function validateSource(faults: Faults, spec: PersistentVolumeSpec): void {
  const given = SOURCES.filter((source) => spec[source] !== undefined);
  if (given.length === 0) faults.required('', 'must specify a volume type');
  for (const extra of given.slice(1)) faults.forbidden(extra, 'may not specify more than 1 volume type');
  const { hostPath, nfs, csi, local } = spec;
  if (given[0] === 'hostPath' && hostPath !== undefined) {
    if (!hostPath.path) faults.required(['hostPath', 'path']);
    else checkNoBacksteps(faults, ['hostPath', 'path'], hostPath.path);
  }
  if (given[0] === 'nfs' && nfs !== undefined) {
    if (!nfs.server) faults.required(['nfs', 'server']);
    if (!nfs.path) faults.required(['nfs', 'path']);
    else if (!nfs.path.startsWith('/')) faults.invalid(['nfs', 'path'], nfs.path, 'must be an absolute path');
  }
  if (given[0] === 'local' && local !== undefined) {
    if (!local.path) faults.required(['local', 'path']);
    if (spec.nodeAffinity === undefined) {
      faults.required('nodeAffinity', 'Local volume requires node affinity');
    }
  }
  if (given[0] === 'csi' && csi !== undefined) {
    const driver = csi.driver ?? '';
    if (driver === '') faults.required(['csi', 'driver']);
    faults.invalidAll(['csi', 'driver'], driver, dnsSubdomainFaults(driver.toLowerCase()));
    if (!csi.volumeHandle) faults.required(['csi', 'volumeHandle']);
  }
}
