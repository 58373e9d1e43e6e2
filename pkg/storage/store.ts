// The one seam between the API server and whatever keeps its bytes: etcd's model (revisions, compare-and-swap, ranges,
// watches from a revision). Backends: embedded/ (LMDB, one API server) and etcd/. Both must pass contract/.
// A store never looks into values.

/** Position in the store's one history; strictly increasing over all keys. A safe integer. */
export type Revision = number;
export type Key = string;

export interface Entry {
  readonly key: Key;
  readonly value: Uint8Array;
  /** Of the write that made this value (etcd's mod revision). */
  readonly revision: Revision;
}

/** A lost race is an answer, not an exception: `current` is what stands there now. */
export type Swap =
  | { readonly ok: true; readonly revision: Revision }
  | { readonly ok: false; readonly current: Entry | undefined };

export interface Change {
  readonly key: Key;
  readonly revision: Revision;
  /** Undefined: the key was deleted. */
  readonly value: Uint8Array | undefined;
  /** What stood there before; undefined: the key was created. */
  readonly previous: Entry | undefined;
}

export interface ListOptions {
  /** At most this many entries. */
  readonly limit?: number;
  /** Only keys after this one (the last key of the page before). */
  readonly after?: Key;
  /** The state at this revision; throws CompactedError if that is gone, FutureRevisionError if it is yet to come. */
  readonly revision?: Revision;
}

export interface Page {
  /** In ascending byte order of their keys. */
  readonly entries: readonly Entry[];
  /** The revision this page shows. */
  readonly revision: Revision;
  /** How many more entries follow this page. */
  readonly remaining: number;
}

export interface WriteOptions {
  /** The key vanishes by itself, as a normal deletion that watchers see, this many seconds after the write. */
  readonly ttlSeconds?: number;
}

export interface Store {
  /** The newest value, never older than the last acknowledged write. */
  get(key: Key, signal?: AbortSignal): Promise<Entry | undefined>;
  list(prefix: Key, options?: ListOptions, signal?: AbortSignal): Promise<Page>;
  /** Writes only if the key does not exist. On disk before it is acknowledged, like every write. */
  create(key: Key, value: Uint8Array, options?: WriteOptions, signal?: AbortSignal): Promise<Swap>;
  /** Writes only if the key is still at `expected`; otherwise answers with what is there now. */
  compareAndSwap(
    key: Key,
    expected: Revision,
    value: Uint8Array,
    options?: WriteOptions,
    signal?: AbortSignal,
  ): Promise<Swap>;
  /** Deletes only if the key is still at `expected`. The answer's revision is the deletion's. */
  delete(key: Key, expected: Revision, signal?: AbortSignal): Promise<Swap>;
  /**
   * Every change after `from` under `prefix`, in order, none lost or repeated, in batches, until `signal`.
   * Throws CompactedError when that history is gone. An empty batch only says that the watch is established or alive.
   */
  watch(prefix: Key, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch>;
  /** The newest revision. */
  revision(signal?: AbortSignal): Promise<Revision>;
  /** Forgets history before `revision`; current values stay. */
  compact(revision: Revision): Promise<void>;
  /** Bytes that it takes on disk, history and free space included. */
  size(signal?: AbortSignal): Promise<number>;
  /** Ends watches and timers and closes files and connections. */
  close(): Promise<void>;
}

export interface WatchBatch {
  readonly changes: readonly Change[];
  /** Everything up to here has been delivered. */
  readonly revision: Revision;
}

export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  readonly compactedAt: Revision;
  constructor(asked: Revision, compactedAt: Revision) {
    super(`revision ${asked} has been compacted; the oldest is ${compactedAt}`);
    this.compactedAt = compactedAt;
  }
}

export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
  readonly current: Revision;
  constructor(asked: Revision, current: Revision) {
    super(`revision ${asked} is yet to come; the newest is ${current}`);
    this.current = current;
  }
}

/** The store cannot be reached or has been closed; the write may or may not have happened. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}
