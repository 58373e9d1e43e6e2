// Roles and ClusterRoles: who may do what is in their bindings; these say the what.
import { Faults } from '../../meta/field-faults.ts';
import { pathSegmentName } from '../../meta/names.ts';
import { clusterRoles, roles } from '../../resources.ts';
import { columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Column } from '../../schema/kind.ts';
import type { KubeObject } from '../../schema/resource-type.ts';
import type { ClusterRole, Role } from '../../schema/generated/rbac.v1.gen.ts';
import { validateAggregation, validateRules } from './rbac-validation.ts';

const createdAt: Column<KubeObject> = {
  ...text(
    'Created At',
    'CreationTimestamp is a timestamp representing the server time when this object was created.',
    ({ metadata }: KubeObject) => metadata.creationTimestamp,
  ),
  type: 'date',
};

export const roleKind = defineKind<Role>({
  type: roles,
  schema: 'rbac.v1.Role',
  createOnUpdate: true,
  nameRule: pathSegmentName,
  columns: columns<Role>(createdAt),
  setDefaults: writeAbsentRules,
  validate(role) {
    const faults = new Faults();
    validateRules(faults, role.rules ?? [], false);
    return faults.errors;
  },
});

export const clusterRoleKind = defineKind<ClusterRole>({
  type: clusterRoles,
  schema: 'rbac.v1.ClusterRole',
  createOnUpdate: true,
  nameRule: pathSegmentName,
  columns: columns<ClusterRole>(createdAt),
  setDefaults: writeAbsentRules,
  validate(role) {
    const faults = new Faults();
    validateRules(faults, role.rules ?? [], true);
    validateAggregation(faults, role.aggregationRule);
    return faults.errors;
  },
});

/** Kubernetes writes a role without rules with `rules: null`. */
function writeAbsentRules(role: Role): void {
  if ((role.rules ?? []).length === 0) Object.assign(role, { rules: null });
}
