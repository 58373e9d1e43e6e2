// The subjects of a role binding out of flags. Pure; throws Failure for a service account that is none.
import type { JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';

const GROUP = 'rbac.authorization.k8s.io';

export interface SubjectFlags {
  readonly user: readonly string[];
  readonly group: readonly string[];
  /** As `namespace:name`. */
  readonly serviceaccount: readonly string[];
}

export function subjectsOf(flags: SubjectFlags): JsonObject[] {
  return [
    ...flags.user.map((name) => ({ kind: 'User', apiGroup: GROUP, name })),
    ...flags.group.map((name) => ({ kind: 'Group', apiGroup: GROUP, name })),
    ...flags.serviceaccount.map((text) => {
      const [namespace = '', name = '', more] = text.split(':');
      if (name === '' || namespace === '' || more !== undefined)
        throw new Failure('serviceaccount must be <namespace>:<name>');
      return { kind: 'ServiceAccount', name, namespace };
    }),
  ];
}
