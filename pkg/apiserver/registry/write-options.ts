// The options that every write takes in its query: dryRun, fieldManager, fieldValidation, and force for applies. Checked
// as k8s.io/apimachinery's pkg/apis/meta/v1/validation does.
import type { FieldError } from '../../api/meta/status.ts';
import type { FieldValidation } from '../../api/schema/decode.ts';
import { forbiddenField, invalidOptions, unsupportedField, type OptionsKind } from './options-error.ts';
import { booleanOf } from './query-values.ts';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

const LONGEST_MANAGER = 128;
const PLAIN: WriteOptions = { dryRun: false, fieldManager: '', fieldValidation: 'Warn', force: false };

/** Throws 422. `apply`: the request is a server-side apply, which must name its manager. */
export function writeOptions(query: URLSearchParams, kind: OptionsKind, apply = false): WriteOptions {
  if (query.size === 0 && !apply) return PLAIN;
  const force = booleanOf(query, 'force');
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const faults: FieldError[] = [...dryRunFaults(dryRun)];
  if (apply && fieldManager === '') {
    faults.push({ type: 'Required', field: 'fieldManager', body: 'Required value: is required for apply patch' });
  }
  if (!apply && kind === 'PatchOptions' && force !== undefined) {
    faults.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  faults.push(...managerFaults(fieldManager));
  if (fieldValidation !== '' && !isFieldValidation(fieldValidation)) {
    faults.push(unsupportedField('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (faults.length > 0) throw invalidOptions(kind, faults);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: isFieldValidation(fieldValidation) ? fieldValidation : 'Warn',
    force: force ?? false,
  };
}

export function dryRunFaults(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === 'All')) return [];
  const shown = `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
  return [{ type: 'NotSupported', field: 'dryRun', body: `Unsupported value: ${shown}: supported values: "All"` }];
}

function managerFaults(manager: string): FieldError[] {
  const field = 'fieldManager';
  if (Buffer.byteLength(manager) > LONGEST_MANAGER) {
    return [{ type: 'TooLong', field, body: `Too long: may not be more than ${LONGEST_MANAGER} bytes` }];
  }
  return [...manager.matchAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu)].map(({ 0: character, index }) => {
    const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const at = Buffer.byteLength(manager.slice(0, index));
    const body = `Invalid value: ${JSON.stringify(manager)}: invalid character U+${point} (at position ${at})`;
    return { type: 'Invalid', field, body };
  });
}

function isFieldValidation(text: string): text is FieldValidation {
  return text === 'Strict' || text === 'Warn' || text === 'Ignore';
}

/** Who owns the fields of a write that names no manager: the first part of the User-Agent, as in Kubernetes. */
export function managerOf(options: WriteOptions, userAgent: string | undefined): string {
  if (options.fieldManager !== '') return options.fieldManager;
  const product = (userAgent ?? '').split('/', 1)[0]?.slice(0, LONGEST_MANAGER) ?? '';
  return product === '' ? 'unknown' : product;
}
