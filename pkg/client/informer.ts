// Keeps a copy of the objects of one kind and tells handlers of every change. Promises:
//  - list, then watch from that revision: no gap; after a break the watch resumes where it stood, losing and repeating nothing
//  - a watch of which nothing is heard, bookmarks included, is taken to be dead after two and a half minutes, and resumed
//  - when that history is gone (410) it lists again and reports the difference; pauses grow with jitter while a server fails
//  - handlers see each object's versions in order, after the store has them; a handler that throws stops nobody else
//  - memory is the objects and one page; a list comes in pages
import { isApiError } from '../api/meta/status.ts';
import type { KubeObject, ResourceType } from '../api/schema/resource-type.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import { Backoff } from './backoff.ts';
import type { ListOptions, ResourceClient, WatchEvent } from './client.ts';
import { IndexedStore, keyOf, type Indexer, type ObjectStore } from './object-store.ts';
import { silenceOf } from './silence.ts';
import { UnreachableError } from './transport.ts';

export interface InformerOptions<T extends KubeObject> {
  /** Undefined: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  readonly clock: Clock;
  /** Jitter for pauses and watch timeouts; none without it. */
  readonly random?: Random;
  readonly log: Logger;
  /** Keeps less of each object than the server sends; metadata must stay. */
  readonly transform?: (object: T) => T;
  /** Objects per page of a list. */
  readonly pageSize?: number;
}

export interface Handlers<T> {
  /** `initial`: the object was there before these handlers were, or came with the first list. */
  readonly added?: (object: T, initial: boolean) => void;
  readonly changed?: (object: T, before: T) => void;
  /** With its last version, as far as it is known. */
  readonly deleted?: (object: T) => void;
}

export interface Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly store: ObjectStore<T>;
  /** True once the first list is in the store and its handlers have run. */
  readonly hasSynced: boolean;
  /** What is in the store already is reported as added, before this returns. Disposing ends the reports. */
  on(handlers: Handlers<T>): Disposable;
  addIndexers(indexers: Readonly<Record<string, Indexer<T>>>): void;
  /** Runs until `signal`; resolves then. Call it once. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when `hasSynced`; rejects with the signal's reason. */
  synced(signal?: AbortSignal): Promise<void>;
}

const PAGE_SIZE = 1000;
const SHORTEST_WATCH_SECONDS = 300;
/** A watch that ends sooner than this without an event counts as a failure, so that a broken server is not hammered. */
const USEFUL_WATCH_MS = 1000;
/** Kubernetes' servers send a bookmark every minute. */
const SILENT_WATCH_MS = 150_000;

export function createInformer<T extends KubeObject>(
  client: ResourceClient<T>,
  options: InformerOptions<T>,
): Informer<T> {
  return new ListWatchInformer(client, options);
}

class ListWatchInformer<T extends KubeObject> implements Informer<T> {
  readonly type: ResourceType<T>;
  readonly store = new IndexedStore<T>();
  readonly #client: ResourceClient<T>;
  readonly #options: InformerOptions<T>;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  readonly #handlers = new Set<Handlers<T>>();
  readonly #firstList = Promise.withResolvers<void>();
  #synced = false;
  /** Where the next watch starts; undefined: a list must come first. */
  #revision: string | undefined;

  constructor(client: ResourceClient<T>, options: InformerOptions<T>) {
    this.type = client.type;
    this.#client = client;
    this.#options = options;
    this.#log = options.log.with({ resource: client.type.resource });
    this.#backoff = new Backoff({ initialMs: 100, maxMs: 30_000 }, options.clock, options.random);
    this.addIndexers(options.indexers ?? {});
  }

  get hasSynced(): boolean {
    return this.#synced;
  }

