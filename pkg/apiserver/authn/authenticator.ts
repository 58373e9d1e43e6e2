// Who is asking: client certificates, static tokens and service-account tokens, in this order. Credentials that are given
// and wrong are refused; none at all make an anonymous user.
import type { Instant } from '../../clock/clock.ts';
import { ANONYMOUS, type UserInfo } from '../request.ts';

export interface Credentials {
  /** Of the TLS connection. `invalid`: one was shown that no trusted authority signed, or that has expired. */
  readonly certificate: CertificateSubject | 'invalid' | undefined;
  /** The Authorization header, whole. */
  readonly authorization: string | undefined;
}

export interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Until when it is good. */
  readonly expires: Instant;
}

export interface TokenAuthenticator {
  /** Undefined: not a token of this kind, or not a good one. */
  authenticate(token: string): UserInfo | undefined | Promise<UserInfo | undefined>;
}

export const AUTHENTICATED = 'system:authenticated';

/** Undefined: refused (401). */
export async function authenticate(
  { certificate, authorization }: Credentials,
  tokens: readonly TokenAuthenticator[],
): Promise<UserInfo | undefined> {
  if (certificate !== undefined && certificate !== 'invalid' && certificate.commonName !== '') {
    return withGroup({ name: certificate.commonName, groups: certificate.organizations });
  }
  const token = bearerToken(authorization);
  if (token === undefined) return certificate === 'invalid' || authorization !== undefined ? undefined : ANONYMOUS;
  for (const authenticator of tokens) {
    const answer = authenticator.authenticate(token);
    const user = answer instanceof Promise ? await answer : answer;
    if (user !== undefined) return withGroup(user);
  }
  return undefined;
}

export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const space = authorization.indexOf(' ');
  if (space < 0 || authorization.slice(0, space).toLowerCase() !== 'bearer') return undefined;
  const token = authorization.slice(space + 1).trim();
  return token === '' ? undefined : token;
}

function withGroup(user: UserInfo): UserInfo {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}
