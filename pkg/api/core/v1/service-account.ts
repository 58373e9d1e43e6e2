// ServiceAccounts: who pods are.
import { serviceAccounts } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { ServiceAccount } from '../../schema/generated/core.v1.gen.ts';

export const serviceAccountKind = defineKind<ServiceAccount>({
  type: serviceAccounts,
  schema: 'core.v1.ServiceAccount',
  shortNames: ['sa'],
  subresources: [subresource('token', 'authentication.k8s.io/v1', 'TokenRequest', 'create')],
  returnsDeletedObject: true,
  prepareForCreate: keepSecretNames,
  prepareForUpdate: keepSecretNames,
  columns: columns(
    text(
      'Secrets',
      'Secrets is a list of the secrets in the same namespace that pods running using this ServiceAccount are allowed to use.',
      ({ secrets }) => (secrets ?? []).length,
    ),
    age(),
  ),
});

/** Only the names count: the secrets are those of the account's own namespace. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets === undefined) return;
  account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}
