// `Impersonate-User` and its company: a request that is made in somebody else's name. Rules:
// k8s.io/apiserver/pkg/endpoints/filters/impersonation.go.
import type { Authorizer } from '../authz/authorizer.ts';
import { forbidden, internalError } from '../http-errors.ts';
import type { UserInfo } from '../request.ts';
import { AUTHENTICATED } from './authenticator.ts';

const EXTRA = 'impersonate-extra-';
const ANONYMOUS_USER = 'system:anonymous';
const UNAUTHENTICATED = 'system:unauthenticated';

/** Whether any part of somebody else is named. */
export function impersonates(headers: Readonly<Record<string, string | undefined>>): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** Answers with the user whose name the request bears. Throws 403 and, for anything without a user, 500 as Kubernetes does. */
export function impersonated(
  user: UserInfo,
  headers: Readonly<Record<string, string | undefined>>,
  authorizer: Authorizer,
): UserInfo {
  const name = headers['impersonate-user'];
  const groups = headers['impersonate-group'];
  const uid = headers['impersonate-uid'];
  const extra = extraOf(headers);
  if (name === undefined) {
    const parts = [
      ...listOf(groups).map((group) => `Group ${group}`),
      ...Object.keys(extra).map((key) => `UserExtra ${key}`),
      ...(uid === undefined ? [] : [`UID ${uid}`]),
    ];
    if (parts.length === 0) return user;
    throw internalError(`requested [${parts.join(', ')}] without impersonating a user`);
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
  const named = listOf(groups);
  // The groups of an account are known, unless others are asked for.
  const all = named.length > 0 ? named : serviceAccountGroups(name);
  const known = all.some((group) => group === AUTHENTICATED || group === UNAUTHENTICATED);
  const added = known ? [] : [name === ANONYMOUS_USER ? UNAUTHENTICATED : AUTHENTICATED];
  return { name, groups: [...all, ...added], ...(uid !== undefined && { uid }), extra };
}

function listOf(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
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
