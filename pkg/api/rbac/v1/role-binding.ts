// RoleBindings and ClusterRoleBindings: to whom a role is given. The role of a binding never changes.
import { isDeepStrictEqual } from 'node:util';
import { Faults } from '../../meta/field-faults.ts';
import { pathSegmentName } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { clusterRoleBindings, roleBindings } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../schema/generated/rbac.v1.gen.ts';
import { RBAC_GROUP, validateRoleRef, validateSubjects } from './rbac-validation.ts';

const CANNOT_CHANGE = 'cannot change roleRef';

type Binding = RoleBinding | ClusterRoleBinding;

const bindingColumns = () =>
  columns<Binding>(
    text(
      'Role',
      'RoleRef can only reference a role; it is immutable.',
      ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`,
    ),
    age(),
    wide(text('Users', 'Users in the roleBinding', ({ subjects }) => names(subjects, 'User'))),
    wide(text('Groups', 'Groups in the roleBinding', ({ subjects }) => names(subjects, 'Group'))),
    wide(
      text('ServiceAccounts', 'ServiceAccounts in the roleBinding', ({ subjects }) =>
        names(subjects, 'ServiceAccount'),
      ),
    ),
  );

export const roleBindingKind = defineKind<RoleBinding>({
  type: roleBindings,
  schema: 'rbac.v1.RoleBinding',
  createOnUpdate: true,
  nameRule: pathSegmentName,
  columns: bindingColumns(),
  setDefaults: defaultBinding,
  validate: (binding) => validate(binding, true),
  validateUpdate: (binding, old) => [...validate(binding, true), ...sameRole(binding, old)],
});

export const clusterRoleBindingKind = defineKind<ClusterRoleBinding>({
  type: clusterRoleBindings,
  schema: 'rbac.v1.ClusterRoleBinding',
  createOnUpdate: true,
  nameRule: pathSegmentName,
  columns: bindingColumns(),
  setDefaults: defaultBinding,
  validate: (binding) => validate(binding, false),
  validateUpdate: (binding, old) => [...validate(binding, false), ...sameRole(binding, old)],
});

function defaultBinding(binding: Binding): void {
  binding.roleRef ??= { apiGroup: RBAC_GROUP, kind: '', name: '' };
  binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ??= RBAC_GROUP;
  }
}

function validate({ roleRef, subjects }: Binding, namespaced: boolean): FieldError[] {
  const faults = new Faults();
  validateRoleRef(faults, roleRef, namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']);
  validateSubjects(faults, subjects, namespaced);
  return faults.errors;
}

function sameRole(binding: Binding, old: Binding): FieldError[] {
  const faults = new Faults();
  if (!isDeepStrictEqual(binding.roleRef, old.roleRef)) faults.invalid('roleRef', binding.roleRef, CANNOT_CHANGE);
  return faults.errors;
}

function names(subjects: readonly Subject[] | undefined, kind: string): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ');
}
