// Kinds that are created only: a question that is answered at once, or a Binding. Discovery and OpenAPI know them, so that
// clients find them; the registry has no objects of them (pkg/apiserver/registry/subresources/).
import { defineKind } from './schema/define-kind.ts';
import type { KindDefinition } from './schema/kind.ts';
import type { KubeObject } from './schema/resource-type.ts';

function createdOnly(group: string, kind: string, namespaced = false): KindDefinition {
  const type = { group, version: 'v1', resource: `${kind.toLowerCase()}s`, kind, namespaced };
  const schema = `${group === '' ? 'core' : group.replace('.k8s.io', '')}.v1.${kind}`;
  return defineKind<KubeObject>({ type, schema, verbs: ['create'] });
}

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';

export const unstoredKinds: readonly KindDefinition[] = [
  createdOnly('', 'Binding', true),
  createdOnly(AUTHENTICATION, 'SelfSubjectReview'),
  createdOnly(AUTHENTICATION, 'TokenReview'),
  createdOnly(AUTHORIZATION, 'LocalSubjectAccessReview', true),
  createdOnly(AUTHORIZATION, 'SelfSubjectAccessReview'),
  createdOnly(AUTHORIZATION, 'SelfSubjectRulesReview'),
  createdOnly(AUTHORIZATION, 'SubjectAccessReview'),
];
