// Asks other servers for names that are not the cluster's. Promises: an answer or undefined within some seconds, whatever
// the servers do; equal questions at one time are asked once; answers are kept as long as they may be, at most 30 seconds,
// in bounded memory; at most so many questions are out at once.
import { randomInt } from 'node:crypto';
import type { Clock, Instant } from '../../clock/clock.ts';
import { noDnsMetrics, type DnsMetrics } from './dns-metrics.ts';
import { exchange, type Exchange } from './exchange.ts';
import { forClient, lifetimeOf, parseRaw, questionEndOf, upstreamQuery, type RawMessage } from './raw-message.ts';
import type { Upstream } from './resolv-conf.ts';

export interface ForwarderOptions {
  readonly clock: Clock;
  readonly exchange?: Exchange;
  /** Default: nobody counts. */
  readonly metrics?: () => DnsMetrics;
}

interface Kept {
  readonly bytes: Buffer;
  readonly message: RawMessage;
  readonly since: Instant;
  readonly until: Instant;
}

const KEPT_LIMIT = 10_000;
const LONGEST_MS = 30_000;
const OUTSTANDING_LIMIT = 1_000;
/** Resolvers in pods give up after 5 seconds: three tries fit. */
const TRIES = 3;
const TRY_MS = 1_500;
/** A server that missed so many questions in a row is asked last, and no longer waited for at length. */
const MISSES_UNTIL_DOWN = 2;
const DOWN_TRY_MS = 500;
/** SERVFAIL and REFUSED: another server may know better. */
const UNHELPFUL_CODES = new Set([2, 5]);

export class Forwarder {
  readonly #clock: Clock;
  readonly #metrics: () => DnsMetrics;
  readonly #exchange: Exchange;
  readonly #kept = new Map<string, Kept>();
  readonly #outstanding = new Map<string, Promise<Kept | undefined>>();
  readonly #misses = new Map<string, number>();
  #upstreams: readonly Upstream[] = [];

  constructor(options: ForwarderOptions) {
    this.#clock = options.clock;
    this.#exchange = options.exchange ?? exchange;
    this.#metrics = options.metrics ?? (() => noDnsMetrics);
  }

  /** Answers of others that are kept. */
  get keptCount(): number {
    return this.#kept.size;
  }

  /** In the order of preference. */
  setUpstreams(upstreams: readonly Upstream[]): void {
    this.#upstreams = upstreams;
    this.#misses.clear();
  }

  /** The answer to a client's question, ready to be sent to it; undefined when none was had. */
  async ask(query: Buffer, signal: AbortSignal): Promise<Buffer | undefined> {
    const key = keyOf(query);
    if (key === undefined) return undefined;
    const found = this.#find(key);
    this.#metrics().lookedUp(found !== undefined);
    const kept = found ?? (await this.#shared(key, query, signal));
    if (kept === undefined) return undefined;
    const age = Math.floor((this.#clock.now() - kept.since) / 1000);
    return forClient(kept.bytes, kept.message, query, age);
  }

  #find(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.until > this.#clock.now()) return kept;
    this.#kept.delete(key);
    return undefined;
  }

  #shared(key: string, query: Buffer, signal: AbortSignal): Promise<Kept | undefined> {
    const outstanding = this.#outstanding.get(key);
    if (outstanding !== undefined) return outstanding;
    if (this.#outstanding.size >= OUTSTANDING_LIMIT) return Promise.resolve(undefined);
    const asking = this.#ask(key, query, signal).finally(() => this.#outstanding.delete(key));
    this.#outstanding.set(key, asking);
    return asking;
  }

  async #ask(key: string, original: Buffer, signal: AbortSignal): Promise<Kept | undefined> {
    const questionEnd = questionEndOf(original);
    if (questionEnd === undefined) return undefined;
    let unhelpful: Kept | undefined;
    for (const { upstream, timeoutMs } of this.#plan()) {
      if (signal.aborted) return undefined;
      const query = upstreamQuery(original, questionEnd, randomInt(65_536));
      const began = this.#clock.now();
      const bytes = await this.#exchange(query, upstream, { clock: this.#clock, timeoutMs }, signal);
      this.#metrics().upstream(upstream, bytes, this.#clock.now() - began);
      const id = idOf(upstream);
      const message = bytes === undefined ? undefined : parseRaw(bytes);
      if (bytes === undefined || message === undefined || message.questionEnd !== questionEnd) {
        this.#misses.set(id, (this.#misses.get(id) ?? 0) + 1);
        continue;
      }
      this.#misses.delete(id);
      const now = this.#clock.now();
      const lifetime = Math.min(lifetimeOf(message) * 1000, LONGEST_MS);
      const kept: Kept = { bytes, message, since: now, until: now + lifetime };
      if (UNHELPFUL_CODES.has(message.code)) {
        unhelpful = kept;
        continue;
      }
      if (lifetime > 0) this.#keep(key, kept);
      return kept;
    }
    return unhelpful;
  }

  /** Whom to ask in turn. Servers that do not answer come last; when none does, one short try is all. */
  #plan(): { upstream: Upstream; timeoutMs: number }[] {
    const isDown = (upstream: Upstream) => (this.#misses.get(idOf(upstream)) ?? 0) >= MISSES_UNTIL_DOWN;
    const up = this.#upstreams.filter((upstream) => !isDown(upstream));
    const down = this.#upstreams.filter(isDown).map((upstream) => ({ upstream, timeoutMs: DOWN_TRY_MS }));
    if (up.length === 0) return down;
    const tries = Array.from({ length: Math.ceil(TRIES / up.length) }, () => up).flat();
    return [...tries.slice(0, TRIES).map((upstream) => ({ upstream, timeoutMs: TRY_MS })), ...down.slice(0, 1)];
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    // The oldest goes first; at 30 seconds of life at most, which one hardly matters.
    if (this.#kept.size > KEPT_LIMIT) this.#kept.delete(this.#kept.keys().next().value ?? '');
  }
}

/** Everything an answer depends on; undefined when there is no question. */
function keyOf(query: Buffer): string | undefined {
  const end = questionEndOf(query);
  if (end === undefined) return undefined;
  // Our own query has the flags and options that count in one form; only the id differs.
  return upstreamQuery(query, end, 0).toString('latin1').toLowerCase();
}

function idOf({ address, port }: Upstream): string {
  return `${address} ${port}`;
}
