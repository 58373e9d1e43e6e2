// When something that failed is tried again: after pauses that double up to a minute, the first again after a success. Measured by
// the time that passes, whatever the clock is set to meanwhile.
import type { Clock, Instant } from '../../clock/clock.ts';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;

export class Retry {
  readonly #clock: Clock;
  #pause = FIRST_MS;
  /** By the elapsed time. */
  #due = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Not before this instant; 0: at once. */
  get at(): Instant {
    const left = this.#due - this.#clock.elapsed();
    return left > 0 ? this.#clock.now() + left : 0;
  }

  failed(): void {
    this.#due = this.#clock.elapsed() + this.#pause;
    this.#pause = Math.min(this.#pause * 2, LONGEST_MS);
  }

  succeeded(): void {
    this.#pause = FIRST_MS;
  }

  /** What made it fail may be gone: try at once. */
  hurry(): void {
    this.#due = Number.NEGATIVE_INFINITY;
  }
}
