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
  /** For tokens that are made for somebody: whose it is and for which of these audiences. Without it a token is for this server. */
  review?(token: string, audiences: readonly string[]): Promise<TokenFinding>;
}

export type TokenFinding =
  | { readonly user: UserInfo; readonly audiences: readonly string[] }
  /** A good token, but not for them. */
  | { readonly fault: string }
  | undefined;

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

/** What a TokenReview is told. `own`: the audiences that mean this server, also those meant when no others are `asked` for. */
export async function reviewToken(
  token: string,
  asked: readonly string[],
  own: readonly string[],
  tokens: readonly TokenAuthenticator[],
): Promise<Exclude<TokenFinding, undefined>> {
  const audiences = asked.length > 0 ? asked : own;
  const forThisServer = own.filter((audience) => audiences.includes(audience));
  let fault = 'invalid bearer token';
  for (const authenticator of tokens) {
    if (authenticator.review !== undefined) {
      const found = await authenticator.review(token, audiences);
      if (found !== undefined && 'user' in found) return { ...found, user: withGroup(found.user) };
      if (found !== undefined) fault = `[${fault}, ${found.fault}]`;
    } else if (audiences.length === 0 || forThisServer.length > 0) {
      const user = await authenticator.authenticate(token);
      if (user !== undefined) return { user: withGroup(user), audiences: forThisServer };
    }
  }
  return { fault };
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
