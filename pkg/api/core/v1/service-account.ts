import { serviceAccounts } from '../../resources.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { ServiceAccount } from '../../schema/generated/core.v1.gen.ts';

export const serviceAccountKind = defineKind<ServiceAccount>({
  type: serviceAccounts,
  schema: 'core.v1.ServiceAccount',
  shortNames: ['sa'],
  categories: [],
  subresources: [subresource('token', 'authentication.k8s.io/v1', 'TokenRequest', 'create')],
});
