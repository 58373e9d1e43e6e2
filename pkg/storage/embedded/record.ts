// How one change lies on disk. The log maps a revision to a record; each record points to the one before it of the same
// key, so that the state at any revision since the last compaction can be read back.
import type { Key, Revision } from '../store.ts';

export interface LogRecord {
  readonly key: Key;
  /** Undefined: this revision deleted the key. */
  readonly value: Uint8Array | undefined;
  /** The revision before this one of the same key; 0 if the key did not exist. */
  readonly previous: Revision;
  /** Milliseconds since the epoch; 0: never. */
  readonly expiresAt: number;
}

/** The newest revision of a key; a deleted key keeps its head until compaction passes it. */
export interface Head {
  readonly revision: Revision;
  readonly deleted: boolean;
  readonly expiresAt: number;
}

const DELETED = 1;
const RECORD_HEADER = 1 + 8 + 8 + 2;
const HEAD_LENGTH = 1 + 8 + 8;

/** Behind `headroom` bytes that the caller fills in. */
export function encodeRecord(record: LogRecord, headroom = 0): Buffer {
  const value = record.value ?? new Uint8Array();
  const keyLength = Buffer.byteLength(record.key);
  const buffer = Buffer.allocUnsafe(headroom + RECORD_HEADER + keyLength + value.length);
  buffer.writeUInt8(record.value === undefined ? DELETED : 0, headroom);
  buffer.writeDoubleBE(record.previous, headroom + 1);
  buffer.writeDoubleBE(record.expiresAt, headroom + 9);
  buffer.writeUInt16BE(keyLength, headroom + 17);
  buffer.write(record.key, headroom + RECORD_HEADER);
  buffer.set(value, headroom + RECORD_HEADER + keyLength);
  return buffer;
}

export function decodeRecord(buffer: Buffer): LogRecord {
  const end = RECORD_HEADER + buffer.readUInt16BE(17);
  const deleted = (buffer.readUInt8(0) & DELETED) !== 0;
  return {
    key: buffer.toString('utf8', RECORD_HEADER, end),
    value: deleted ? undefined : buffer.subarray(end),
    previous: buffer.readDoubleBE(1),
    expiresAt: buffer.readDoubleBE(9),
  };
}

export function encodeHead(head: Head): Buffer {
  const buffer = Buffer.allocUnsafe(HEAD_LENGTH);
  buffer.writeUInt8(head.deleted ? DELETED : 0, 0);
  buffer.writeDoubleBE(head.revision, 1);
  buffer.writeDoubleBE(head.expiresAt, 9);
  return buffer;
}

export function decodeHead(buffer: Buffer): Head {
  return {
    revision: buffer.readDoubleBE(1),
    deleted: (buffer.readUInt8(0) & DELETED) !== 0,
    expiresAt: buffer.readDoubleBE(9),
  };
}
