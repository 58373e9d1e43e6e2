// Service-account tokens: made for TokenRequests, checked when they come back. A token is good as long as its account, and
// the pod, node or secret that it is bound to, still exist with the same uid. Claims: k8s.io/kubernetes pkg/serviceaccount/claims.go.
import type { JWTPayload } from 'jose';
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../../clock/clock.ts';
import type { UserInfo } from '../request.ts';
import type { TokenAuthenticator, TokenFinding } from './authenticator.ts';

export interface ServiceAccountKeys {
  /** The first is put into tokens; all are accepted. */
  readonly issuers: readonly string[];
  /** PEM. */
  readonly signingKey: string;
  /** PEM, public or private. */
  readonly verificationKeys: readonly string[];
  /** Accepted by this API server; the issuers unless said otherwise. */
  readonly audiences: readonly string[];
}

export interface BoundObject {
  readonly kind: 'Pod' | 'Node' | 'Secret';
  readonly name: string;
  readonly uid: string;
  /** Where a pod runs; without a uid when there is no such node. */
  readonly node?: { readonly name: string; readonly uid?: string };
}

export interface TokenClaims {
  readonly namespace: string;
  readonly account: { readonly name: string; readonly uid: string };
  readonly bound: BoundObject | undefined;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly id: string;
}

/** Looks whether what a token is about is still there; uid or undefined. */
export type UidLookup = (
  resource: 'serviceaccounts' | 'pods' | 'nodes' | 'secrets',
  namespace: string,
  name: string,
) => string | undefined;

const REMEMBERED = 1024;
const REMEMBER_MS = 10_000;

