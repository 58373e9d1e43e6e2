// Keeps one certificate of this node good: asks for it when there is none, renews it before it expires, and tells whoever uses it.
// Goes on trying while the cluster is away. Ends with an error when a certificate has expired that only itself could renew.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { requestCertificate, type CertificateWish } from '../../client/certificate-request.ts';
import type { Client } from '../../client/client.ts';
import type { Clock, Instant, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { validityOf } from '../../pki/certificate-request.ts';
import type { CertificateStore } from '../../pki/certificate-store.ts';
import type { KeyPair } from '../../pki/certificates.ts';
import { rotationTime } from './rotation-time.ts';

export interface CertificateKeeperOptions {
  /** For the log: `client`, `serving`. */
  readonly purpose: string;
  readonly store: CertificateStore;
  readonly client: Client;
  readonly wish: CertificateWish;
  /** The client shows this very certificate: once it has expired, nothing can be asked for any more. */
  readonly asksWithIt: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How long one request may wait for its approval before another one is made. */
const ANSWER_WITHIN_MS = 15 * 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #listeners = new Set<() => void>();
  #current: KeyPair | undefined;

  constructor(options: CertificateKeeperOptions, current?: KeyPair) {
    this.#options = options;
    this.#current = current;
  }

  current(): KeyPair | undefined {
    return this.#current;
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, purpose } = this.#options;
    let pause = FIRST_PAUSE_MS;
    let due = this.#dueTime();
    while (!signal.aborted) {
      try {
        if (due > clock.now()) await clock.sleep(due - clock.now(), signal);
        await this.#renew(signal);
        pause = FIRST_PAUSE_MS;
        due = this.#dueTime();
      } catch (error) {
        if (signal.aborted) return;
        this.#refuseToLinger(error);
        log.warn('certificate not renewed; it will be tried again', { purpose, error, retryMs: pause });
        due = clock.now() + pause * (1 + this.#options.random());
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, wish, clock, store, log, purpose } = this.#options;
    const late = new AbortController();
    using _deadline = clock.schedule(ANSWER_WITHIN_MS, () =>
      late.abort(new Error('nobody has approved and signed it')),
    );
    const until = AbortSignal.any([signal, late.signal]);
    const pair = await requestCertificate(client, wish, clock, until);
    await store.replace(pair, clock.now());
    this.#current = pair;
    log.info('certificate renewed', { purpose, until: new Date(validityOf(pair.certificate).notAfter).toISOString() });
    for (const listener of this.#listeners) listener();
  }

  #dueTime(): Instant {
    const { clock, random, wish } = this.#options;
    const pair = this.#current;
    if (pair === undefined || !isFor(pair, wish)) return clock.now();
    return rotationTime(validityOf(pair.certificate), random);
  }

  #refuseToLinger(cause: unknown): void {
    const { asksWithIt, clock } = this.#options;
    if (!asksWithIt || this.#current === undefined) return;
    const { notAfter } = validityOf(this.#current.certificate);
    if (clock.now() <= notAfter) return;
    const when = new Date(notAfter).toISOString();
    throw new Error(`the client certificate of this node expired at ${when} and could not be renewed`, { cause });
  }
}

/** Whether a certificate names what is wished for; the node's address may have changed. */
function isFor({ certificate }: KeyPair, { subject }: CertificateWish): boolean {
  const issued = new X509Certificate(certificate);
  return (subject.hosts ?? []).every((host) =>
    isIP(host) === 0 ? issued.checkHost(host) !== undefined : issued.checkIP(host) !== undefined,
  );
}
