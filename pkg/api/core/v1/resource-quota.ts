// ResourceQuotas: how much a namespace may use.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { qualifiedNameFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { resourceQuotas } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
  ScopeSelector,
} from '../../schema/generated/core.v1.gen.ts';
import { canonicaliseResourceList, isHugePages } from './resource-amounts.ts';
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
const EXISTING = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const MUST_EXIST =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
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
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) faults.invalid('scopes', scopes, 'unsupported scope');
    for (const _ of uncovered(scope, hard)) {
      faults.invalid('scopes', scopes, 'unsupported scope applied to resource');
    }
  }
  checkConflicts(faults, 'scopes', scopes, scopes);
  if (scopeSelector === undefined) return;
  const expressions = scopeSelector.matchExpressions ?? [];
  // Kubernetes names no position for these.
  faults.at('scopeSelector', () => {
    faults.at('matchExpressions', () => {
      for (const expression of expressions) validateScopeExpression(faults, expression, hard, scopeSelector);
      const named = expressions.map(({ scopeName }) => scopeName);
      checkConflicts(faults, '', named, scopes);
    });
  });
}

function validateScopeExpression(
  faults: Faults,
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  hard: Readonly<Record<string, string>>,
  selector: ScopeSelector,
): void {
  if (!SCOPES.includes(scopeName)) faults.invalid('scopeName', scopeName ?? '', 'unsupported scope');
  for (const _ of uncovered(scopeName, hard)) faults.invalid('', selector, 'unsupported scope applied to resource');
  if (EXISTING.includes(scopeName) && operator !== 'Exists') faults.invalid('operator', operator ?? '', MUST_EXIST);
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return;
    const sentence = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    faults.required('values', sentence);
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return;
    const sentence = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    faults.invalid('values', values, sentence);
  } else faults.invalid('operator', operator ?? '', 'not a valid selector operator');
}

function checkConflicts(faults: Faults, at: string, named: readonly string[], shown: readonly string[]): void {
  for (const [a, b] of EXCLUSIVE) {
    if (named.includes(a) && named.includes(b)) faults.invalid(at, shown, 'conflicting scopes');
  }
}

/** Resources that Kubernetes knows and the scope cannot count. */
function uncovered(scope: string, hard: Readonly<Record<string, string>>): string[] {
  return Object.keys(hard)
    .sort()
    .filter((name) => isStandardResource(name) && !covers(scope, name));
}

function covers(scope: string, resource: string): boolean {
  if (scope === 'BestEffort') return resource === 'pods';
  if (!SCOPES.includes(scope) || scope === 'VolumeAttributesClass') return true;
  return POD_RESOURCES.test(resource) || isHugePages(resource) || resource.startsWith('requests.hugepages-');
}

/** `cpu: 1/2, pods: 3/10` of requests and counts, or of limits. */
function usage({ status }: ResourceQuota, which: 'requests' | 'limits'): string {
  return Object.keys(status.hard ?? {})
    .filter((name) => name.startsWith('limits') === (which === 'limits'))
    .sort()
    .map((name) => `${name}: ${status.used?.[name] ?? '0'}/${status.hard?.[name] ?? '0'}`)
    .join(', ');
}
