// Numbers and percentages of rolling updates, checked and compared alike for every workload.
import type { Faults, Segment } from '../../meta/field-faults.ts';
import { isPercent, percentOf, type IntOrString } from '../../meta/int-or-string.ts';
import { checkNotNegative } from '../../meta/value-checks.ts';

const BAD_PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

export function checkNumberOrPercent(faults: Faults, at: Segment, value: IntOrString | undefined): void {
  if (value === undefined) return;
  if (typeof value === 'number') checkNotNegative(faults, at, value);
  else if (!isPercent(value)) faults.invalid(at, value, BAD_PERCENT);
}

export function checkAtMostAll(faults: Faults, at: Segment, value: IntOrString | undefined): void {
  if (value !== undefined && (percentOf(value) ?? 0) > 100) {
    faults.invalid(at, value, 'must not be greater than 100%');
  }
}

/** 0, `0%`, or not given. */
export function isNone(value: IntOrString | undefined): boolean {
  return value === undefined || value === 0 || percentOf(value) === 0;
}
