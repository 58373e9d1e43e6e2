// The default store: LMDB in this process. Every change is a record in a log keyed by revision plus the key's head; writes
// that wait at the same time share one disk flush (LMDB's group commit), and none is acknowledged before it is on disk.
// Decisions (does the key stand where the caller thinks?) are made at once on heads held in memory; readers and watchers
// see only what has been committed. Serves one process: the directory is locked.
import { mkdirSync } from 'node:fs';
import { open, type Database, type RootDatabase } from 'lmdb';
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
import { decodeHead, decodeRecord, encodeHead, encodeRecord, type Head, type LogRecord } from './record.ts';

/** Changes kept in memory for watchers that are nearly up to date; others read the log on disk. */
const RECENT_CHANGES = 4096;
/** Most changes handed to a watcher at once. */
const WATCH_BATCH = 1000;
/** Keys deleted by one turn of the expiry timer, so that a flood of expiries does not block the process. */
const EXPIRY_BATCH = 200;
/** Log records handled between two turns of the event loop during compaction. */
const COMPACTION_BATCH = 2000;

interface PendingWrite {
  readonly change: Change;
  committed: boolean;
}

export interface EmbeddedStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
}

export async function openEmbeddedStore({ directory, clock }: EmbeddedStoreOptions): Promise<Store> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(directory);
  try {
    const root = open<Buffer, string>({
      path: `${directory}/store.mdb`,
      maxDbs: 4,
      encoding: 'binary',
      noSubdir: true,
    });
    return new EmbeddedStore(root, lock, clock);
  } catch (cause) {
    await lock[Symbol.asyncDispose]();
    throw new StoreUnavailableError(`cannot open the store in ${directory}`, { cause });
  }
}

class EmbeddedStore implements Store {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #log: Database<Buffer, number>;
  readonly #heads: Database<Buffer, string>;
  readonly #marks: Database<Buffer, string>;
  readonly #lock: AsyncDisposable;
  readonly #clock: Clock;

  /** Newest revision of each key, committed or about to be. */
  readonly #newest = new Map<Key, Head>();
  #assigned: Revision;
  #committed: Revision;
  #compacted: Revision;
  #pending: PendingWrite[] = [];
  #recent: Change[] = [];
  readonly #expiries = new ExpiryQueue();
  #expiryTimer: Disposable | undefined;
  #closed = false;
  #wakers = new Set<() => void>();

