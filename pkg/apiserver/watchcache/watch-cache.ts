// Everything the store holds, in memory, kept up to date by one watch on the store. Reads and watches are served from here.
// Promises: changes are applied in the store's order; `current` never answers before every write that this server has
// acknowledged is in (with a store that other servers write to as well: everything the store had when it was asked).
import { ApiError } from '../../api/meta/status.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { CompactedError, type Change, type Revision, type Store, type WatchBatch } from '../../storage/store.ts';
import { CachedObject } from './cached-object.ts';
import { ResourceCache } from './resource-cache.ts';

export const STORE_ROOT = '/registry/';
/** How long a read waits for the cache to catch up before the client is told to come back. */
const CATCH_UP_MS = 3000;
const RETRY_MS = 500;
/** A read that waits longer than this wonders whether anything is to come. */
const NUDGE_MS = 50;
const PROGRESS_KEY = `${STORE_ROOT}typekube/progress/write`;

export interface WatchCacheOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether other API servers write to the store too: consistent reads must then ask it for its revision. */
  readonly sharedStore: boolean;
}

/** A write on its way: the cache takes over its parsed value instead of parsing the bytes again. */
export interface PendingWrite {
  readonly key: string;
  readonly stored: Buffer;
  readonly value: KubeObject;
  object: CachedObject | undefined;
}

interface Waiter {
  readonly revision: Revision;
  readonly resolve: () => void;
}

