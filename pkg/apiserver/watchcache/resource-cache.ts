// All objects of one resource in memory, in key order, with a bounded history of their changes and the watchers of them.
// Everything here is synchronous: whoever reads the state and starts to watch in the same turn misses nothing.
import type { Revision } from '../../storage/store.ts';
import { CacheCounts } from './cache-counts.ts';
import { CacheEvent } from './cache-event.ts';
import type { CachedObject } from './cached-object.ts';
import { SortedObjects } from './sorted-objects.ts';
import type { Watcher } from './watcher.ts';

/** History is kept at least this long, as Kubernetes' watch cache does, unless MOST_EVENTS is reached. */
const KEEP_MS = 75_000;
const FEWEST_EVENTS = 1024;
export const MOST_EVENTS = 16_384;
/** Events further back than this give their encoded frames away. */
const FRAMES_KEPT = 256;

export class ResourceCache {
  readonly prefix: string;
  readonly counts: CacheCounts;
  /** Watches from this revision on can be answered completely. */
  #oldest: Revision;
  #lastChange: Revision;
  readonly #objects = new SortedObjects();
  #history: CacheEvent[] = [];
  #dropped = 0;
  readonly #watchers = new Set<Watcher>();

  /** `counts`: of the cache that this one takes the place of. */
  constructor(prefix: string, revision: Revision, counts = new CacheCounts()) {
    this.prefix = prefix;
    this.counts = counts;
    counts.initializations++;
    this.#oldest = revision;
    this.#lastChange = revision;
  }

  get oldest(): Revision {
    return this.#oldest;
  }

  /** Revision of the newest change of this resource. */
  get lastChange(): Revision {
    return this.#lastChange;
  }

  get size(): number {
    return this.#objects.size;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  get(namespace: string, name: string): CachedObject | undefined {
    return this.#objects.get(namespace, name);
  }

  /** In key order; `after` is the last key of the page before. */
  list(namespace: string | undefined, after?: string): CachedObject[] {
    return this.#objects.list(namespace, after === undefined ? undefined : splitKey(after.slice(this.prefix.length)));
  }

  /** Puts an object of the initial state in place; nobody is told. */
  load(object: CachedObject): void {
    const { namespace, name } = splitKey(object.key.slice(this.prefix.length));
    this.#objects.put(namespace, name, object);
    this.counts.loaded++;
  }

  apply(change: {
    key: string;
    revision: Revision;
    current: CachedObject | undefined;
    at: number;
  }): CacheEvent | undefined {
    const { namespace, name } = splitKey(change.key.slice(this.prefix.length));
    const { revision, current, at } = change;
    this.#lastChange = revision;
    this.counts.received++;
    const previous =
      current === undefined ? this.#objects.remove(namespace, name) : this.#objects.put(namespace, name, current);
    if (current === undefined && previous === undefined) return undefined;
    const event = new CacheEvent({ namespace, revision, current, previous, at });
    this.#remember(event);
    for (const watcher of this.#watchers) if (!watcher.offer(event)) this.counts.terminated++;
    return event;
  }

  /** Changes after `from`, oldest first; undefined when that history is gone. */
  since(from: Revision): CacheEvent[] | undefined {
    if (from < this.#oldest) return undefined;
    let low = this.#dropped;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#history[middle]?.revision ?? 0) <= from) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  attach(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  detach(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  watchers(): Iterable<Watcher> {
    return this.#watchers;
  }

  /** Watches can only start at `revision` or later from now on. */
  forgetBefore(revision: Revision): void {
    this.#history = [];
    this.#dropped = 0;
    this.#oldest = Math.max(this.#oldest, revision);
  }

  #remember(event: CacheEvent): void {
    this.#history.push(event);
    this.#history[this.#history.length - 1 - FRAMES_KEPT]?.dropFrames();
    for (;;) {
      const kept = this.#history.length - this.#dropped;
      const first = this.#history[this.#dropped];
      if (first === undefined || kept <= FEWEST_EVENTS) break;
      if (kept <= MOST_EVENTS && first.at > event.at - KEEP_MS) break;
      this.#dropped++;
      this.#oldest = first.revision;
    }
    if (this.#dropped > MOST_EVENTS) {
      this.#history = this.#history.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}

/** `namespace/name`, or `name` of a kind without namespaces. */
export function splitKey(rest: string): { namespace: string; name: string } {
  const slash = rest.indexOf('/');
  return slash < 0 ? { namespace: '', name: rest } : { namespace: rest.slice(0, slash), name: rest.slice(slash + 1) };
}
