// LimitRanges: what containers, pods and claims of a namespace may ask for, and get when they ask for nothing.
import { Faults, key } from '../../meta/field-faults.ts';
import { qualifiedNameFaults } from '../../meta/names.ts';
import { compareQuantities } from '../../meta/quantity.ts';
import type { FieldError } from '../../meta/status.ts';
import { limitRanges } from '../../resources.ts';
import { columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { LimitRange, LimitRangeItem } from '../../schema/generated/core.v1.gen.ts';
import { canonicaliseResourceList, mayOvercommit, quantityIn } from './resource-amounts.ts';
import { validateContainerResourceName, validateResourceName } from './resources-validation.ts';

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
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
      const type = item.type ?? '';
      const bad = qualifiedNameFaults(type);
      faults.invalidAll('type', type, bad);
      if (bad.length === 0 && !type.includes('/') && !TYPES.includes(type)) {
        faults.invalid('type', type, 'must be a standard limit type or fully qualified');
      }
      if (types.has(item.type)) faults.duplicate('type', item.type);
      types.add(item.type);
      validateNames(faults, item);
      if (item.type === 'Pod') {
        for (const list of ['default', 'defaultRequest'] as const) {
          if (isGiven(item[list])) faults.forbidden(list, "may not be specified when `type` is 'Pod'");
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
  const ofContainers = item.type === 'Container' || item.type === 'Pod';
  for (const list of LISTS) {
    if (item.type === 'Pod' && (list === 'default' || list === 'defaultRequest')) continue;
    for (const name of Object.keys(item[list] ?? {})) {
      faults.at(list, () =>
        faults.at(key(name), () => {
          if (ofContainers) validateContainerResourceName(faults, name);
          else validateResourceName(faults, name);
        }),
      );
    }
  }
}

function isGiven(list: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(list ?? {}).length > 0;
}

/** What is never given twice has one amount. */
function validateWithoutOvercommit(faults: Faults, item: LimitRangeItem): void {
  for (const [name, request] of Object.entries(item.defaultRequest ?? {})) {
    const limit = item.default?.[name];
    if (limit === undefined || mayOvercommit(name)) continue;
    if (compareQuantities(quantityIn(limit), quantityIn(request)) === 0) continue;
    const sentence = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    faults.invalid(['defaultRequest', key(name)], request, sentence);
  }
}

function validateOrder(faults: Faults, item: LimitRangeItem): void {
  /** `at` is the list that is reported, with its own amount unless another is shown. */
  const atMost = (
    small: 'min' | 'default' | 'defaultRequest',
    large: 'max' | 'default' | 'defaultRequest',
    { at, shown = at, words }: { at: typeof small; shown?: typeof small | typeof large; words: [string, string] },
  ) => {
    for (const [name, amount] of Object.entries(item[small] ?? {})) {
      const bound = item[large]?.[name];
      if (bound === undefined || compareQuantities(quantityIn(amount), quantityIn(bound)) <= 0) continue;
      const sentence = `${words[0]} value ${amount} is greater than ${words[1]} value ${bound}`;
      faults.invalid([at, key(name)], item[shown]?.[name], sentence);
    }
  };
  const defaulted = item.type !== 'Pod';
  atMost('min', 'max', { at: 'min', words: ['min', 'max'] });
  if (defaulted) {
    atMost('min', 'defaultRequest', { at: 'defaultRequest', words: ['min', 'default request'] });
    atMost('defaultRequest', 'max', { at: 'defaultRequest', words: ['default request', 'max'] });
    atMost('defaultRequest', 'default', { at: 'defaultRequest', words: ['default request', 'default limit'] });
    atMost('min', 'default', { at: 'default', shown: 'min', words: ['min', 'default'] });
    atMost('default', 'max', { at: 'default', shown: 'max', words: ['default', 'max'] });
    validateWithoutOvercommit(faults, item);
  }
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