export class WatchCache {
  readonly #options: WatchCacheOptions;
  readonly #resources = new Map<string, ResourceCache>();
  readonly #pending = new Map<string, PendingWrite[]>();
  readonly #stop = new AbortController();
  #revision: Revision = 0;
  #acknowledged: Revision = 0;
  #waiters: Waiter[] = [];
  #asking: Promise<Revision> | undefined;
  #nudging = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(options: WatchCacheOptions) {
    this.#options = options;
  }

  static async open(options: WatchCacheOptions): Promise<WatchCache> {
    const cache = new WatchCache(options);
    await cache.#load();
    cache.#loop = cache.#follow();
    return cache;
  }

  /** Everything up to here has been applied. */
  get revision(): Revision {
    return this.#revision;
  }

  /** `prefix`: `/registry/<group or core>/<resource>/`. */
  resource(prefix: string): ResourceCache {
    let cache = this.#resources.get(prefix);
    if (cache === undefined) {
      cache = new ResourceCache(prefix, this.#revision);
      this.#resources.set(prefix, cache);
    }
    return cache;
  }

  resources(): Iterable<ResourceCache> {
    return this.#resources.values();
  }

  /** Announces a write; hand it to `settle` when the store has answered, whatever the answer. */
  expect(key: string, stored: Buffer, value: KubeObject): PendingWrite {
    const write: PendingWrite = { key, stored, value, object: undefined };
    const others = this.#pending.get(key);
    if (others === undefined) this.#pending.set(key, [write]);
    else others.push(write);
    return write;
  }

  /** `revision` is undefined when the write lost its race or failed. */
  settle(write: PendingWrite, revision: Revision | undefined): CachedObject | undefined {
    const left = this.#pending.get(write.key)?.filter((other) => other !== write) ?? [];
    if (revision !== undefined) {
      this.acknowledge(revision);
      write.object ??= CachedObject.fromWrite(write.key, revision, write.stored, write.value);
      // The store's watch has yet to bring it: it still wants to be recognised.
      if (this.#revision < revision) return write.object;
    }
    if (left.length === 0) this.#pending.delete(write.key);
    else this.#pending.set(write.key, left);
    return revision === undefined ? undefined : write.object;
  }

  /** Reads that begin after this see `revision`. */
  acknowledge(revision: Revision): void {
    if (revision > this.#acknowledged) this.#acknowledged = revision;
  }

  /** Resolves when reads from the cache are as new as the last acknowledged write; undefined: they are already. */
  current(): Promise<void> | undefined {
    if (this.#options.sharedStore) return this.#askStore();
    return this.#revision >= this.#acknowledged ? undefined : this.waitFor(this.#acknowledged);
  }

  /** Throws ApiError 504 when the cache has not got that far in time. */
  async waitFor(revision: Revision): Promise<void> {
    if (this.#revision >= revision) return;
    let late: Disposable | undefined;
    const slow = this.#options.sharedStore ? this.#options.clock.schedule(NUDGE_MS, () => this.#nudge()) : undefined;
    const reached = await new Promise<boolean>((resolve) => {
      const waiter = { revision, resolve: () => resolve(true) };
      this.#waiters.push(waiter);
      late = this.#options.clock.schedule(CATCH_UP_MS, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
    });
    late?.[Symbol.dispose]();
    slow?.[Symbol.dispose]();
    if (!reached) throw tooLargeResourceVersion(revision, this.#revision);
  }

  /** History before now is not served: what happened before the server was ready concerns nobody. */
  forgetHistory(): void {
    for (const resource of this.#resources.values()) resource.forgetBefore(this.#revision);
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the API server is closing'));
    for (const resource of this.#resources.values()) for (const watcher of resource.watchers()) watcher.end();
    await this.#loop;
  }

  async #askStore(): Promise<void> {
    // Whoever asks while a question is on its way may not use its answer: it may have been given before their read began.
    const asked = this.#asking;
    if (asked !== undefined) await asked.catch(() => undefined);
    this.#asking ??= this.#options.store.revision().finally(() => {
      this.#asking = undefined;
    });
    await this.waitFor(await this.#asking);
  }

  /**
   * A watch is not told of writes outside its prefix, so the store's revision may be ahead for good. A write inside brings
   * the watch past it.
   */
  #nudge(): void {
    if (this.#nudging) return;
    this.#nudging = true;
    this.#touchProgress()
      .catch((error: unknown) => this.#options.log.warn('cannot write to the store', { error }))
      .finally(() => {
        this.#nudging = false;
      });
  }

  async #touchProgress(): Promise<void> {
    const { store } = this.#options;
    const value = Buffer.from('{}');
    const made = await store.create(PROGRESS_KEY, value);
    if (!made.ok && made.current !== undefined) await store.compareAndSwap(PROGRESS_KEY, made.current.revision, value);
  }

  async #load(): Promise<void> {
    const page = await this.#options.store.list(STORE_ROOT);
    for (const resource of this.#resources.values()) {
      for (const watcher of resource.watchers()) watcher.end();
      this.#resources.set(resource.prefix, new ResourceCache(resource.prefix, page.revision, resource.counts));
    }
    this.#pending.clear();
    this.#revision = page.revision;
    for (const { key, revision, value } of page.entries) {
      this.resource(prefixOf(key)).load(CachedObject.fromStored(key, revision, value));
    }
    this.#release();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const { store, log, clock } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const batch of store.watch(STORE_ROOT, this.#revision, signal)) this.#apply(batch);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('the watch on the store broke', { error });
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
        if (error instanceof CompactedError) await this.#reload();
      }
    }
  }

  /** History was lost between two watches: the state is read again and every watch must start anew. */
  async #reload(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      this.#options.log.warn('cannot read the store', { error });
    }
  }

  #apply(batch: WatchBatch): void {
    const at = this.#options.clock.now();
    const touched = new Set<ResourceCache>();
    for (const change of batch.changes) {
      const resource = this.resource(prefixOf(change.key));
      const current = change.value === undefined ? undefined : this.#objectOf(change, change.value);
      if (resource.apply({ key: change.key, revision: change.revision, current, at }) !== undefined)
        touched.add(resource);
    }
    this.#revision = Math.max(this.#revision, batch.revision);
    this.#release();
    for (const resource of touched) for (const watcher of resource.watchers()) watcher.flush();
  }

  #objectOf(change: Change, value: Uint8Array): CachedObject {
    const writes = this.#pending.get(change.key);
    const mine = writes?.find(({ stored }) => stored === value || stored.equals(value));
    if (writes === undefined || mine === undefined) return CachedObject.fromStored(change.key, change.revision, value);
    if (mine.object === undefined || mine.object.revision !== change.revision) {
      mine.object = CachedObject.fromWrite(change.key, change.revision, mine.stored, mine.value);
    }
    if (writes.length === 1) this.#pending.delete(change.key);
    else
      this.#pending.set(
        change.key,
        writes.filter((other) => other !== mine),
      );
    return mine.object;
  }

  #release(): void {
    if (this.#waiters.length === 0) return;
    const reached = this.#waiters.filter(({ revision }) => revision <= this.#revision);
    if (reached.length === 0) return;
    this.#waiters = this.#waiters.filter(({ revision }) => revision > this.#revision);
    for (const { resolve } of reached) resolve();
  }
}

/** `/registry/<group>/<resource>/` of any key below it. */
function prefixOf(key: string): string {
  const group = key.indexOf('/', STORE_ROOT.length);
  return key.slice(0, key.indexOf('/', group + 1) + 1);
}

function tooLargeResourceVersion(asked: Revision, current: Revision): ApiError {
  return new ApiError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}
