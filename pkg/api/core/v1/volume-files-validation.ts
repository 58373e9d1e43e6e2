// Validation of the files that volumes of ConfigMaps, Secrets and the downward API are told to have.
import type { Faults, Segment } from '../../meta/field-faults.ts';
import { checkDescendingPath, checkMode } from '../../meta/value-checks.ts';
import type { DownwardAPIVolumeFile, KeyToPath } from '../../schema/generated/core.v1.gen.ts';
import { validateFieldRef, validateResourceFieldRef, VOLUME_FIELD_PATHS } from './env-validation.ts';

export function validateItems(faults: Faults, items: readonly KeyToPath[] | undefined): void {
  faults.each('items', items, (item) => {
    if (!item.key) faults.required('key');
    if (!item.path) faults.required('path');
    checkFilePath(faults, 'path', item.path);
    checkMode(faults, 'mode', item.mode);
  });
}

/** A path of a file in a volume; names that begin with `..` are the writer's own. */
export function checkFilePath(faults: Faults, at: Segment, path: string | undefined): void {
  if (!path) return;
  checkDescendingPath(faults, at, path);
  if (path.startsWith('..') && !path.startsWith('../')) faults.invalid(at, path, "must not start with '..'");
}

/** Kubernetes names no position of the item. */
export function validateDownwardFile(faults: Faults, item: DownwardAPIVolumeFile): void {
  if (!item.path) faults.required('path');
  checkFilePath(faults, 'path', item.path);
  const { fieldRef, resourceFieldRef } = item;
  if (fieldRef !== undefined) {
    faults.at('fieldRef', () => validateFieldRef(faults, fieldRef, VOLUME_FIELD_PATHS));
    if (resourceFieldRef !== undefined) {
      faults.invalid('', 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
    }
  } else if (resourceFieldRef !== undefined) {
    faults.at('resourceFieldRef', () => validateResourceFieldRef(faults, resourceFieldRef, 'volume'));
  } else faults.required('', 'one of fieldRef and resourceFieldRef is required');
  checkMode(faults, 'mode', item.mode);
}
