// Validation of what a claim for storage asks, shared by PersistentVolumeClaims and the templates of ephemeral volumes and
// StatefulSets.
import { key, type Faults } from '../../meta/field-faults.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import { checkOneOf, NOT_POSITIVE } from '../../meta/value-checks.ts';
import type { PersistentVolumeClaimSpec } from '../../schema/generated/core.v1.gen.ts';
import { quantityIn } from './resource-amounts.ts';
import { validateResourceList } from './resources-validation.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** The current path is the spec's. */
export function validateClaimSpec(faults: Faults, spec: PersistentVolumeClaimSpec): void {
  const { accessModes = [], selector, resources = {}, storageClassName, volumeMode } = spec;
  if (accessModes.length === 0) faults.required('accessModes', 'at least 1 access mode is required');
  if (selector !== undefined) faults.at('selector', () => validateLabelSelector(faults, selector));
  validateAccessModes(faults, accessModes);
  const storage = resources.requests?.['storage'];
  if (storage === undefined) faults.required(['resources', key('storage')]);
  else {
    faults.at('resources', () => validateResourceList(faults, 'requests', resources.requests));
    if (quantityIn(storage).nanos <= 0n) faults.invalid(['resources', key('storage')], storage, NOT_POSITIVE);
  }
  if (storageClassName) {
    faults.invalidAll('storageClassName', storageClassName, dnsSubdomainFaults(storageClassName));
  }
  if (volumeMode !== undefined) checkOneOf(faults, 'volumeMode', volumeMode, ['Block', 'Filesystem']);
}

export function validateAccessModes(faults: Faults, modes: readonly string[]): void {
  for (const mode of modes) {
    if (!ACCESS_MODES.includes(mode)) faults.notSupported('accessModes', mode, ACCESS_MODES);
  }
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    faults.forbidden('accessModes', 'may not use ReadWriteOncePod with other access modes');
  }
}
