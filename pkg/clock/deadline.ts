// A limit to how long something may take, as the signal that ends it.
import type { Clock } from './clock.ts';

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/** Aborted after `ms` with what `reason` makes (without one: AbortError), unless it is disposed before. */
export function deadlineOf(clock: Pick<Clock, 'schedule'>, ms: number, reason?: () => Error): Deadline {
  const late = new AbortController();
  const timer = clock.schedule(ms, () => late.abort(reason?.()));
  return { signal: late.signal, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
