// The default store, in this process: every write goes to a write-ahead log first, where writes that wait at the same time share
// one disk flush, and none is acknowledged before it is there; LMDB's tables take it over in larger batches a moment later.
// Decisions (does the key stand where the caller thinks?) are made at once on heads held in memory; readers and watchers see
// only what is on disk. Serves one process: the directory is locked.
import { mkdirSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock/clock.ts';
import {
  CompactedError,
  FutureRevisionError,
  StoreUnavailableError,
  type Change,
  type Entry,
  type Key,
  type ListOptions,
  type Page,
  type Revision,
  type Store,
  type Swap,
  type WatchBatch,
  type WriteOptions,
} from '../store.ts';
import { lockDirectory } from './directory-lock.ts';
import { ExpiryQueue } from './expiry.ts';
import { encodeFrame } from './log-frames.ts';
import { RecentChanges } from './recent-changes.ts';
import type { Head, LogRecord } from './record.ts';
import { headOf, Tables, type Written } from './tables.ts';
import { readLog, WriteAheadLog } from './write-ahead-log.ts';

/** A store that was never written to. */
const FIRST_REVISION = 1;
/** Changes kept in memory for watchers that are nearly up to date; others read the log on disk. */
const RECENT_CHANGES = 4096;
/** Most changes handed to a watcher at once. */
const WATCH_BATCH = 1000;
/** Keys deleted by one turn of the expiry timer, so that a flood of expiries does not block the process. */
const EXPIRY_BATCH = 200;
/** Writes that are in the log only: so many go into the tables at once, or whatever there is after a while. */
const APPLY_AT = 256;
const APPLY_AFTER_MS = 1000;
/** The log waits for the tables when they are this far behind; within what watchers find in memory. */
const MOST_BEHIND = RECENT_CHANGES / 2;
/** Log records handled between two turns of the event loop during compaction. */
const COMPACTION_BATCH = 2000;

interface PendingWrite extends Written {
  readonly change: Change;
  readonly done: PromiseWithResolvers<void>;
}

export interface EmbeddedStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
}

export async function openEmbeddedStore({ directory, clock }: EmbeddedStoreOptions): Promise<Store> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await using opened = new AsyncDisposableStack();
  const lock = opened.use(await lockDirectory(directory));
  try {
    const tables = new Tables(directory);
    opened.defer(() => tables.close());
    const applied = Math.max(tables.lastRevision(), FIRST_REVISION);
    const missing = readLog(directory, applied);
    if (missing.length > 0) await tables.apply(missing);
    const last = missing.at(-1)?.revision ?? applied;
    const store = new EmbeddedStore({ directory, clock, lock, tables, last });
    opened.move(); // the store closes them from here on
    return store;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailableError(`cannot open the store in ${directory}: ${why}`, { cause });
  }
}

interface StoreParts {
  readonly directory: string;
  readonly clock: Clock;
  readonly lock: AsyncDisposable;
  readonly tables: Tables;
  /** Newest revision in the tables. */
  readonly last: Revision;
}

/** What `stat` counts blocks in. */
const BLOCK = 512;

class EmbeddedStore implements Store {
  readonly #tables: Tables;
  readonly #log: WriteAheadLog<PendingWrite>;
  readonly #lock: AsyncDisposable;
  readonly #clock: Clock;
  readonly #directory: string;

  /** Newest revision of each key, committed or about to be. */
  readonly #newest = new Map<Key, Head>();
  /** Writes that are not in the tables yet, by revision and in its order; those that are not committed come last. */
  readonly #ahead = new Map<Revision, PendingWrite>();
  #assigned: Revision;
  #committed: Revision;
  #compacted: Revision;
  readonly #recent = new RecentChanges(RECENT_CHANGES);
  readonly #expiries = new ExpiryQueue();
  #expiryTimer: Disposable | undefined;
  #applying: Promise<void> | undefined;
  #applyTimer: Disposable | undefined;
  #closed = false;
  #wakers = new Set<() => void>();

