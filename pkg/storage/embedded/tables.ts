// What lies in LMDB: a log of records by revision and the newest head of each key. Written in batches, behind the write-ahead
// log; read at any time.
import { open, type Database, type RootDatabase } from 'lmdb';
import type { Key, Revision } from '../store.ts';
import { decodeHead, decodeRecord, encodeHead, type Head, type LogRecord } from './record.ts';

/** A write as it goes into the tables. */
export interface Written {
  readonly revision: Revision;
  readonly record: LogRecord;
  /** The record's bytes. */
  readonly encoded: Buffer;
}

export class Tables {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #log: Database<Buffer, number>;
  readonly #heads: Database<Buffer, string>;
  readonly #marks: Database<Buffer, string>;

  constructor(directory: string) {
    this.#root = open<Buffer, string>({
      path: `${directory}/store.mdb`,
      maxDbs: 4,
      encoding: 'binary',
      noSubdir: true,
    });
    this.#log = this.#root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' });
    this.#heads = this.#root.openDB<Buffer, string>({ name: 'heads', encoding: 'binary' });
    this.#marks = this.#root.openDB<Buffer, string>({ name: 'marks', encoding: 'binary' });
  }

  /** Everything up to here is in the tables. */
  lastRevision(): Revision {
    let last = this.#mark('revision');
    for (const revision of this.#log.getKeys({ reverse: true, limit: 1 })) last = Math.max(last, revision);
    return last;
  }

  /** History before this is gone. */
  compactedRevision(): Revision {
    return this.#mark('compacted');
  }

  record(revision: Revision): LogRecord | undefined {
    const stored = this.#log.get(revision);
    return stored === undefined ? undefined : decodeRecord(stored);
  }

  /** Records from a revision on, in order. */
  *records(start: Revision, limit: { end?: Revision; count?: number }): Generator<[Revision, LogRecord]> {
    const range = {
      start,
      ...(limit.end !== undefined && { end: limit.end + 1 }),
      ...(limit.count !== undefined && { limit: limit.count }),
    };
    for (const { key, value } of this.#log.getRange(range)) yield [key, decodeRecord(value)];
  }

  /** Heads from a key on, deleted ones too, in the order of keys. */
  *heads(start?: Key): Generator<[Key, Head]> {
    for (const { key, value } of this.#heads.getRange(start === undefined ? {} : { start })) {
      yield [key, decodeHead(value)];
    }
  }

  /** Resolves when all of it is on disk. `batch` is in the order of revisions. */
  async apply(batch: readonly Written[]): Promise<void> {
    const newest = new Map(batch.map((written) => [written.record.key, written]));
    const writes: Promise<boolean>[] = [];
    // Heads first: `lastRevision` must not speak of records whose heads a crash has kept out.
    for (const [key, { revision, record }] of newest)
      writes.push(this.#heads.put(key, encodeHead(headOf(revision, record))));
    for (const { revision, encoded } of batch) writes.push(this.#log.put(revision, encoded));
    await Promise.all(writes);
    await this.#root.flushed;
  }

  async markCompacted(compacted: Revision, newest: Revision): Promise<void> {
    await this.#marks.put('compacted', encodeMark(compacted));
    await this.#marks.put('revision', encodeMark(newest));
  }

  /** Takes records away, and with them the heads that `forgotten` says at the moment of writing. */
  async drop(revisions: readonly Revision[], forgotten: () => Iterable<Key>): Promise<void> {
    await this.#root.transaction(() => {
      for (const revision of revisions) this.#log.removeSync(revision);
      for (const key of forgotten()) this.#heads.removeSync(key);
    });
  }

  async close(): Promise<void> {
    await this.#root.flushed;
    await this.#root.close();
  }

  #mark(name: string): Revision {
    const stored = this.#marks.get(name);
    return stored === undefined ? 0 : stored.readDoubleBE(0);
  }
}

export function headOf(revision: Revision, { value, expiresAt }: LogRecord): Head {
  return { revision, deleted: value === undefined, expiresAt };
}

function encodeMark(revision: Revision): Buffer {
  const buffer = Buffer.allocUnsafe(8);
  buffer.writeDoubleBE(revision, 0);
  return buffer;
}
