// Asks the kubelets what their nodes and containers use: every 15 s while somebody wants to know, and not at all otherwise. The
// first who asks after a pause waits for two looks in short sequence, everybody else gets what the last looks saw. A node that
// does not answer is left out and holds nobody up for long.
import type { Clock, Instant } from '../../clock/clock.ts';
import { deadlineOf } from '../../clock/deadline.ts';
import { messageWithCauses, type Logger } from '../../logging/logger.ts';
import { usageOf, type Scrape, type Usage } from './usage.ts';

/** metrics-server's --metric-resolution in most clusters. */
export const RESOLUTION_MS = 15_000;
/** Between the first two looks: long enough for a rate that means something. */
const FIRST_WINDOW_MS = 2_000;
/** Looking goes on for so long after the last question. */
const WARM_MS = 120_000;
/** How long one kubelet may take, how long the second look waits for the first, and a caller for both. */
const SCRAPE_MS = 10_000;
const FIRST_LOOK_MS = 2_000;
const PATIENCE_MS = 5_000;
const NODES_AT_ONCE = 32;

export interface UsageCollectorOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Names of the nodes worth asking. */
  nodes(this: void): readonly string[];
  /** Rejects when the kubelet does not answer. */
  scrape(this: void, node: string, signal: AbortSignal): Promise<Scrape>;
}

interface Looks {
  readonly before: Scrape | undefined;
  readonly last: Scrape;
}

export class UsageCollector implements Disposable {
  readonly #options: UsageCollectorOptions;
  readonly #stop = new AbortController();
  readonly #looks = new Map<string, Looks>();
  #askedAt: Instant = 0;
  #begun: Promise<void> | undefined;
  #timer: Disposable | undefined;

  constructor(options: UsageCollectorOptions) {
    this.#options = options;
  }

  /** Resolves when there is something to answer with, at the latest when patience ends or the caller has gone. */
  async ready(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.#askedAt = clock.now();
    this.#begun ??= this.#begin();
    await within(PATIENCE_MS, this.#begun, clock, signal);
  }

  node(name: string): Usage | undefined {
    const looks = this.#looks.get(name);
    return looks?.last.node === undefined ? undefined : usageOf(looks.before?.node, looks.last.node, RESOLUTION_MS);
  }

  /** By container, in the kubelet's order; empty: nothing is known of the pod yet. */
  pod(pod: { readonly namespace: string; readonly name: string; readonly node: string }): ReadonlyMap<string, Usage> {
    const key = `${pod.namespace}/${pod.name}`;
    const looks = this.#looks.get(pod.node);
    const before = looks?.before?.pods.get(key);
    const usages = new Map<string, Usage>();
    for (const [container, point] of looks?.last.pods.get(key) ?? []) {
      const usage = usageOf(before?.get(container), point, RESOLUTION_MS);
      if (usage !== undefined) usages.set(container, usage);
    }
    return usages;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#stop.abort(new Error('the API server is closing'));
  }

  async #begin(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    await within(FIRST_LOOK_MS, this.#lookAtAll(), clock, signal);
    await clock.sleep(FIRST_WINDOW_MS, signal).catch(() => undefined); // rejects only when closing
    // Further looks do not wait for a kubelet that is slow in this one.
    this.#schedule();
    await this.#lookAtAll();
  }

  #schedule(): void {
    const { clock } = this.#options;
    if (this.#stop.signal.aborted) return;
    this.#timer = clock.schedule(RESOLUTION_MS, () => {
      if (clock.now() - this.#askedAt <= WARM_MS) {
        void this.#lookAtAll();
        this.#schedule();
      } else {
        this.#begun = undefined;
        this.#looks.clear();
      }
    });
  }

  async #lookAtAll(): Promise<void> {
    const nodes = new Set(this.#options.nodes());
    for (const known of this.#looks.keys()) if (!nodes.has(known)) this.#looks.delete(known);
    const waiting = [...nodes];
    const look = async () => {
      for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await this.#look(node);
    };
    await Promise.all(Array.from({ length: NODES_AT_ONCE }, look));
  }

  async #look(node: string): Promise<void> {
    const { clock, log } = this.#options;
    using late = deadlineOf(clock, SCRAPE_MS, () => new Error('the kubelet does not answer'));
    try {
      const last = await this.#options.scrape(node, AbortSignal.any([late.signal, this.#stop.signal]));
      this.#looks.set(node, { before: this.#looks.get(node)?.last, last });
    } catch (error) {
      // What it said before would be taken for the present.
      this.#looks.delete(node);
      log.debug('a kubelet does not tell its usage', { node, error: messageWithCauses(error) });
    }
  }
}

/** Resolves when `work` has, or the time is over, or the signal says so. */
async function within(ms: number, work: Promise<void>, clock: Clock, signal: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const over = clock.sleep(ms, AbortSignal.any([waiting.signal, signal])).catch(() => undefined);
  await Promise.race([work, over]);
  waiting.abort();
}
