// Who got in: authentication and authorization, under Kubernetes' names. Every request passes both, so they cost no more than
// what is added up here.
import type { Instant } from '../../clock/clock.ts';
import { familyLines, sampleLine } from '../../metrics/exposition.ts';
import { exponentialBounds, PlainHistogram } from '../../metrics/plain-histogram.ts';

const SECONDS = exponentialBounds(0.001, 2, 15);
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long client certificates are still good for. */
const EXPIRATION_SECONDS: readonly number[] = [
  0,
  30 * MINUTE,
  ...[1, 2, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 4, 7, 30, 90, 180, 360].map((days) => days * DAY),
];
/** Names that Kubernetes tells apart; all others could be anybody's and are as many as there are users. */
const KNOWN_USERS: ReadonlySet<string> = new Set([
  'admin',
  'client',
  'kube_proxy',
  'kubelet',
  'system:serviceaccount:kube-system:default',
]);

/** `failure`: no credentials where some are needed; `error`: they are wrong. */
export type AuthenticationResult = 'success' | 'failure' | 'error';
const AUTHENTICATION_RESULTS = ['success', 'failure', 'error'] as const;
const AUTHORIZATION_RESULTS = ['allowed', 'denied'] as const;

export class AccessMetrics {
  readonly #authentication = {
    success: new PlainHistogram(SECONDS),
    failure: new PlainHistogram(SECONDS),
    error: new PlainHistogram(SECONDS),
  };
  readonly #authorization = { allowed: new PlainHistogram(SECONDS), denied: new PlainHistogram(SECONDS) };
  readonly #expiration = new PlainHistogram(EXPIRATION_SECONDS);
  readonly #users = new Map<string, number>();

  authenticated(result: AuthenticationResult, seconds: number, user: string | undefined): void {
    this.#authentication[result].observe(seconds);
    if (user === undefined) return;
    const name = KNOWN_USERS.has(user) ? user : user.includes('@') ? 'email_id' : 'other';
    this.#users.set(name, (this.#users.get(name) ?? 0) + 1);
  }

  /** Somebody has shown a certificate that is good until `expires`. */
  certificateShown(expires: Instant, now: Instant): void {
    this.#expiration.observe((expires - now) / 1000);
  }

  authorized(allowed: boolean, seconds: number): void {
    this.#authorization[allowed ? 'allowed' : 'denied'].observe(seconds);
  }

  lines(): string[] {
    return [
      ...familyLines(
        'authentication_attempts',
        'counter',
        'Counter of authenticated attempts.',
        AUTHENTICATION_RESULTS.map((result) =>
          sampleLine('authentication_attempts', { result }, this.#authentication[result].count),
        ),
      ),
      ...familyLines(
        'authentication_duration_seconds',
        'histogram',
        'Authentication duration in seconds broken out by result.',
        AUTHENTICATION_RESULTS.flatMap((result) => some(this.#authentication[result], 'authentication', result)),
      ),
      ...familyLines(
        'authenticated_user_requests',
        'counter',
        'Counter of authenticated requests broken out by username.',
        [...this.#users].map(([username, count]) => sampleLine('authenticated_user_requests', { username }, count)),
      ),
      ...familyLines(
        'apiserver_client_certificate_expiration_seconds',
        'histogram',
        'Distribution of the remaining lifetime on the certificate used to authenticate a request.',
        this.#expiration.lines('apiserver_client_certificate_expiration_seconds', {}),
      ),
      ...familyLines(
        'authorization_attempts_total',
        'counter',
        "Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
        AUTHORIZATION_RESULTS.map((result) =>
          sampleLine('authorization_attempts_total', { result }, this.#authorization[result].count),
        ),
      ),
      ...familyLines(
        'authorization_duration_seconds',
        'histogram',
        'Authorization duration in seconds broken out by result.',
        AUTHORIZATION_RESULTS.flatMap((result) => some(this.#authorization[result], 'authorization', result)),
      ),
    ];
  }
}

/** Nothing before the first time. */
function some(histogram: PlainHistogram, what: string, result: string): string[] {
  return histogram.count === 0 ? [] : histogram.lines(`${what}_duration_seconds`, { result });
}
