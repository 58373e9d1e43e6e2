// Secrets: bytes by key with a type that says which keys there must be. `stringData` is a way of writing only: it goes into
// `data` before anything is stored.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE, key } from '../../meta/field-faults.ts';
import { configKeyFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { secrets } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { readJson } from '../../schema/decode-json.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Secret } from '../../schema/generated/core.v1.gen.ts';
import { IMMUTABLE_DATA, MAX_DATA_BYTES } from './config-map.ts';

const ACCOUNT_NAME = 'kubernetes.io/service-account.name';

export const secretKind = defineKind<Secret>({
  type: secrets,
  schema: 'core.v1.Secret',
  columns: columns(
    text(
      'Type',
      'Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types',
      ({ type }) => type ?? '',
    ),
    text(
      'Data',
      "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4",
      ({ data }) => Object.keys(data ?? {}).length,
    ),
    age(),
  ),
  selectableFields: { type: ({ type }) => type },
  setDefaults(secret) {
    const { stringData } = secret;
    if (stringData !== undefined) {
      secret.data ??= {};
      for (const name in stringData) secret.data[name] = Buffer.from(stringData[name] ?? '').toString('base64');
      delete secret.stringData;
    }
    secret.type ??= 'Opaque';
  },
  prepareForUpdate(secret, old) {
    // Kubernetes lets updates leave out the type.
    if (!secret.type) secret.type = old.type;
  },
  validate,
  validateUpdate(secret, old) {
    const faults = new Faults();
    if (secret.type !== old.type) faults.invalid('type', secret.type, IMMUTABLE);
    if (old.immutable === true) {
      if (secret.immutable !== true) faults.forbidden('immutable', IMMUTABLE_DATA);
      if (!isDeepStrictEqual(secret.data, old.data)) faults.forbidden('data', IMMUTABLE_DATA);
    }
    return [...faults.errors, ...validate(secret)];
  },
});

function validate(secret: Secret): FieldError[] {
  const faults = new Faults();
  const { data = {}, metadata } = secret;
  let size = 0;
  for (const [name, value] of Object.entries(data)) {
    faults.invalidAll(['data', key(name)], name, configKeyFaults(name));
    size += Buffer.byteLength(value, 'base64');
  }
  if (size > MAX_DATA_BYTES) faults.tooLong('data', MAX_DATA_BYTES);
  const needs = (name: string) => {
    if (!Object.hasOwn(data, name)) faults.required(['data', key(name)]);
  };
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if (!metadata.annotations?.[ACCOUNT_NAME]) faults.required(['metadata', 'annotations', key(ACCOUNT_NAME)]);
      break;
    case 'kubernetes.io/dockercfg':
      validateJson(faults, data, '.dockercfg');
      break;
    case 'kubernetes.io/dockerconfigjson':
      validateJson(faults, data, '.dockerconfigjson');
      break;
    case 'kubernetes.io/basic-auth':
      if (!Object.hasOwn(data, 'username') && !Object.hasOwn(data, 'password')) {
        needs('username');
        needs('password');
      }
      break;
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) faults.required(['data', key('ssh-privatekey')]);
      break;
    case 'kubernetes.io/tls':
      needs('tls.crt');
      needs('tls.key');
      break;
    case undefined:
    default:
  }
  return faults.errors;
}

function validateJson(faults: Faults, data: Readonly<Record<string, string>>, name: string): void {
  const value = data[name];
  if (value === undefined) return faults.required(['data', key(name)]);
  const reading = readJson(Buffer.from(value, 'base64').toString());
  if (reading.ok) return;
  // The content stays secret.
  const body = `Invalid value: "<secret contents redacted>": ${reading.message}`;
  faults.errors.push({ type: 'Invalid', field: `data[${name}]`, body });
}
