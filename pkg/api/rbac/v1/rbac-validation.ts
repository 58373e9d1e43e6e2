// Validation of what Roles and bindings hold: rules, role references and subjects.
import type { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults, pathSegmentName } from '../../meta/names.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { checkOneOf } from '../../meta/value-checks.ts';
import type { AggregationRule, PolicyRule, RoleRef, Subject } from '../../schema/generated/rbac.v1.gen.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** `cluster`: rules may name paths instead of resources. */
export function validateRules(faults: Faults, rules: readonly PolicyRule[] | undefined, cluster: boolean): void {
  faults.each('rules', rules, (rule) => {
    const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    if ((rule.verbs ?? []).length === 0) faults.required('verbs', 'verbs must contain at least one value');
    if (nonResourceURLs.length > 0) {
      if (!cluster) {
        faults.invalid('nonResourceURLs', nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
      }
      if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
        faults.invalid(
          'nonResourceURLs',
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        );
      }
      return;
    }
    if (apiGroups.length === 0) faults.required('apiGroups', 'resource rules must supply at least one api group');
    if (resources.length === 0) faults.required('resources', 'resource rules must supply at least one resource');
  });
}

export function validateAggregation(faults: Faults, rule: AggregationRule | undefined): void {
  if (rule === undefined) return;
  faults.at('aggregationRule', () => {
    const { clusterRoleSelectors = [] } = rule;
    if (clusterRoleSelectors.length === 0) {
      faults.required(
        'clusterRoleSelectors',
        'at least one clusterRoleSelector required if aggregationRule is non-nil',
      );
    }
    faults.each('clusterRoleSelectors', clusterRoleSelectors, (selector) => validateLabelSelector(faults, selector));
  });
}

export function validateRoleRef(faults: Faults, reference: RoleRef, kinds: readonly string[]): void {
  faults.at('roleRef', () => {
    if (reference.apiGroup !== RBAC_GROUP) faults.notSupported('apiGroup', reference.apiGroup, [RBAC_GROUP]);
    if (!kinds.includes(reference.kind)) faults.notSupported('kind', reference.kind, kinds);
    if (!reference.name) faults.required('name');
    else faults.invalidAll('name', reference.name, pathSegmentName(reference.name, false));
  });
}

export function validateSubjects(faults: Faults, subjects: readonly Subject[] | undefined, namespaced: boolean): void {
  faults.each('subjects', subjects, ({ kind, name, apiGroup = '', namespace }) => {
    if (!name) faults.required('name');
    switch (kind) {
      case 'ServiceAccount':
        if (name) faults.invalidAll('name', name, dnsSubdomainFaults(name));
        if (apiGroup !== '') faults.notSupported('apiGroup', apiGroup, ['']);
        if (!namespaced && !namespace) faults.required('namespace');
        return;
      case 'User':
      case 'Group':
        if (apiGroup !== RBAC_GROUP) faults.notSupported('apiGroup', apiGroup, [RBAC_GROUP]);
        return;
      default:
        checkOneOf(faults, 'kind', kind, ['Group', 'ServiceAccount', 'User']);
    }
  });
}
