// Tells who asks of every change of this machine's links, addresses and routes, through one ip(8) that stays. What it tells is
// a reason to look, never the state itself: lines can be lost, so whoever listens looks again now and then anyway.
import type { Clock } from '../clock/clock.ts';
import { watchHost } from './host-watch.ts';

export class HostMonitor {
  readonly #listeners = new Set<(line: string) => void>();
  readonly #watch: typeof watchHost;
  readonly #clock: Clock;

  constructor(clock: Clock, watch: typeof watchHost = watchHost) {
    this.#clock = clock;
    this.#watch = watch;
  }

  /** `line`: as `ip -o monitor` prints it. Disposing ends it. */
  on(listener: (line: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async run(signal: AbortSignal): Promise<void> {
    const line = (text: string) => {
      for (const listener of this.#listeners) listener(text);
    };
    await this.#watch(['ip', '-4', '-o', 'monitor', 'link', 'address', 'route'], { line, clock: this.#clock, signal });
  }
}
