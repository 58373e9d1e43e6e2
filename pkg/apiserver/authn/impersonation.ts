// `Impersonate-User` and its company: a request that is made in somebody else's name. Rules:
// k8s.io/apiserver/pkg/endpoints/filters/impersonation.go.
import type { Authorizer } from '../authz/authorizer.ts';
import { forbidden } from '../http-errors.ts';
import { ApiError } from '../../api/meta/status.ts';
import type { UserInfo } from '../request.ts';
import { AUTHENTICATED } from './authenticator.ts';

const EXTRA = 'impersonate-extra-';

/** Answers with the user whose name the request bears. Throws 403 and, for groups without a user, 500 as Kubernetes does. */
export function impersonated(
  user: UserInfo,
  headers: Readonly<Record<string, string | undefined>>,
  authorizer: Authorizer,
): UserInfo {
  const name = headers['impersonate-user'];
  const groups = headers['impersonate-group'];
  const uid = headers['impersonate-uid'];
  if (name === undefined) {
    if (groups === undefined && uid === undefined) return user;
    throw new ApiError(
      'InternalError',
      `Internal error occurred: requested [{Group  ${groups ?? ''}}] without impersonating a user`,
    );
  }
  const decision = authorizer.authorize({
    user,
    verb: 'impersonate',
    group: '',
    version: 'v1',
    resource: 'users',
    subresource: '',
    namespace: '',
    name,
    path: '',
  });
  if (!decision.allowed) throw forbidden({ group: '', resource: 'users' }, name, decision.reason);
  const named = (groups ?? '')
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
  const anonymous = name === 'system:anonymous';
  const all = anonymous || named.includes(AUTHENTICATED) ? named : [...named, AUTHENTICATED];
  return {
    name,
    groups: [...serviceAccountGroups(name), ...all],
    ...(uid !== undefined && { uid }),
    extra: extraOf(headers),
  };
}

function serviceAccountGroups(name: string): string[] {
  const [system, kind, namespace] = name.split(':');
  if (system !== 'system' || kind !== 'serviceaccount' || namespace === undefined) return [];
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

function extraOf(headers: Readonly<Record<string, string | undefined>>): Record<string, readonly string[]> {
  const found = Object.entries(headers).filter(([header]) => header.startsWith(EXTRA));
  return Object.fromEntries(
    found.map(([header, value]) => [decodeURIComponent(header.slice(EXTRA.length)), [value ?? '']]),
  );
}
