// The last step of every write: to the store, and from its answer to the object that everybody sees. A write is acknowledged
// to the cache, so that reads which begin afterwards wait for it.
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Entry, Revision, Store, Swap } from '../../storage/store.ts';
import { CachedObject, encodeStored } from '../watchcache/cached-object.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { ServedKind } from './served-kind.ts';

export type Commit =
  | { readonly ok: true; readonly object: CachedObject }
  | { readonly ok: false; readonly current: CachedObject | undefined };

/** Events vanish by themselves (`--event-ttl`). */
const EVENT_TTL_SECONDS = 3600;

export class Committer {
  readonly #store: Store;
  readonly #cache: WatchCache;

  constructor(store: Store, cache: WatchCache) {
    this.#store = store;
    this.#cache = cache;
  }

  /** Takes `object` over: it must not be changed afterwards. */
  async create(served: ServedKind, key: string, object: KubeObject): Promise<Commit> {
    return this.#put(served, key, object, (stored) => this.#store.create(key, stored, ttlOf(served)));
  }

  /** Replaces `live` if it is still what the store has. */
  async replace(served: ServedKind, live: CachedObject, object: KubeObject): Promise<Commit> {
    const { key, revision } = live;
    return this.#put(served, key, object, (stored) => this.#store.compareAndSwap(key, revision, stored, ttlOf(served)));
  }

  /** The answer's object is the last state, at the revision of its deletion. */
  async remove(live: CachedObject): Promise<Commit> {
    const swap = await this.#store.delete(live.key, live.revision);
    if (!swap.ok) return { ok: false, current: fromEntry(swap.current) };
    this.#cache.acknowledge(swap.revision);
    return { ok: true, object: live.at(swap.revision) };
  }

  async #put(
    served: ServedKind,
    key: string,
    object: KubeObject,
    write: (stored: Buffer) => Promise<Swap>,
  ): Promise<Commit> {
    const value = served.toStored(object);
    const stored = encodeStored(value);
    const pending = this.#cache.expect(key, stored, value);
    let revision: Revision | undefined;
    try {
      const swap = await write(stored);
      if (!swap.ok) return { ok: false, current: fromEntry(swap.current) };
      ({ revision } = swap);
    } finally {
      if (revision === undefined) this.#cache.settle(pending, undefined);
    }
    const written = this.#cache.settle(pending, revision) ?? CachedObject.fromWrite(key, revision, stored, value);
    return { ok: true, object: written };
  }
}

function fromEntry(entry: Entry | undefined): CachedObject | undefined {
  return entry === undefined ? undefined : CachedObject.fromStored(entry.key, entry.revision, entry.value);
}

function ttlOf(served: ServedKind): { ttlSeconds: number } | undefined {
  return served.prefix.endsWith('/events/') ? { ttlSeconds: EVENT_TTL_SECONDS } : undefined;
}
