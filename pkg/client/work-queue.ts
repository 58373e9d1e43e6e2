// Keys waiting to be worked on. Guarantees, each with a test of its own:
//  1. A key waits at most once, however often it is added.
//  2. A key on loan is given to nobody else; if it is added meanwhile it waits once more as soon as it is given back.
//  3. Keys are handed out in the order in which they began to wait.
//  4. A key given back with `retry` waits 5 ms, 10 ms, 20 ms ... 1000 s, and no less than a bucket shared by all keys allows
//     (10 a second, bursts of 100); given back without it, its failures are forgotten.
//  5. `addAfter` adds once the time has passed; of several for one key the earliest counts, and no timer outlives `close`.
//  6. After `close` nothing is handed out and nothing is added; loops over the queue end.
import type { Clock, Instant } from '../clock/clock.ts';

/** A key on loan. No other worker gets it until this is disposed; changes meanwhile queue it once more. */
export interface Ticket<K> extends Disposable {
  readonly key: K;
  /** The work failed: the key comes back after a pause. Call it before disposing. */
  retry(cause: unknown): void;
}

/** What is counted; names as in Kubernetes' workqueue_* metrics. Durations in milliseconds. */
export interface WorkQueueMetrics {
  added?(depth: number): void;
  taken?(depth: number, waitedMs: number): void;
  done?(workedMs: number): void;
  retried?(cause: unknown): void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly metrics?: WorkQueueMetrics;
  readonly baseDelayMs?: number;
  readonly maxDelayMs?: number;
  /** Retries per second, over all keys. */
  readonly retryRate?: number;
  readonly retryBurst?: number;
}

const BASE_DELAY_MS = 5;
const MAX_DELAY_MS = 1_000_000;
const RETRY_RATE = 10;
const RETRY_BURST = 100;

export class WorkQueue<K> implements AsyncIterable<Ticket<K>> {
  readonly #clock: Clock;
  readonly #metrics: WorkQueueMetrics;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #bucket: TokenBucket;
  /** Waiting keys in order, with the time they began to wait. */
  readonly #waiting = new Map<K, Instant>();
  readonly #onLoan = new Set<K>();
  /** Added while on loan. */
  readonly #again = new Set<K>();
  readonly #failures = new Map<K, number>();
  readonly #delayed = new Map<K, { at: Instant; timer: Disposable }>();
  readonly #idle: ((ticket: Ticket<K> | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#metrics = options.metrics ?? {};
    this.#baseDelayMs = options.baseDelayMs ?? BASE_DELAY_MS;
    this.#maxDelayMs = options.maxDelayMs ?? MAX_DELAY_MS;
    this.#bucket = new TokenBucket(options.retryRate ?? RETRY_RATE, options.retryBurst ?? RETRY_BURST, this.#clock);
  }

  /** How many keys wait, those that are delayed not counted. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** How often this key has failed in a row. */
  failures(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  add(key: K): void {
    if (this.#closed || this.#waiting.has(key)) return;
    if (this.#onLoan.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#waiting.set(key, this.#clock.now());
    this.#metrics.added?.(this.#waiting.size);
    const reader = this.#idle.shift();
    if (reader !== undefined) reader(this.#lend());
  }

  addAfter(key: K, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) return this.add(key);
    const at = this.#clock.now() + ms;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.timer[Symbol.dispose]();
    const timer = this.#clock.schedule(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, timer });
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#again.clear();
    this.#failures.clear();
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]();
    this.#delayed.clear();
    for (const reader of this.#idle.splice(0)) reader(undefined);
  }

  /** Several loops may read at once; each key goes to one of them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Ticket<K>> {
    for (;;) {
      const ticket = this.#lend() ?? (await this.#next());
      if (ticket === undefined) return;
      yield ticket;
    }
  }

  #next(): Promise<Ticket<K> | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #lend(): Ticket<K> | undefined {
    for (const [key, since] of this.#waiting) {
      const takenAt = this.#clock.now();
      this.#waiting.delete(key);
      this.#onLoan.add(key);
      this.#metrics.taken?.(this.#waiting.size, takenAt - since);
      let failed = false;
      let returned = false;
      return {
        key,
        retry: (cause) => {
          if (failed || returned) return;
          failed = true;
          this.#metrics.retried?.(cause);
        },
        [Symbol.dispose]: () => {
          if (returned) return;
          returned = true;
          this.#metrics.done?.(this.#clock.now() - takenAt);
          this.#giveBack(key, failed);
        },
      };
    }
    return undefined;
  }

  #giveBack(key: K, failed: boolean): void {
    this.#onLoan.delete(key);
    if (failed) this.#addAfterFailure(key);
    else this.#failures.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  #addAfterFailure(key: K): void {
    if (this.#closed) return;
    const failures = this.failures(key);
    this.#failures.set(key, failures + 1);
    const pause = Math.min(this.#baseDelayMs * 2 ** failures, this.#maxDelayMs);
    this.addAfter(key, Math.max(pause, this.#bucket.reserve()));
  }
}

/** Tokens that come back at a steady rate; a caller takes one, at once or at a time to come. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #at: number;

  /** `rate` in tokens per second. */
  constructor(rate: number, burst: number, clock: Clock) {
    this.#rate = rate;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#at = clock.elapsed();
  }

  /** Takes a token, on credit if there is none, and answers in how many milliseconds it may be used. */
  reserve(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate) * 1000;
  }

  /** Takes a token if there is one. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(): void {
    const now = this.#clock.elapsed();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
  }
}

/** Works through the queue with this many workers until it is closed. What `sync` rejects with becomes a retry. */
export async function drain<K>(
  queue: WorkQueue<K>,
  sync: (key: K) => Promise<void>,
  options: { readonly workers: number; readonly onError?: (key: K, error: unknown) => void },
): Promise<void> {
  const worker = async () => {
    for await (using ticket of queue) {
      try {
        await sync(ticket.key);
      } catch (error) {
        ticket.retry(error);
        options.onError?.(ticket.key, error);
      }
    }
  };
  await Promise.all(Array.from({ length: options.workers }, worker));
}