  constructor(root: RootDatabase<Buffer, string>, lock: AsyncDisposable, clock: Clock) {
    this.#root = root;
    this.#lock = lock;
    this.#clock = clock;
    this.#log = root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' });
    this.#heads = root.openDB<Buffer, string>({ name: 'heads', encoding: 'binary' });
    this.#marks = root.openDB<Buffer, string>({ name: 'marks', encoding: 'binary' });
    this.#compacted = this.#mark('compacted');
    let last = Math.max(this.#mark('revision'), 1);
    for (const revision of this.#log.getKeys({ reverse: true, limit: 1 })) last = Math.max(last, revision);
    this.#assigned = last;
    this.#committed = last;
    for (const { key, value } of this.#heads.getRange()) {
      const head = decodeHead(value);
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
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const start = options.after === undefined ? prefix : `${options.after}\u0001`;
    const entries: Entry[] = [];
    let remaining = 0;
    for (const { key, value } of this.#heads.getRange({ start })) {
      if (!key.startsWith(prefix)) break;
      const head = decodeHead(value);
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

  async compact(revision: Revision): Promise<void> {
    this.#mustBeOpen();
    if (revision > this.#committed) throw new FutureRevisionError(revision, this.#committed);
    if (revision <= this.#compacted) return;
    const from = this.#compacted;
    // Readers must stop relying on this history before any of it goes.
    this.#compacted = revision;
    this.#recent = this.#recent.filter((change) => change.revision > revision);
    await this.#marks.put('compacted', encodeMark(revision));
    await this.#marks.put('revision', encodeMark(this.#committed));
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
    await this.#root.flushed;
    await this.#root.close();
    await this.#lock[Symbol.asyncDispose]();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('the store is closed');
  }

  #mark(name: string): Revision {
    const stored = this.#marks.get(name);
    return stored === undefined ? 0 : stored.readDoubleBE(0);
  }

  async #write(key: Key, value: Uint8Array | undefined, head: Head | undefined, options?: WriteOptions): Promise<Swap> {
    this.#mustBeOpen();
    const revision = ++this.#assigned;
    const expiresAt = options?.ttlSeconds === undefined ? 0 : this.#clock.now() + options.ttlSeconds * 1000;
    const next: Head = { revision, deleted: value === undefined, expiresAt };
    const before = head === undefined || head.deleted ? undefined : this.#entryAt(key, head.revision);
    const pending: PendingWrite = { change: { key, revision, value, previous: before }, committed: false };
    this.#newest.set(key, next);
    this.#pending.push(pending);
    const record: LogRecord = { key, value, previous: head?.revision ?? 0, expiresAt };
    const logged = this.#log.put(revision, encodeRecord(record));
    const headed = this.#heads.put(key, encodeHead(next));
    try {
      await logged;
      await headed;
    } catch (cause) {
      this.#undo(pending);
      throw new StoreUnavailableError(`cannot write ${key} to disk`, { cause });
    }
    if (expiresAt > 0) {
      this.#expiries.add({ at: expiresAt, key, revision });
      this.#armExpiry();
    }
    pending.committed = true;
    this.#publish();
    return { ok: true, revision };
  }

  /** Lets watchers see what is on disk, in the order of revisions. */
  #publish(): void {
    let count = 0;
    while (this.#pending[count]?.committed === true) count++;
    if (count === 0) return;
    for (const { change } of this.#pending.splice(0, count)) {
      this.#recent.push(change);
      this.#committed = change.revision;
    }
    if (this.#recent.length > RECENT_CHANGES * 2) this.#recent = this.#recent.slice(-RECENT_CHANGES);
    this.#wake();
  }

  /** The write did not reach the disk: the key is again what the disk says. */
  #undo(failed: PendingWrite): void {
    this.#pending = this.#pending.filter((other) => other !== failed);
    const { key } = failed.change;
    if (this.#newest.get(key)?.revision === failed.change.revision) {
      const stored = this.#heads.get(key);
      if (stored === undefined) this.#newest.delete(key);
      else this.#newest.set(key, decodeHead(stored));
    }
    this.#publish();
  }

  /** The answer to a lost race. What is there now may still be on its way to the disk, so wait for it. */
  async #lost(key: Key): Promise<Swap> {
    this.#mustBeOpen();
    while (this.#pending.some((write) => write.change.key === key)) await this.#nextCommit(undefined);
    return { ok: false, current: this.#committedEntry(key) };
  }

  #committedEntry(key: Key): Entry | undefined {
    const stored = this.#heads.get(key);
    if (stored === undefined) return undefined;
    const head = decodeHead(stored);
    return head.deleted ? undefined : this.#entryAt(key, head.revision);
  }

  #entryAt(key: Key, revision: Revision): Entry | undefined {
    const pending = this.#pending.find((write) => write.change.revision === revision);
    if (pending !== undefined) {
      const { value } = pending.change;
      return value === undefined ? undefined : { key, value, revision };
    }
    const record = this.#record(revision);
    return record?.value === undefined ? undefined : { key, value: record.value, revision };
  }

  #record(revision: Revision): LogRecord | undefined {
    const stored = this.#log.get(revision);
    return stored === undefined ? undefined : decodeRecord(stored);
  }

  #visibleAt(key: Key, newest: Revision, at: Revision): Entry | undefined {
    let revision = newest;
    let record = this.#record(revision);
    while (record !== undefined && revision > at) {
      revision = record.previous;
      record = revision === 0 ? undefined : this.#record(revision);
    }
    return record?.value === undefined ? undefined : { key, value: record.value, revision };
  }

  #changesAfter(position: Revision): Change[] {
    const oldest = this.#recent[0];
    if (oldest !== undefined && oldest.revision <= position + 1) {
      const start = firstAfter(this.#recent, position);
      return this.#recent.slice(start, start + WATCH_BATCH);
    }
    const changes: Change[] = [];
    for (const { key: revision, value } of this.#log.getRange({ start: position + 1, limit: WATCH_BATCH })) {
      if (revision > this.#committed) break;
      const record = decodeRecord(value);
      const before = record.previous === 0 ? undefined : this.#record(record.previous);
      changes.push({
        key: record.key,
        revision,
        value: record.value,
        previous:
          before?.value === undefined ? undefined : { key: record.key, value: before.value, revision: record.previous },
      });
    }
    return changes;
  }

  /** Removes the records that a change in this range replaced, and deletions that nobody can ask about any more. */
  async #dropSuperseded(start: Revision, end: Revision): Promise<void> {
    const gone: Revision[] = [];
    const forgotten: Key[] = [];
    for (const { key: revision, value } of this.#log.getRange({ start, end: end + 1 })) {
      const record = decodeRecord(value);
      if (record.previous !== 0) gone.push(record.previous);
      if (record.value !== undefined) continue;
      gone.push(revision);
      if (this.#newest.get(record.key)?.revision === revision) forgotten.push(record.key);
    }
    await this.#root.transaction(() => {
      for (const revision of gone) this.#log.removeSync(revision);
      for (const key of forgotten) {
        const head = this.#newest.get(key);
        if (head?.deleted !== true || head.revision > end) continue;
        this.#heads.removeSync(key);
        this.#newest.delete(key);
      }
    });
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

function encodeMark(revision: Revision): Buffer {
  const buffer = Buffer.allocUnsafe(8);
  buffer.writeDoubleBE(revision, 0);
  return buffer;
}

function firstAfter(changes: readonly Change[], position: Revision): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle]?.revision ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
