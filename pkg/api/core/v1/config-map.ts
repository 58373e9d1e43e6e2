// ConfigMaps: text and bytes by key, at most a mebibyte of them, and unchangeable if so marked.
import { isDeepStrictEqual } from 'node:util';
import { Faults, key } from '../../meta/field-faults.ts';
import { configKeyFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { configMaps } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { ConfigMap } from '../../schema/generated/core.v1.gen.ts';

/** Of ConfigMaps and Secrets: all values together, in bytes. */
export const MAX_DATA_BYTES = 1024 * 1024;
export const IMMUTABLE_DATA = 'field is immutable when `immutable` is set';

export const configMapKind = defineKind<ConfigMap>({
  type: configMaps,
  schema: 'core.v1.ConfigMap',
  shortNames: ['cm'],
  columns: columns(
    text(
      'Data',
      "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'.",
      ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    ),
    age(),
  ),
  validate,
  validateUpdate(map, old) {
    const faults = new Faults();
    if (old.immutable === true) {
      if (map.immutable !== true) faults.forbidden('immutable', IMMUTABLE_DATA);
      if (!isDeepStrictEqual(map.data, old.data)) faults.forbidden('data', IMMUTABLE_DATA);
      if (!isDeepStrictEqual(map.binaryData, old.binaryData)) faults.forbidden('binaryData', IMMUTABLE_DATA);
    }
    return [...faults.errors, ...validate(map)];
  },
});

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const faults = new Faults();
  let size = 0;
  for (const [name, value] of Object.entries(data)) {
    const at = ['data', key(name)];
    faults.invalidAll(at, name, configKeyFaults(name));
    if (Object.hasOwn(binaryData, name)) faults.invalid(at, name, 'duplicate of key present in binaryData');
    size += Buffer.byteLength(value);
  }
  for (const [name, value] of Object.entries(binaryData)) {
    faults.invalidAll(['binaryData', key(name)], name, configKeyFaults(name));
    size += Buffer.byteLength(value, 'base64');
  }
  // Kubernetes names no field here and shows that as an empty index.
  if (size > MAX_DATA_BYTES) faults.tooLong('[]', MAX_DATA_BYTES);
  return faults.errors;
}
