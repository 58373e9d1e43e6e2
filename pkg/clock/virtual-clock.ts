// A clock that stands still until it is told to move: tests and simulations step it, nothing ever sleeps for real.
import { sleepOn, type Clock, type Instant } from './clock.ts';

interface Alarm {
  readonly at: Instant;
  readonly order: number;
  readonly task: () => void;
}

export class VirtualClock implements Clock {
  #now: Instant;
  /** What `set` has added to the time that has passed. */
  #offset = 0;
  #order = 0;
  #alarms: Alarm[] = [];

  constructor(start: Instant = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now + this.#offset;
  }

  elapsed(): number {
    return this.#now;
  }

  /** Somebody sets the clock forward or back: no time passes. */
  set(byMs: number): void {
    this.#offset += byMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  schedule(ms: number, task: () => void): Disposable {
    const alarm: Alarm = { at: this.#now + Math.max(0, ms), order: this.#order++, task };
    this.#alarms.push(alarm);
    return {
      [Symbol.dispose]: () => {
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
      },
    };
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#alarms.length;
  }

  /** Moves time forward, firing each timer at its own instant and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#alarms
        .filter((alarm) => alarm.at <= until)
        .toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#alarms = this.#alarms.filter((other) => other !== next);
      this.#now = next.at;
      next.task();
      await settle();
    }
    this.#now = until;
  }
}

/** Lets every promise that can settle without time passing do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
