// When something that failed is tried again: after pauses that double up to a minute, the first again after a success.
import type { Clock, Instant } from '../../clock/clock.ts';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;

export class Retry {
  readonly #clock: Clock;
  #pause = FIRST_MS;
  #at: Instant = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Not before this instant. */
  get at(): Instant {
    return this.#at;
  }

  failed(): void {
    this.#at = this.#clock.now() + this.#pause;
    this.#pause = Math.min(this.#pause * 2, LONGEST_MS);
  }

  succeeded(): void {
    this.#pause = FIRST_MS;
  }

  /** What made it fail may be gone: try at once. */
  hurry(): void {
    this.#at = 0;
  }
}
