// Validation of what a claim for storage asks, shared by PersistentVolumeClaims and the templates of ephemeral volumes and
// StatefulSets.
import { key, type Faults } from '../../meta/field-faults.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { dnsLabelFaults, dnsSubdomainFaults } from '../../meta/names.ts';
import { checkOptionalOneOf, NOT_POSITIVE } from '../../meta/value-checks.ts';
import type { PersistentVolumeClaimSpec, TypedLocalObjectReference } from '../../schema/generated/core.v1.gen.ts';
import { quantityIn } from './resource-amounts.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** The current path is the spec's. */
export function validateClaimSpec(faults: Faults, spec: PersistentVolumeClaimSpec): void {
  const { accessModes = [], selector, resources = {}, storageClassName, volumeMode } = spec;
  if (accessModes.length === 0) faults.required('accessModes', 'at least 1 access mode is required');
  if (selector !== undefined) faults.at('selector', () => validateLabelSelector(faults, selector));
  validateAccessModes(faults, accessModes);
  const storage = resources.requests?.['storage'];
  if (storage === undefined) faults.required(['resources', key('storage')]);
  else if (quantityIn(storage).nanos <= 0n) faults.invalid(['resources', key('storage')], storage, NOT_POSITIVE);
  if (storageClassName) {
    faults.invalidAll('storageClassName', storageClassName, dnsSubdomainFaults(storageClassName));
  }
  checkOptionalOneOf(faults, 'volumeMode', volumeMode, ['Block', 'Filesystem']);
  validateDataSources(faults, spec);
  const { volumeAttributesClassName: attributes } = spec;
  if (attributes) faults.invalidAll('volumeAttributesClassName', attributes, dnsSubdomainFaults(attributes));
}

function validateDataSources(faults: Faults, { dataSource, dataSourceRef }: PersistentVolumeClaimSpec): void {
  if (dataSource !== undefined) faults.at('dataSource', () => validateSource(faults, dataSource));
  if (dataSourceRef === undefined) return;
  const { namespace } = dataSourceRef;
  faults.at('dataSourceRef', () => {
    validateSource(faults, dataSourceRef);
    if (namespace) faults.invalidAll('namespace', namespace, dnsLabelFaults(namespace));
  });
  if (dataSource === undefined) return;
  // Kubernetes shows the path of the field as the value of the spec.
  const shown = 'spec.dataSource';
  if (namespace) faults.invalid('', shown, 'may not be specified when dataSourceRef.namespace is specified');
  else if ((['apiGroup', 'kind', 'name'] as const).some((field) => dataSource[field] !== dataSourceRef[field])) {
    faults.invalid('', shown, 'must match dataSourceRef');
  }
}

function validateSource(faults: Faults, { apiGroup, kind, name }: TypedLocalObjectReference): void {
  if (!name) faults.required('name');
  if (!kind) faults.required('kind');
  if (apiGroup) faults.invalidAll('apiGroup', apiGroup, dnsSubdomainFaults(apiGroup));
  else if (kind !== 'PersistentVolumeClaim') {
    faults.invalid('', kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  }
}

export function validateAccessModes(faults: Faults, modes: readonly string[]): void {
  for (const mode of modes) {
    if (!ACCESS_MODES.includes(mode)) faults.notSupported('accessModes', mode, ACCESS_MODES);
  }
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
  if (modes.includes('ReadWriteOncePod') && others) {
    faults.forbidden('accessModes', 'may not use ReadWriteOncePod with other access modes');
  }
}
