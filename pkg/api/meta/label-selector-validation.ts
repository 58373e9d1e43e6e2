// Validation of the LabelSelector of objects. Rules and sentences: k8s.io/apimachinery/pkg/apis/meta/v1/validation.
import type { LabelSelector } from '../schema/generated/meta.v1.gen.ts';
import type { Faults } from './field-faults.ts';
import { labelValueFaults, qualifiedNameFaults } from './names.ts';
import { validateLabels } from './object-meta-validation.ts';

/** The current path is the selector's own. */
export function validateLabelSelector(faults: Faults, selector: LabelSelector | undefined): void {
  if (selector === undefined) return;
  validateLabels(faults, 'matchLabels', selector.matchLabels);
  faults.each('matchExpressions', selector.matchExpressions, ({ key, operator, values = [] }) => {
    validateOperatorValues(faults, operator, values);
    faults.invalidAll('key', key ?? '', qualifiedNameFaults(key ?? ''));
    values.forEach((value, i) => faults.invalidAll(['values', i], value, labelValueFaults(value)));
  });
}

/** What In, NotIn, Exists and DoesNotExist ask of their values, and that there is no other operator. */
export function validateOperatorValues(faults: Faults, operator: string | undefined, values: readonly string[]): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) faults.required('values', "must be specified when `operator` is 'In' or 'NotIn'");
      return;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        faults.forbidden('values', "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      }
      return;
    case undefined:
    default:
      faults.invalid('operator', operator ?? '', 'not a valid selector operator');
  }
}

/** Whether a selector says nothing, which most kinds refuse. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return (
    selector === undefined ||
    (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0)
  );
}
