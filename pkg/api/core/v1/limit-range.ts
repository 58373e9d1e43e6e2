// LimitRanges: what containers, pods and claims of a namespace may ask for, and get when they ask for nothing.
import { Faults, key } from '../../meta/field-faults.ts';
import { qualifiedNameFaults } from '../../meta/names.ts';
import { compareQuantities } from '../../meta/quantity.ts';
import type { FieldError } from '../../meta/status.ts';
import { limitRanges } from '../../resources.ts';
import { columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { LimitRange, LimitRangeItem } from '../../schema/generated/core.v1.gen.ts';
import { canonicaliseResourceList, quantityIn } from './resource-amounts.ts';
import { isStandardResource, validateContainerResourceName } from './resources-validation.ts';

const LISTS = ['default', 'defaultRequest', 'max', 'min', 'maxLimitRequestRatio'] as const;

export const limitRangeKind = defineKind<LimitRange>({
  type: limitRanges,
  schema: 'core.v1.LimitRange',
  shortNames: ['limits'],
  columns: columns({
    ...text<LimitRange>(
      'Created At',
      'CreationTimestamp is a timestamp representing the server time when this object was created.',
      ({ metadata }) => metadata.creationTimestamp,
    ),
    type: 'date',
  }),
  setDefaults(range) {
    range.spec ??= { limits: [] };
    // Kubernetes writes an absent list as null.
    if ((range.spec.limits ?? []).length === 0) Object.assign(range.spec, { limits: null });
    for (const item of range.spec.limits ?? []) {
      for (const list of LISTS) canonicaliseResourceList(item[list]);
      if (item.type === 'Container') defaultItem(item);
    }
  },
  validate,
});

/** The default is the maximum, and requests default to limits, then to the minimum. */
function defaultItem(item: LimitRangeItem): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

function validate({ spec }: LimitRange): FieldError[] {
  const faults = new Faults();
  const types = new Set<string>();
  faults.at('spec', () =>
    faults.each('limits', spec.limits, (item) => {
      faults.invalidAll('type', item.type ?? '', qualifiedNameFaults(item.type ?? ''));
      if (types.has(item.type)) faults.duplicate('type', item.type);
      types.add(item.type);
      validateNames(faults, item);
      if (item.type === 'Pod') {
        if (item.default !== undefined) faults.forbidden('default', 'may not be specified when `type` is "Pod"');
        if (item.defaultRequest !== undefined) {
          faults.forbidden('defaultRequest', 'may not be specified when `type` is "Pod"');
        }
      }
      if (item.type === 'PersistentVolumeClaim' && !item.min?.['storage'] && !item.max?.['storage']) {
        faults.required('limits', 'either minimum or maximum storage value is required, but neither was provided');
      }
      validateOrder(faults, item);
    }),
  );
  return faults.errors;
}

function validateNames(faults: Faults, item: LimitRangeItem): void {
  for (const list of LISTS) {
    for (const name of Object.keys(item[list] ?? {})) {
      faults.at(list, () =>
        faults.at(key(name), () => {
          if (item.type === 'Container') return validateContainerResourceName(faults, name);
          faults.invalidAll('', name, qualifiedNameFaults(name));
          if (!name.includes('/') && !isStandardResource(name)) {
            faults.invalid('', name, 'must be a standard resource type or fully qualified');
          }
        }),
      );
    }
  }
}

function validateOrder(faults: Faults, item: LimitRangeItem): void {
  const atMost = (
    small: 'min' | 'default' | 'defaultRequest',
    large: 'max' | 'default' | 'defaultRequest',
    words: string,
  ) => {
    for (const [name, amount] of Object.entries(item[small] ?? {})) {
      const bound = item[large]?.[name];
      if (bound === undefined || compareQuantities(quantityIn(amount), quantityIn(bound)) <= 0) continue;
      faults.invalid([small, key(name)], amount, `${words} ${bound}`);
    }
  };
  atMost('min', 'max', 'min value is greater than max value');
  atMost('min', 'defaultRequest', 'min value is greater than default request value');
  atMost('defaultRequest', 'max', 'default request value is greater than max value');
  atMost('defaultRequest', 'default', 'default request value is greater than default limit value');
  atMost('default', 'max', 'default value is greater than max value');
  for (const [name, ratio] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    const at = ['maxLimitRequestRatio', key(name)];
    const { nanos } = quantityIn(ratio);
    if (nanos < 1_000_000_000n) faults.invalid(at, ratio, `ratio ${ratio} is less than 1`);
    const [max, min] = [item.max?.[name], item.min?.[name]];
    if (max === undefined || min === undefined) continue;
    const [most, least] = [quantityIn(max).nanos, quantityIn(min).nanos];
    if (least > 0n && nanos * least > most * 1_000_000_000n) {
      const limit = Number(most) / Number(least);
      faults.invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`);
    }
  }
}