  on(handlers: Handlers<T>): Disposable {
    this.#handlers.add(handlers);
    for (const object of this.store.list()) this.#call(() => handlers.added?.(object, true));
    return { [Symbol.dispose]: () => void this.#handlers.delete(handlers) };
  }

  addIndexers(indexers: Readonly<Record<string, Indexer<T>>>): void {
    for (const [name, indexer] of Object.entries(indexers)) this.store.addIndexer(name, indexer);
  }

  async synced(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return await this.#firstList.promise;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#firstList.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const problem = await this.#listAndWatch(signal);
      if (signal.aborted || problem === undefined) continue;
      if (mustRelist(problem)) this.#revision = undefined;
      const pause = this.#backoff.nextMs();
      this.#log.debug('informer tries again', { error: problem, pauseMs: Math.round(pause) });
      await this.#options.clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  /** One list, if needed, and one watch to its end. Answers with what went wrong. */
  async #listAndWatch(signal: AbortSignal): Promise<unknown> {
    try {
      this.#revision ??= await this.#list(signal);
      const startedAt = this.#options.clock.now();
      let events = 0;
      using silence = silenceOf(this.#options.clock, SILENT_WATCH_MS);
      for await (const event of this.#watch(this.#revision, AbortSignal.any([signal, silence.signal]))) {
        events++;
        silence.heard();
        this.#apply(event);
        if (signal.aborted) return undefined;
      }
      if (events > 0 || this.#options.clock.now() - startedAt >= USEFUL_WATCH_MS) {
        this.#backoff.reset();
        return undefined;
      }
      return new UnreachableError('the server ended the watch at once');
    } catch (error) {
      return error;
    }
  }

  #watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
    // Spread over five minutes, as client-go does, so that the watches of a cluster do not all end together.
    const spread = this.#options.random?.() ?? 0;
    const timeoutSeconds = Math.round(SHORTEST_WATCH_SECONDS * (1 + spread));
    return this.#client.watch({ ...this.#scope(), resourceVersion, bookmarks: true, timeoutSeconds }, signal);
  }

  /** Reads all pages, then brings store and handlers up to date in one go. Answers with the list's revision. */
  async #list(signal: AbortSignal): Promise<string> {
    const found = new Map<string, T>();
    let limit: number | undefined = this.#options.pageSize ?? PAGE_SIZE;
    let position: string | undefined;
    for (;;) {
      const options: ListOptions = { ...this.#scope(), limit, ...(position !== undefined && { continue: position }) };
      let page;
      try {
        page = await this.#client.list(options, signal);
      } catch (error) {
        if (position === undefined || !isGone(error)) throw error;
        // The state that the pages were of has been compacted: once more, in one piece.
        found.clear();
        limit = undefined;
        position = undefined;
        continue;
      }
      for (const object of page.items) found.set(keyOf(object), this.#options.transform?.(object) ?? object);
      position = page.continue;
      if (position !== undefined) continue;
      this.#replace(found);
      if (!this.#synced) {
        this.#synced = true;
        this.#firstList.resolve();
      }
      return page.resourceVersion;
    }
  }

  #replace(found: ReadonlyMap<string, T>): void {
    for (const key of this.store.keys()) if (!found.has(key)) this.#store(key, undefined);
    for (const [key, object] of found) this.#store(key, object);
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#revision = event.resourceVersion;
      return;
    }
    if (event.type === 'DELETED') this.#store(keyOf(event.object), undefined, event.object);
    else this.#store(keyOf(event.object), this.#options.transform?.(event.object) ?? event.object);
    this.#revision = event.object.metadata.resourceVersion;
  }

  #store(key: string, object: T | undefined, last?: T): void {
    const known = this.store.get(key);
    if (known !== undefined && object !== undefined && sameVersion(known, object)) return;
    const before = this.store.put(key, object);
    const initial = !this.#synced;
    // A handler may add handlers; those have seen this object already.
    for (const handlers of Array.from(this.#handlers)) {
      this.#call(() => {
        if (object === undefined) {
          if (before !== undefined) handlers.deleted?.(last ?? before);
        } else if (before === undefined) handlers.added?.(object, initial);
        else if (before.metadata.uid !== object.metadata.uid) {
          // Deleted and made again while nobody watched: two objects of one name.
          handlers.deleted?.(before);
          handlers.added?.(object, initial);
        } else handlers.changed?.(object, before);
      });
    }
  }

  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#log.error('an informer handler failed', { error });
    }
  }

  #scope(): ListOptions {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

function sameVersion(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}

function isGone(error: unknown): boolean {
  return isApiError(error) && error.code === 410;
}

/** A server that cannot be reached or is busy leaves our history valid; any other refusal of a watch may not. */
function mustRelist(problem: unknown): boolean {
  if (problem instanceof UnreachableError) return false;
  return !(isApiError(problem) && (problem.code === 429 || problem.code >= 500));
}
