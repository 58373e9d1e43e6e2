// Bootstrap tokens: `ID.SECRET`, kept as Secrets of type bootstrap.kubernetes.io/token in kube-system. With one a machine that
// is no node yet proves that it may become one, and that the cluster it talks to is the right one.
import { timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../schema/generated/core.v1.gen.ts';

export const TOKEN_NAMESPACE = 'kube-system';
export const TOKEN_SECRET_TYPE = 'bootstrap.kubernetes.io/token';
export const TOKEN_SECRET_PREFIX = 'bootstrap-token-';
export const BOOTSTRAP_USER_PREFIX = 'system:bootstrap:';
export const BOOTSTRAP_GROUP = 'system:bootstrappers';
/** The group that kubeadm gives the tokens that nodes join with. */
export const NODE_TOKEN_GROUP = 'system:bootstrappers:kubeadm:default-node-token';
export const TOKEN_USAGES = ['authentication', 'signing'] as const;
export type TokenUsage = (typeof TOKEN_USAGES)[number];

/** Where a joining machine finds the cluster's address and authority, readable by anybody. */
export const CLUSTER_INFO = { namespace: 'kube-public', name: 'cluster-info' } as const;
export const CLUSTER_INFO_KUBECONFIG = 'kubeconfig';
/** Followed by the id of the token that signed. */
export const CLUSTER_INFO_SIGNATURE_PREFIX = 'jws-kubeconfig-';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

export interface BootstrapToken extends TokenParts {
  readonly description: string;
  /** Milliseconds since the epoch; undefined: it never expires. */
  readonly expiresAt: number | undefined;
  readonly usages: readonly TokenUsage[];
  readonly groups: readonly string[];
}

/** Undefined for what is no token. */
export function parseToken(text: string): TokenParts | undefined {
  const match = TOKEN.exec(text);
  return match === null ? undefined : { id: match[1] ?? '', secret: match[2] ?? '' };
}

/** Whether a group may be given to a token; others could make it an administrator. */
export function isTokenGroup(group: string): boolean {
  return EXTRA_GROUP.test(group);
}

/** What a Secret of the token type holds; a sentence says why it cannot be used. */
export function tokenOfSecret(secret: Secret): BootstrapToken | { readonly fault: string } {
  const text = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  if (secret.type !== TOKEN_SECRET_TYPE) return { fault: `it is not of type ${TOKEN_SECRET_TYPE}` };
  const parts = parseToken(`${text('token-id')}.${text('token-secret')}`);
  if (parts === undefined) return { fault: 'its token-id or token-secret is malformed' };
  if (secret.metadata.name !== `${TOKEN_SECRET_PREFIX}${parts.id}`)
    return { fault: 'its name does not match its token-id' };
  const groups = text('auth-extra-groups')
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
  const wrong = groups.find((group) => !isTokenGroup(group));
  if (wrong !== undefined) return { fault: `its group "${wrong}" is not below ${BOOTSTRAP_GROUP}` };
  const expiration = text('expiration');
  // What cannot be read has expired, as in Kubernetes.
  const expiresAt = expiration === '' ? undefined : Date.parse(expiration) || 0;
  const usages = TOKEN_USAGES.filter((usage) => text(`usage-bootstrap-${usage}`) === 'true');
  return { ...parts, description: text('description'), expiresAt, usages, groups: [...new Set(groups)] };
}

/** The token of a Secret that is good for `usage` now; a sentence otherwise. */
export function usableToken(
  secret: Secret,
  usage: TokenUsage,
  now: number,
): BootstrapToken | { readonly fault: string } {
  if (secret.metadata.deletionTimestamp !== undefined) return { fault: 'it is being deleted' };
  const token = tokenOfSecret(secret);
  if ('fault' in token) return token;
  if (token.expiresAt !== undefined && token.expiresAt <= now) return { fault: 'it has expired' };
  if (!token.usages.includes(usage)) return { fault: `usage-bootstrap-${usage} is not "true"` };
  return token;
}

/** Compares without telling by its duration how much was right. */
export function sameSecret(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The Secret's data, for a token that is to be made. */
export function secretDataOf(token: BootstrapToken): Record<string, string> {
  const base64 = (value: string) => Buffer.from(value).toString('base64');
  const fields: Record<string, string> = {
    'token-id': token.id,
    'token-secret': token.secret,
    ...(token.description !== '' && { description: token.description }),
    ...(token.expiresAt !== undefined && {
      expiration: new Date(token.expiresAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    }),
    ...(token.groups.length > 0 && { 'auth-extra-groups': token.groups.join(',') }),
  };
  for (const usage of token.usages) fields[`usage-bootstrap-${usage}`] = 'true';
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, base64(value)]));
}
