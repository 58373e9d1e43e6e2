// Growing pauses between tries that fail, with jitter so that many clients do not come back in step.
import type { Clock, Instant, Random } from '../clock/clock.ts';

export interface BackoffOptions {
  /** First pause, milliseconds. */
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor?: number;
  /** Up to this share of the pause is added at random. */
  readonly jitter?: number;
  /** After this long without a failure the next pause is the first one again. */
  readonly resetAfterMs?: number;
}

export class Backoff {
  readonly #options: Required<BackoffOptions>;
  readonly #clock: Clock;
  readonly #random: Random | undefined;
  #next: number;
  #lastAt: Instant = Number.NEGATIVE_INFINITY;

  /** Without `random` there is no jitter. */
  constructor(options: BackoffOptions, clock: Clock, random?: Random) {
    this.#options = { factor: 2, jitter: 1, resetAfterMs: 120_000, ...options };
    this.#clock = clock;
    this.#random = random;
    this.#next = this.#options.initialMs;
  }

  /** Milliseconds to wait now. */
  nextMs(): number {
    const { initialMs, maxMs, factor, jitter, resetAfterMs } = this.#options;
    const now = this.#clock.now();
    if (now - this.#lastAt > resetAfterMs) this.#next = initialMs;
    this.#lastAt = now;
    const pause = this.#next;
    this.#next = Math.min(maxMs, pause * factor);
    return pause + pause * jitter * (this.#random?.() ?? 0);
  }

  reset(): void {
    this.#next = this.#options.initialMs;
  }
}
