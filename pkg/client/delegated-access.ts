// Who a bearer token belongs to and what that user may do, as the API server says: TokenReview and SubjectAccessReview, for programs
// that serve pages of their own. Answers are kept for a while, so that a scrape does not cost two requests every time.
import { createHash } from 'node:crypto';
import { subjectAccessReviews, tokenReviews } from '../api/resources.ts';
import type { SubjectAccessReviewSpec } from '../api/schema/generated/authorization.v1.gen.ts';
import type { Clock } from '../clock/clock.ts';
import { deadlineOf, type Deadline } from '../clock/deadline.ts';
import type { Client } from './client.ts';

export interface Identity {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Whoever shows no credentials. */
export const NOBODY: Identity = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** What is to be done: with a resource, or with a path that is none. */
export type AccessAttributes = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

export interface AccessDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

export interface DelegatedAccessOptions {
  readonly client: Client;
  readonly clock: Pick<Clock, 'elapsed' | 'schedule'>;
  /** For how long an answer counts, in milliseconds. */
  readonly keptMs: { readonly identity: number; readonly allowed: number; readonly denied: number };
}

/** Of kube-scheduler and kube-controller-manager; kubelets keep answers for longer. */
export const BRIEFLY_KEPT = { identity: 10_000, allowed: 10_000, denied: 10_000 } as const;

const MOST_KEPT = 1000;
/** How long the API server is waited for. */
const REVIEW_MS = 10_000;

export class DelegatedAccess {
  readonly #options: DelegatedAccessOptions;
  readonly #identities: KeptAnswers<Identity | undefined>;
  readonly #decisions: KeptAnswers<AccessDecision>;

  constructor(options: DelegatedAccessOptions) {
    this.#options = options;
    this.#identities = new KeptAnswers(options.clock);
    this.#decisions = new KeptAnswers(options.clock);
  }

  /** Undefined: nobody's token. Rejects when the API server does not say. */
  identify(token: string): Promise<Identity | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    return this.#identities.get(key, async () => ({
      value: await this.#reviewToken(token),
      keptMs: this.#options.keptMs.identity,
    }));
  }

  /** Rejects when the API server does not say. */
  decide(user: Identity, attributes: AccessAttributes): Promise<AccessDecision> {
    const { keptMs } = this.#options;
    return this.#decisions.get(JSON.stringify([user, attributes]), async () => {
      const value = await this.#reviewAccess(user, attributes);
      return { value, keptMs: value.allowed ? keptMs.allowed : keptMs.denied };
    });
  }

  async #reviewToken(token: string): Promise<Identity | undefined> {
    using late = this.#deadline();
    const { status } = await this.#options.client
      .resource(tokenReviews)
      .create(
        { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } },
        {},
        late.signal,
      );
    const { user } = status;
    if (status.authenticated !== true || user?.username === undefined) return undefined;
    const { username, uid, groups = [], extra } = user;
    return { name: username, groups, ...(uid !== undefined && { uid }), ...(extra !== undefined && { extra }) };
  }

  async #reviewAccess(user: Identity, attributes: AccessAttributes): Promise<AccessDecision> {
    using late = this.#deadline();
    const { name, uid, groups, extra } = user;
    const spec = {
      user: name,
      groups: [...groups],
      ...(uid !== undefined && { uid }),
      ...(extra !== undefined && { extra: mutable(extra) }),
      ...attributes,
    };
    const { status } = await this.#options.client
      .resource(subjectAccessReviews)
      .create(
        { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec },
        {},
        late.signal,
      );
    return { allowed: status.allowed && status.denied !== true, reason: status.reason ?? '' };
  }

  #deadline(): Deadline {
    return deadlineOf(this.#options.clock, REVIEW_MS, () => new Error('the review took too long'));
  }
}

interface Answer<T> {
  readonly value: T;
  readonly keptMs: number;
}

/** The newest answers by their questions; who asks what somebody else is asking shares the answer. Failures are not kept. */
class KeptAnswers<T> {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #kept = new Map<string, { readonly value: Promise<T>; until: number }>();

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  get(key: string, ask: () => Promise<Answer<T>>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined && known.until > this.#clock.elapsed()) return known.value;
    this.#kept.delete(key);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    const asked = ask();
    const entry = { value: asked.then(({ value }) => value), until: Infinity };
    this.#kept.set(key, entry);
    asked.then(
      ({ keptMs }) => {
        entry.until = this.#clock.elapsed() + keptMs;
      },
      () => {
        if (this.#kept.get(key) === entry) this.#kept.delete(key);
      },
    );
    return entry.value;
  }
}

function mutable(extra: NonNullable<Identity['extra']>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(extra).map(([name, values]) => [name, [...values]]));
}
