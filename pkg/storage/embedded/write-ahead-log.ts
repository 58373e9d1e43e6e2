// Where every write goes first: two files that are written in turn, each write flushed to the disk before it is confirmed. Writes
// that wait at the same time share one flush. A file is used again when all that is in it has gone into the tables.
import { closeSync, constants, fdatasync, fsyncSync, openSync, readFileSync, statSync, write } from 'node:fs';
import type { Revision } from '../store.ts';
import { missingWrites, sealFrame, type LoggedWrite } from './log-frames.ts';

/** A file is left for the other one when it is this long. */
const FILE_BYTES = 8 * 1024 * 1024;
/** Most in one flush; a single larger write goes alone. */
const FLUSH_BYTES = 4 * 1024 * 1024;
const FLUSH_WRITES = 1024;
const NAMES = ['wal-0', 'wal-1'] as const;
/** With this the write itself waits for the disk, one trip to the thread pool instead of two. Not on every platform. */
const SYNCHRONOUS: number | undefined = constants.O_DSYNC;

export interface LogOwner<T> {
  /** These are on disk now; in the order in which they were appended. */
  durable(items: readonly T[]): void;
  /** These are not, and everything that was appended after them neither. */
  failed(items: readonly T[], cause: unknown): void;
  /** Brings everything that is durable into the tables and says so by `release`. */
  makeRoom(): Promise<void>;
  /** Asked before each flush: what to wait for when the tables are too far behind. */
  catchUp(): Promise<void> | undefined;
}

interface Appended<T> {
  readonly frame: Buffer;
  readonly revision: Revision;
  readonly item: T;
}

interface LogFile {
  readonly descriptor: number;
  /** Newest revision in it. */
  last: Revision;
}

export class WriteAheadLog<T> {
  readonly #owner: LogOwner<T>;
  readonly #files: readonly LogFile[];
  #current = 0;
  #offset = 0;
  #released: Revision;
  #durable: Revision;
  #appended: Revision;
  #waiting: Appended<T>[] = [];
  #running: Promise<void> | undefined;

  /** `applied`: everything up to here is in the tables, so that both files are free. */
  constructor(directory: string, applied: Revision, owner: LogOwner<T>) {
    this.#owner = owner;
    this.#released = applied;
    this.#durable = applied;
    this.#appended = applied;
    const flags = constants.O_RDWR | constants.O_CREAT | (SYNCHRONOUS ?? 0);
    this.#files = NAMES.map((name) => ({ descriptor: openSync(`${directory}/${name}`, flags, 0o600), last: 0 }));
    flushDirectory(directory);
  }

  /** A frame that is not sealed; the revisions rise from call to call. */
  append(frame: Buffer, revision: Revision, item: T): void {
    sealFrame(frame, revision, this.#appended);
    this.#appended = revision;
    this.#waiting.push({ frame, revision, item });
    // What else is appended in this turn of the event loop shares the flush.
    this.#running ??= new Promise((resolve) => {
      setImmediate(() => resolve(this.#flushAll()));
    });
  }

  /** Everything up to here is in the tables. */
  release(revision: Revision): void {
    this.#released = revision;
  }

  /** Waits for what has been appended. */
  async close(): Promise<void> {
    await this.#running;
    for (const { descriptor } of this.#files) closeSync(descriptor);
  }

  /** Never rejects: the owner is told. */
  async #flushAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      try {
        await this.#owner.catchUp();
        if (this.#offset >= FILE_BYTES) await this.#changeFile();
        await this.#flush(this.#take());
      } catch (cause) {
        const lost = this.#waiting;
        this.#waiting = [];
        this.#appended = this.#durable;
        this.#owner.failed(
          lost.map(({ item }) => item),
          cause,
        );
      }
    }
    this.#running = undefined;
  }

  #take(): readonly Appended<T>[] {
    let [count, size] = [0, 0];
    for (const { frame } of this.#waiting) {
      if (count === FLUSH_WRITES || (count > 0 && size + frame.length > FLUSH_BYTES)) break;
      size += frame.length;
      count++;
    }
    return this.#waiting.slice(0, count);
  }

  async #flush(batch: readonly Appended<T>[]): Promise<void> {
    const file = this.#files[this.#current];
    const last = batch.at(-1);
    if (file === undefined || last === undefined) return;
    const [only] = batch;
    const bytes =
      batch.length === 1 && only !== undefined ? only.frame : Buffer.concat(batch.map(({ frame }) => frame));
    // Known before it is written: a file whose write failed half-way may hold some of it.
    file.last = last.revision;
    await writeToDisk(file.descriptor, bytes, this.#offset);
    this.#offset += bytes.length;
    this.#durable = last.revision;
    this.#waiting = this.#waiting.slice(batch.length);
    this.#owner.durable(batch.map(({ item }) => item));
  }

  async #changeFile(): Promise<void> {
    const next = (this.#current + 1) % this.#files.length;
    if ((this.#files[next]?.last ?? 0) > this.#released) await this.#owner.makeRoom();
    this.#current = next;
    this.#offset = 0;
  }
}

/** What is in the log of a directory beyond what its tables have; throws when some of it is missing. */
export function readLog(directory: string, applied: Revision): LoggedWrite[] {
  return missingWrites(
    NAMES.map((name) => readIfThere(`${directory}/${name}`)),
    applied,
  );
}

function readIfThere(path: string): Buffer {
  try {
    // Anything else, as a device, may have no end.
    if (!statSync(path).isFile()) throw new Error(`${path} is no file`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** The files' names must be on disk before anything in them counts. */
function flushDirectory(directory: string): void {
  const descriptor = openSync(directory, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function writeToDisk(descriptor: number, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += await writeSome(descriptor, bytes, done, position + done);
  if (SYNCHRONOUS === undefined) await flushData(descriptor);
}

function writeSome(descriptor: number, bytes: Buffer, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, offset, bytes.length - offset, position, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

function flushData(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
