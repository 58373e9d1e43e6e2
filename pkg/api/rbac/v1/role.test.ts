import { expect, test } from 'vitest';
import type { PolicyRule, RoleBinding } from '../../schema/generated/rbac.v1.gen.ts';
import { roleBindingKind, clusterRoleBindingKind } from './role-binding.ts';
import { clusterRoleKind, roleKind } from './role.ts';

const METADATA = {
  name: 'system:Any_Name',
  namespace: 'ns',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2024-01-01T00:00:00Z',
};
const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);
const role = (rules: PolicyRule[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: METADATA,
  rules,
});

test.each<{ rules: PolicyRule[]; want: string[] }>([
  { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }], want: [] },
  {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }],
    want: ['rules[0].verbs: Required value: verbs must contain at least one value'],
  },
  {
    rules: [{ resources: ['pods'], verbs: ['get'] }],
    want: ['rules[0].apiGroups: Required value: resource rules must supply at least one api group'],
  },
  {
    rules: [{ apiGroups: [''], verbs: ['get'] }],
    want: ['rules[0].resources: Required value: resource rules must supply at least one resource'],
  },
])('a role with the rules $rules', ({ rules, want }) => {
  expect(lines(roleKind.validate(role(rules)))).toEqual(want);
});

test('paths are for cluster roles only', () => {
  const rules = [{ nonResourceURLs: ['/healthz*'], verbs: ['get'] }];
  expect(lines(roleKind.validate(role(rules)))).toEqual([
    'rules[0].nonResourceURLs: Invalid value: ["/healthz*"]: namespaced rules cannot apply to non-resource URLs',
  ]);
  expect(clusterRoleKind.validate({ ...role(rules), kind: 'ClusterRole' })).toEqual([]);
});

test('a role without rules is written with null, as Kubernetes does', () => {
  const made = role([]);
  roleKind.setDefaults(made);
  expect(made.rules).toBeNull();
  expect(roleKind.validate(made)).toEqual([]);
});

test.each([
  ['a/b', ["may not contain '/'"]],
  ['..', ["may not be '..'"]],
  ['system:Any_Name', []],
])('the name %s', (name, want) => {
  expect(roleKind.validateName(name, false)).toEqual(want);
});

const binding: RoleBinding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: METADATA,
  roleRef: { apiGroup: '', kind: 'Role', name: 'r' },
  subjects: [
    { kind: 'User', name: 'u' },
    { kind: 'ServiceAccount', name: 's' },
  ],
};

test('groups of references and subjects are filled in', () => {
  const made = structuredClone(binding);
  roleBindingKind.setDefaults(made);
  expect(made.roleRef.apiGroup).toBe('rbac.authorization.k8s.io');
  expect(made.subjects).toEqual([
    { kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' },
    { kind: 'ServiceAccount', name: 's' },
  ]);
  expect(roleBindingKind.validate(made)).toEqual([]);
});

test('a cluster binding needs a cluster role, and namespaces of service accounts', () => {
  const made = structuredClone(binding);
  clusterRoleBindingKind.setDefaults(made);
  expect(lines(clusterRoleBindingKind.validate(made))).toEqual([
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    'subjects[1].namespace: Required value',
  ]);
});

test('the role of a binding does not change', () => {
  const old = structuredClone(binding);
  roleBindingKind.setDefaults(old);
  const next = { ...structuredClone(old), roleRef: { ...old.roleRef, name: 'other' } };
  expect(lines(roleBindingKind.validateUpdate(next, old)).join()).toContain('roleRef: Invalid value');
});
