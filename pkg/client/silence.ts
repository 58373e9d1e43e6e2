// Ends what nothing is heard of for too long: a connection whose other end vanished without a word may stay open for many minutes.
import type { Clock } from '../clock/clock.ts';
import { UnreachableError } from './transport.ts';

export interface Silence extends Disposable {
  /** Aborted with UnreachableError once the limit has passed since the beginning, or since something was heard last. */
  readonly signal: AbortSignal;
  /** Costs next to nothing, so that it can be called for every event. */
  heard(): void;
}

export function silenceOf(clock: Clock, limitMs: number): Silence {
  const ended = new AbortController();
  let heardAt = clock.elapsed();
  let timer: Disposable;
  const waitFor = (ms: number) => {
    timer = clock.schedule(ms, () => {
      const left = heardAt + limitMs - clock.elapsed();
      if (left > 0) waitFor(left);
      else ended.abort(new UnreachableError(`nothing was heard for ${limitMs / 1000} s`));
    });
  };
  waitFor(limitMs);
  return {
    signal: ended.signal,
    heard: () => {
      heardAt = clock.elapsed();
    },
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}
