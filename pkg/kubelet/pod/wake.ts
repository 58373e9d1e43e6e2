// The alarm clock of one loop: rung from outside or at an instant; several rings before the loop waits are one.
import type { Clock, Instant } from '../../clock/clock.ts';

export class Wake {
  readonly #clock: Clock;
  #rung = false;
  #sleeper: (() => void) | undefined;
  #timer: Disposable | undefined;
  #timerAt: Instant = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): void {
    this.#rung = true;
    this.#sleeper?.();
  }

  /** The earliest of several instants counts. */
  at(instant: Instant): void {
    if (instant >= this.#timerAt) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = instant;
    this.#timer = this.#clock.schedule(instant - this.#clock.now(), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.now();
    });
  }

  /** Resolves at the next ring, or at `signal`. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#sleeper = done;
        signal.addEventListener('abort', done, { once: true });
      });
    }
    this.#sleeper = undefined;
    this.#rung = false;
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
  }
}
