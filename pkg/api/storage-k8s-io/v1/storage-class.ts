// StorageClasses: kinds of storage that claims name.
import { isDeepStrictEqual } from 'node:util';
import { Faults } from '../../meta/field-faults.ts';
import { qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkOneOf } from '../../meta/value-checks.ts';
import { storageClasses } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { StorageClass } from '../../schema/generated/storage.v1.gen.ts';

const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const MOST_PARAMETERS = 512;
const LARGEST_PARAMETERS = 256 * 1024;

export const storageClassKind = defineKind<StorageClass>({
  type: storageClasses,
  schema: 'storage.v1.StorageClass',
  shortNames: ['sc'],
  returnsDeletedObject: true,
  columns: columns<StorageClass>(
    text('Provisioner', 'provisioner indicates the type of the provisioner.', ({ provisioner }) => provisioner),
    text(
      'ReclaimPolicy',
      'reclaimPolicy controls the reclaimPolicy for dynamically provisioned PersistentVolumes of this storage class.',
      ({ reclaimPolicy }) => reclaimPolicy ?? '',
    ),
    text(
      'VolumeBindingMode',
      'volumeBindingMode indicates how PersistentVolumeClaims should be provisioned and bound.',
      ({ volumeBindingMode }) => volumeBindingMode ?? '',
    ),
    text(
      'AllowVolumeExpansion',
      'allowVolumeExpansion shows whether the storage class allow volume expand.',
      ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    ),
    age(),
  ).map((column) => (column.name === 'Name' ? { ...column, cell: nameCell } : column)),
  setDefaults(storage) {
    storage.reclaimPolicy ??= 'Delete';
    storage.volumeBindingMode ??= 'Immediate';
  },
  validate,
  validateUpdate(storage, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(storage.parameters, old.parameters)) {
      faults.forbidden('parameters', 'updates to parameters are forbidden.');
    }
    if (storage.provisioner !== old.provisioner) {
      faults.forbidden('provisioner', 'updates to provisioner are forbidden.');
    }
    if (storage.reclaimPolicy !== old.reclaimPolicy) {
      faults.forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.');
    }
    if (storage.volumeBindingMode !== old.volumeBindingMode) {
      faults.invalid('volumeBindingMode', storage.volumeBindingMode, 'field is immutable');
    }
    return faults.errors;
  },
});

function nameCell({ metadata }: StorageClass): string {
  const isDefault = DEFAULT_ANNOTATIONS.some((name) => metadata.annotations?.[name] === 'true');
  return isDefault ? `${metadata.name} (default)` : metadata.name;
}

function validate({ provisioner, parameters = {}, reclaimPolicy, volumeBindingMode }: StorageClass): FieldError[] {
  const faults = new Faults();
  if (!provisioner) faults.required('provisioner');
  else faults.invalidAll('provisioner', provisioner, qualifiedNameFaults(provisioner.toLowerCase()));
  const entries = Object.entries(parameters);
  if (entries.length > MOST_PARAMETERS) faults.tooLong('parameters', MOST_PARAMETERS);
  if (entries.some(([name]) => name === '')) faults.invalid('parameters', '', 'field can not be empty.');
  const size = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > LARGEST_PARAMETERS) faults.tooLong('parameters', LARGEST_PARAMETERS);
  checkOneOf(faults, 'reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']);
  checkOneOf(faults, 'volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
  return faults.errors;
}