export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #keys: ServiceAccountKeys;
  readonly #clock: Clock;
  readonly #uidOf: UidLookup;
  readonly #signing: KeyObject;
  readonly #verification: readonly KeyObject[];
  readonly #known = new Map<string, { payload: JWTPayload; until: number }>();

  constructor(keys: ServiceAccountKeys, clock: Clock, uidOf: UidLookup) {
    this.#keys = keys;
    this.#clock = clock;
    this.#uidOf = uidOf;
    this.#signing = createPrivateKey(keys.signingKey);
    this.#verification = keys.verificationKeys.map((pem) => createPublicKey(pem));
  }

  get audiences(): readonly string[] {
    return this.#keys.audiences;
  }

  get issuer(): string {
    return this.#keys.issuers[0] ?? '';
  }

  /** The public keys, for `/openid/v1/jwks`. */
  async jwks(): Promise<object> {
    const { exportJWK, calculateJwkThumbprint } = await import('jose');
    const keys = await Promise.all(
      this.#verification.map(async (key) => {
        const jwk = await exportJWK(key);
        return { use: 'sig', alg: algorithmOf(key), kid: await calculateJwkThumbprint(jwk), ...jwk };
      }),
    );
    return { keys };
  }

  async sign(claims: TokenClaims): Promise<string> {
    const { SignJWT, exportJWK, calculateJwkThumbprint } = await import('jose');
    const now = Math.floor(this.#clock.now() / 1000);
    const { namespace, account, bound } = claims;
    const kubernetes = {
      namespace,
      serviceaccount: account,
      ...(bound !== undefined && { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
      ...(bound?.node !== undefined && { node: bound.node }),
    };
    const kid = await calculateJwkThumbprint(await exportJWK(createPublicKey(this.#signing)));
    return new SignJWT({ 'kubernetes.io': kubernetes })
      .setProtectedHeader({ alg: algorithmOf(this.#signing), kid })
      .setIssuer(this.issuer)
      .setAudience([...claims.audiences])
      .setSubject(subjectOf(namespace, account.name))
      .setJti(claims.id)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + claims.expirationSeconds)
      .sign(this.#signing);
  }

  async authenticate(token: string): Promise<UserInfo | undefined> {
    if (token.split('.').length !== 3) return undefined;
    return this.verify(token, this.#keys.audiences);
  }

  /** The user of a token that is good for one of the audiences. */
  async verify(token: string, audiences: readonly string[]): Promise<UserInfo | undefined> {
    const payload = await this.#payloadOf(token);
    if (payload === undefined) return undefined;
    const named = audiencesOf(payload);
    if (!audiences.some((audience) => named.includes(audience))) return undefined;
    return this.#userOf(payload);
  }

  async review(token: string, audiences: readonly string[]): Promise<TokenFinding> {
    const payload = token.split('.').length === 3 ? await this.#payloadOf(token) : undefined;
    if (payload === undefined) return undefined;
    const named = audiencesOf(payload);
    const both = named.filter((audience) => audiences.includes(audience));
    if (both.length === 0) {
      return { fault: `token audiences ${quoted(named)} is invalid for the target audiences ${quoted(audiences)}` };
    }
    const user = this.#userOf(payload);
    return user === undefined ? undefined : { user, audiences: both };
  }

  async #payloadOf(token: string): Promise<JWTPayload | undefined> {
    const now = this.#clock.now();
    const known = this.#known.get(token);
    if (known !== undefined && known.until > now) return known.payload;
    const payload = await this.#check(token, now);
    if (payload === undefined) return undefined;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(token, { payload, until: Math.min(now + REMEMBER_MS, (payload.exp ?? 0) * 1000) });
    return payload;
  }

  async #check(token: string, now: number): Promise<JWTPayload | undefined> {
    const { jwtVerify, errors } = await import('jose');
    for (const key of this.#verification) {
      try {
        const issuer = [...this.#keys.issuers];
        const algorithms = [algorithmOf(key)];
        return (await jwtVerify(token, key, { issuer, algorithms, currentDate: new Date(now) })).payload;
      } catch (error) {
        // A token of somebody else's, or none at all, is an answer; anything else is a fault of ours.
        if (!(error instanceof errors.JOSEError) && !(error instanceof TypeError)) throw error;
      }
    }
    return undefined;
  }

  #userOf(payload: JWTPayload): UserInfo | undefined {
    const claims = record(payload['kubernetes.io']);
    const namespace = text(claims['namespace']);
    const account = record(claims['serviceaccount']);
    const [name, uid] = [text(account['name']), text(account['uid'])];
    if (payload.sub !== subjectOf(namespace, name)) return undefined;
    if (this.#uidOf('serviceaccounts', namespace, name) !== uid) return undefined;
    const extra: Record<string, string[]> = {};
    if (typeof payload.jti === 'string') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${payload.jti}`];
    for (const [claim, resource] of BOUND_CLAIMS) {
      if (claims[claim] === undefined) continue;
      const bound = record(claims[claim]);
      // A pod's token says where it runs; that the node is gone takes nothing from it.
      if (claim === 'node' && claims['pod'] !== undefined) {
        extra['authentication.kubernetes.io/node-name'] = [text(bound['name'])];
        if (bound['uid'] !== undefined) extra['authentication.kubernetes.io/node-uid'] = [text(bound['uid'])];
        continue;
      }
      const scope = claim === 'node' ? '' : namespace;
      if (this.#uidOf(resource, scope, text(bound['name'])) !== text(bound['uid'])) return undefined;
      extra[`authentication.kubernetes.io/${claim}-name`] = [text(bound['name'])];
      extra[`authentication.kubernetes.io/${claim}-uid`] = [text(bound['uid'])];
    }
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    return { name: payload.sub, uid, groups, extra };
  }
}

const BOUND_CLAIMS = [
  ['pod', 'pods'],
  ['node', 'nodes'],
  ['secret', 'secrets'],
] as const;

function audiencesOf({ aud }: JWTPayload): readonly string[] {
  return typeof aud === 'string' ? [aud] : (aud ?? []);
}

/** As Go prints a list of texts. */
function quoted(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}

function subjectOf(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

function algorithmOf(key: KeyObject): string {
  return key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  // Any object can be read by name; what is read is checked again.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
