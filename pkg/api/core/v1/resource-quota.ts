// ResourceQuotas: how much a namespace may use.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { labelValueFaults, qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { resourceQuotas } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { ResourceQuota, ResourceQuotaSpec } from '../../schema/generated/core.v1.gen.ts';
import { canonicaliseResourceList } from './resource-amounts.ts';
import { isStandardResource, validateAmount } from './resources-validation.ts';

const SCOPES = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
];
const EXCLUSIVE = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
/** What a scope that tells pods apart can count. */
const POD_RESOURCES = /^(pods|cpu|memory|ephemeral-storage|(requests|limits)\.(cpu|memory|ephemeral-storage))$/;

export const resourceQuotaKind = defineKind<ResourceQuota>({
  type: resourceQuotas,
  schema: 'core.v1.ResourceQuota',
  shortNames: ['quota'],
  hasStatus: true,
  returnsDeletedObject: true,
  columns: columns(
    text('Request', 'Request represents a minimum amount of cpu/memory that a container may consume.', (quota) =>
      usage(quota, 'requests'),
    ),
    text(
      'Limit',
      'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
      (quota) => usage(quota, 'limits'),
    ),
    age(),
  ),
  setDefaults(quota) {
    quota.spec ??= {};
    quota.status ??= {};
    canonicaliseResourceList(quota.spec.hard);
    canonicaliseResourceList(quota.status.hard);
    canonicaliseResourceList(quota.status.used);
  },
  validate,
  validateUpdate(quota, old) {
    const faults = new Faults();
    const scopes = (spec: ResourceQuotaSpec) => (spec.scopes ?? []).toSorted();
    if (!isDeepStrictEqual(scopes(quota.spec), scopes(old.spec))) {
      faults.invalid(['spec', 'scopes'], quota.spec.scopes, IMMUTABLE);
    }
    return [...validate(quota), ...faults.errors];
  },
});

function validate({ spec }: ResourceQuota): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    faults.eachEntry('hard', spec.hard, (amount, name) => {
      validateQuotaResource(faults, name);
      validateAmount(faults, name, amount);
      if (name.startsWith('count/') && !/^\d+[kMGTPE]?$/.test(amount)) faults.invalid('', amount, 'must be an integer');
    });
    validateScopes(faults, spec);
  });
  return faults.errors;
}

function validateQuotaResource(faults: Faults, name: string): void {
  const bad = qualifiedNameFaults(name);
  faults.invalidAll('', name, bad);
  if (name.includes('/') || isStandardResource(name)) return;
  if (bad.length === 0) faults.invalid('', name, 'must be a standard resource type or fully qualified');
  faults.invalid('', name, 'must be a standard resource for quota');
}

function validateScopes(faults: Faults, { scopes = [], hard = {}, scopeSelector }: ResourceQuotaSpec): void {
  const known = new Set<string>();
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) faults.invalid('scopes', scope, 'unsupported scope');
    for (const name of Object.keys(hard)) {
      if (SCOPES.includes(scope) && !covers(scope, name)) {
        faults.invalid('scopes', scopes, `unsupported scope applied to resource`);
      }
    }
    known.add(scope);
  }
  for (const [a, b] of EXCLUSIVE) {
    if (known.has(a) && known.has(b)) faults.invalid('scopes', scopes, 'conflicting scopes');
  }
  faults.at('scopeSelector', () =>
    faults.each('matchExpressions', scopeSelector?.matchExpressions, ({ scopeName, operator, values = [] }) => {
      if (!SCOPES.includes(scopeName)) faults.invalid('scopeName', scopeName, 'unsupported scope');
      if (operator === 'In' || operator === 'NotIn') {
        if (values.length === 0) {
          faults.required('values', "must be atleast one value when `operator` is 'In' or 'NotIn' for scope selector");
        }
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (values.length > 0) {
          faults.invalid(
            'values',
            values,
            "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector",
          );
        }
      } else faults.invalid('operator', operator, 'not a valid selector operator');
      values.forEach((value, i) => faults.invalidAll(['values', i], value, labelValueFaults(value)));
    }),
  );
}

function covers(scope: string, resource: string): boolean {
  if (scope === 'BestEffort') return resource === 'pods';
  if (scope === 'VolumeAttributesClass') return true;
  return POD_RESOURCES.test(resource) || resource.includes('/') || resource.startsWith('hugepages-');
}

/** `cpu: 1/2, pods: 3/10` of requests and counts, or of limits. */
function usage({ status }: ResourceQuota, which: 'requests' | 'limits'): string {
  return Object.keys(status.hard ?? {})
    .filter((name) => name.startsWith('limits') === (which === 'limits'))
    .sort()
    .map((name) => `${name}: ${status.used?.[name] ?? '0'}/${status.hard?.[name] ?? '0'}`)
    .join(', ');
}
