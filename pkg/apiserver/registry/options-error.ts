// 422 answers about the options of a request rather than about an object (ListOptions, DeleteOptions, ...).
import { invalid, type ApiError, type FieldError } from '../../api/meta/status.ts';

export type OptionsKind = 'ListOptions' | 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';

export function invalidOptions(kind: OptionsKind, errors: readonly FieldError[]): ApiError {
  const error = invalid({ group: 'meta.k8s.io', kind, name: '' }, errors);
  delete error.status.details?.name;
  return error;
}

export function forbiddenField(field: string, why: string): FieldError {
  return { type: 'Forbidden', field, body: `Forbidden: ${why}` };
}

export function invalidField(field: string, value: string, why: string): FieldError {
  return { type: 'Invalid', field, body: `Invalid value: ${value}: ${why}` };
}

export function unsupportedField(field: string, value: string, supported: readonly string[]): FieldError {
  const values = supported.map((text) => JSON.stringify(text)).join(', ');
  return {
    type: 'NotSupported',
    field,
    body: `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`,
  };
}
