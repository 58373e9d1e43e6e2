// One watch: a bounded buffer between the cache, which never waits, and a client, who may be slow. What piles up is handed
// over in one batch. A watcher whose buffer is full is ended; its client starts again from the last revision it saw.
import type { Revision } from '../../storage/store.ts';
import type { CacheEvent, WatchView } from './cache-event.ts';
import type { CachedObject } from './cached-object.ts';

/** Changes that may wait for one watcher beyond its initial state. */
export const WATCHER_BUFFER = 10_000;

export type WatchSignal =
  | { readonly kind: 'view'; readonly view: WatchView }
  | { readonly kind: 'bookmark'; readonly revision: Revision; readonly initialEnd: boolean };

export interface WatcherOptions {
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  /** Changes up to here are not told. */
  readonly after: Revision;
  readonly selects: (object: CachedObject) => boolean;
}

export class Watcher {
  readonly #options: WatcherOptions;
  #waiting: WatchSignal[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  /** Everything up to here has been considered for this watcher. */
  #seen: Revision;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#seen = options.after;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** From the cache, for every change of the resource, in order. False: this one was too much for it. */
  offer(event: CacheEvent): boolean {
    const { namespace, after } = this.#options;
    if (this.#ended || event.revision <= after) return true;
    if (namespace !== undefined && event.namespace !== namespace) return true;
    const view = event.viewFor(this.#options.selects);
    if (view === undefined) return true;
    if (this.#waiting.length >= WATCHER_BUFFER) {
      this.end();
      return false;
    }
    this.#waiting.push({ kind: 'view', view });
    this.#seen = event.revision;
    return true;
  }

  /** The state a watch begins with, or history; not limited, as it is already in memory. */
  preload(views: readonly WatchView[]): void {
    for (const view of views) this.#waiting.push({ kind: 'view', view });
  }

  bookmark(revision: Revision, initialEnd = false): void {
    if (this.#ended || (revision <= this.#seen && !initialEnd && this.#waiting.length > 0)) return;
    this.#waiting.push({ kind: 'bookmark', revision, initialEnd });
  }

  /** Lets the reader have what is waiting; called once for a batch of changes. */
  flush(): void {
    if (this.#waiting.length === 0 && !this.#ended) return;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  end(): void {
    this.#ended = true;
    this.flush();
  }

  /** Everything that waits; an empty answer means the watch has ended. */
  async next(): Promise<readonly WatchSignal[]> {
    if (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }
}
