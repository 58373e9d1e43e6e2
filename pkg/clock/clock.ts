// Time and randomness as things passed in. Everything outside cmd/ that waits, reads the time or rolls dice takes these,
// so that the same code runs in a real cluster, in a unit test and in a simulation.

/** Milliseconds since the Unix epoch. */
export type Instant = number;

export interface Clock {
  now(): Instant;
  /** Milliseconds since some moment. For measuring how long something takes: nobody sets it, as people and NTP set `now`. */
  elapsed(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `task` once after `ms`. Disposing the answer before that cancels it. */
  schedule(ms: number, task: () => void): Disposable;
}

/** A number in [0, 1), like Math.random. */
export type Random = () => number;

/** setTimeout fires at once for delays beyond 2^31-1 ms; longer waits are cut into pieces of this length. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),

  elapsed: () => performance.now(),

  sleep: (ms, signal) => sleepOn(realClock, ms, signal),

  schedule(ms, task) {
    let remaining = Math.max(0, ms);
    let timer: NodeJS.Timeout;
    const arm = () => {
      const step = Math.min(remaining, LONGEST_TIMER_MS);
      remaining -= step;
      timer = setTimeout(() => (remaining > 0 ? arm() : task()), step);
    };
    arm();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** What `sleep` is made of on any clock that can schedule. */
export function sleepOn(clock: Pick<Clock, 'schedule'>, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = clock.schedule(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