  constructor({ directory, clock, lock, tables, last }: StoreParts) {
    this.#directory = directory;
    this.#tables = tables;
    this.#lock = lock;
    this.#clock = clock;
    this.#log = new WriteAheadLog(directory, last, {
      durable: (writes) => this.#commit(writes),
      failed: (writes, cause) => this.#undo(writes, cause),
      makeRoom: () => this.#apply(),
      catchUp: () => (this.#ahead.size > MOST_BEHIND ? this.#apply() : undefined),
    });
    this.#compacted = tables.compactedRevision();
    this.#assigned = last;
    this.#committed = last;
    for (const [key, head] of tables.heads()) {
      this.#newest.set(key, head);
      if (!head.deleted && head.expiresAt > 0) this.#expiries.add({ at: head.expiresAt, key, revision: head.revision });
    }
    this.#armExpiry();
  }

  async get(key: Key): Promise<Entry | undefined> {
    this.#mustBeOpen();
    return this.#committedEntry(key);
  }

  async list(prefix: Key, options: ListOptions = {}): Promise<Page> {
    this.#mustBeOpen();
    const at = options.revision ?? this.#committed;
    if (at < this.#compacted) throw new CompactedError(at, this.#compacted);
    if (at > this.#committed) throw new FutureRevisionError(at, this.#committed);
    // The tables know the order of keys.
    await this.#apply();
    this.#mustBeOpen();
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const start = options.after === undefined ? prefix : `${options.after}\u0001`;
    const entries: Entry[] = [];
    let remaining = 0;
    for (const [key, head] of this.#tables.heads(start)) {
      if (!key.startsWith(prefix)) break;
      const current = head.revision <= at;
      if (current && head.deleted) continue;
      if (entries.length >= limit) {
        if (current || this.#visibleAt(key, head.revision, at) !== undefined) remaining++;
        continue;
      }
      const entry = this.#visibleAt(key, head.revision, at);
      if (entry !== undefined) entries.push(entry);
    }
    return { entries, revision: at, remaining };
  }

  async create(key: Key, value: Uint8Array, options?: WriteOptions): Promise<Swap> {
    const head = this.#newest.get(key);
    if (head !== undefined && !head.deleted) return this.#lost(key);
    return this.#write(key, value, head, options);
  }

  async compareAndSwap(key: Key, expected: Revision, value: Uint8Array, options?: WriteOptions): Promise<Swap> {
    const head = this.#newest.get(key);
    if (head === undefined || head.deleted || head.revision !== expected) return this.#lost(key);
    return this.#write(key, value, head, options);
  }

  async delete(key: Key, expected: Revision): Promise<Swap> {
    const head = this.#newest.get(key);
    if (head === undefined || head.deleted || head.revision !== expected) return this.#lost(key);
    return this.#write(key, undefined, head, undefined);
  }

  async *watch(prefix: Key, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    let position = from;
    if (position < this.#compacted) throw new CompactedError(position, this.#compacted);
    yield { changes: [], revision: position };
    while (!signal.aborted && !this.#closed) {
      if (position >= this.#committed) {
        await this.#nextCommit(signal);
        continue;
      }
      if (position < this.#compacted) throw new CompactedError(position, this.#compacted);
      const changes = this.#changesAfter(position);
      position = changes.at(-1)?.revision ?? this.#committed;
      yield { changes: changes.filter((change) => change.key.startsWith(prefix)), revision: position };
    }
  }

  async revision(): Promise<Revision> {
    this.#mustBeOpen();
    return this.#committed;
  }

  async size(): Promise<number> {
    this.#mustBeOpen();
    const names = await readdir(this.#directory, { recursive: true });
    const sizes = await Promise.all(
      // A piece of the log may be taken away meanwhile.
      names.map((name) =>
        stat(join(this.#directory, name)).then(
          ({ blocks }) => blocks * BLOCK,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async compact(revision: Revision): Promise<void> {
    this.#mustBeOpen();
    if (revision > this.#committed) throw new FutureRevisionError(revision, this.#committed);
    if (revision <= this.#compacted) return;
    const from = this.#compacted;
    // Readers must stop relying on this history before any of it goes.
    this.#compacted = revision;
    this.#recent.forgetUpTo(revision);
    await this.#apply();
    await this.#tables.markCompacted(revision, this.#applied());
    for (let next = from + 1; next <= revision; next += COMPACTION_BATCH) {
      if (this.#closed) return;
      await this.#dropSuperseded(next, Math.min(next + COMPACTION_BATCH - 1, revision));
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#expiryTimer?.[Symbol.dispose]();
    this.#wake();
    try {
      await this.#log.close();
      await this.#apply();
    } finally {
      this.#applyTimer?.[Symbol.dispose]();
      await this.#tables.close();
      await this.#lock[Symbol.asyncDispose]();
    }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('the store is closed');
  }

  async #write(key: Key, value: Uint8Array | undefined, head: Head | undefined, options?: WriteOptions): Promise<Swap> {
    this.#mustBeOpen();
    const revision = ++this.#assigned;
    const expiresAt = options?.ttlSeconds === undefined ? 0 : this.#clock.now() + options.ttlSeconds * 1000;
    const record: LogRecord = { key, value, previous: head?.revision ?? 0, expiresAt };
    const before = head === undefined || head.deleted ? undefined : this.#entryAt(key, head.revision);
    const { frame, encoded } = encodeFrame(record);
    const done = Promise.withResolvers<void>();
    const pending: PendingWrite = {
      revision,
      record,
      encoded,
      change: { key, revision, value, previous: before },
      done,
    };
    this.#newest.set(key, headOf(revision, record));
    this.#ahead.set(revision, pending);
    this.#log.append(frame, revision, pending);
    await done.promise;
    return { ok: true, revision };
  }

  /** Lets readers and watchers see what is on disk. */
  #commit(writes: readonly PendingWrite[]): void {
    for (const { revision, record, change, done } of writes) {
      this.#recent.push(change);
      this.#committed = revision;
      if (record.expiresAt > 0) {
        this.#expiries.add({ at: record.expiresAt, key: record.key, revision });
        this.#armExpiry();
      }
      done.resolve();
    }
    this.#wake();
    if (this.#ahead.size >= APPLY_AT) this.#applyInTheBackground();
    else this.#applyTimer ??= this.#clock.schedule(APPLY_AFTER_MS, () => this.#applyInTheBackground());
  }

  /** The writes did not reach the disk: their keys are again what they were. */
  #undo(writes: readonly PendingWrite[], cause: unknown): void {
    for (const { record } of writes) {
      const head = this.#headAt(record.key, this.#committed);
      if (head === undefined) this.#newest.delete(record.key);
      else this.#newest.set(record.key, head);
    }
    for (const { revision, record, done } of writes) {
      this.#ahead.delete(revision);
      done.reject(new StoreUnavailableError(`cannot write ${record.key} to disk`, { cause }));
    }
    this.#wake();
  }

  #applyInTheBackground(): void {
    // What stays behind is in the log; the next write or reader that needs room tries again, and hears of it.
    this.#apply().catch(() => undefined);
  }

  /** Brings everything that is committed into the tables. */
  async #apply(): Promise<void> {
    const wanted = this.#committed;
    while (this.#applied() < wanted) {
      this.#applying ??= this.#applyOnce().finally(() => {
        this.#applying = undefined;
      });
      await this.#applying;
    }
  }

  async #applyOnce(): Promise<void> {
    this.#applyTimer?.[Symbol.dispose]();
    this.#applyTimer = undefined;
    const batch: PendingWrite[] = [];
    for (const write of this.#ahead.values()) {
      if (write.revision > this.#committed) break;
      batch.push(write);
    }
    await this.#tables.apply(batch);
    for (const { revision } of batch) this.#ahead.delete(revision);
    this.#log.release(this.#applied());
  }

  /** Everything up to here is in the tables. */
  #applied(): Revision {
    for (const revision of this.#ahead.keys()) return Math.min(revision - 1, this.#committed);
    return this.#committed;
  }

  /** The answer to a lost race. What is there now may still be on its way to the disk, so wait for it. */
  async #lost(key: Key): Promise<Swap> {
    this.#mustBeOpen();
    while ((this.#newest.get(key)?.revision ?? 0) > this.#committed) {
      await this.#nextCommit(undefined);
      this.#mustBeOpen();
    }
    return { ok: false, current: this.#committedEntry(key) };
  }

  #committedEntry(key: Key): Entry | undefined {
    const head = this.#newest.get(key);
    return head === undefined ? undefined : this.#visibleAt(key, head.revision, this.#committed);
  }

  #entryAt(key: Key, revision: Revision): Entry | undefined {
    const value = this.#record(revision)?.value;
    return value === undefined ? undefined : { key, value, revision };
  }

  #record(revision: Revision): LogRecord | undefined {
    return this.#ahead.get(revision)?.record ?? this.#tables.record(revision);
  }

  #visibleAt(key: Key, newest: Revision, at: Revision): Entry | undefined {
    const head = this.#newestAt(newest, at);
    return head?.record.value === undefined ? undefined : { key, value: head.record.value, revision: head.revision };
  }

  #headAt(key: Key, at: Revision): Head | undefined {
    const head = this.#newest.get(key);
    const found = head === undefined ? undefined : this.#newestAt(head.revision, at);
    return found === undefined ? undefined : headOf(found.revision, found.record);
  }

  /** Of a key whose newest revision is given, the newest that is not beyond `at`. */
  #newestAt(newest: Revision, at: Revision): { revision: Revision; record: LogRecord } | undefined {
    let revision = newest;
    let record = this.#record(revision);
    while (record !== undefined && revision > at) {
      revision = record.previous;
      record = revision === 0 ? undefined : this.#record(revision);
    }
    return record === undefined ? undefined : { revision, record };
  }

  #changesAfter(position: Revision): Change[] {
    if (this.#recent.covers(position)) return this.#recent.after(position, WATCH_BATCH);
    const changes: Change[] = [];
    for (const [revision, record] of this.#tables.records(position + 1, { count: WATCH_BATCH })) {
      if (revision > this.#committed) break;
      const { key, value, previous } = record;
      changes.push({ key, revision, value, previous: previous === 0 ? undefined : this.#entryAt(key, previous) });
    }
    // What is in memory begins at the latest where the tables end.
    return changes.length > 0 ? changes : this.#recent.after(position, WATCH_BATCH);
  }

  /** Removes the records that a change in this range replaced, and deletions that nobody can ask about any more. */
  async #dropSuperseded(start: Revision, end: Revision): Promise<void> {
    const gone: Revision[] = [];
    const forgotten: Key[] = [];
    for (const [revision, record] of this.#tables.records(start, { end })) {
      if (record.previous !== 0) gone.push(record.previous);
      if (record.value !== undefined) continue;
      gone.push(revision);
      if (this.#newest.get(record.key)?.revision === revision) forgotten.push(record.key);
    }
    await this.#tables.drop(gone, () => this.#forget(forgotten, end));
  }

  /** The keys that are still deleted; there is nothing to know about them any more. */
  #forget(keys: readonly Key[], end: Revision): Key[] {
    const gone = keys.filter((key) => {
      const head = this.#newest.get(key);
      return head?.deleted === true && head.revision <= end;
    });
    for (const key of gone) this.#newest.delete(key);
    return gone;
  }

  #armExpiry(): void {
    this.#expiryTimer?.[Symbol.dispose]();
    const at = this.#expiries.nextAt;
    if (at === undefined || this.#closed) return;
    this.#expiryTimer = this.#clock.schedule(Math.max(0, at - this.#clock.now()), () => {
      for (const { key, revision } of this.#expiries.takeDue(this.#clock.now(), EXPIRY_BATCH)) {
        this.delete(key, revision).catch((cause: unknown) => {
          // The disk refused the deletion: the key stays due and the next turn tries again.
          if (!this.#closed && cause instanceof StoreUnavailableError) {
            this.#expiries.add({ at: this.#clock.now() + 1000, key, revision });
            this.#armExpiry();
          }
        });
      }
      this.#armExpiry();
    });
  }

  #nextCommit(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const waker = () => {
        this.#wakers.delete(waker);
        signal?.removeEventListener('abort', waker);
        resolve();
      };
      this.#wakers.add(waker);
      signal?.addEventListener('abort', waker, { once: true });
      if (signal?.aborted === true || this.#closed) waker();
    });
  }

  #wake(): void {
    for (const waker of this.#wakers) waker();
  }
}
