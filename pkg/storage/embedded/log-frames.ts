// How writes lie in the write-ahead log: each in a frame with its length, a checksum, its revision and that of the frame before it.
// A frame that a crash cut off fails its checksum; one that an older use of the file left behind does not follow the one before.
import { crc32 } from 'node:zlib';
import type { Revision } from '../store.ts';
import { decodeRecord, encodeRecord, type LogRecord } from './record.ts';
import type { Written } from './tables.ts';

const LENGTH = 4;
const CHECKSUM = 4;
const REVISION = 8;
const FRAME_HEADER = LENGTH + CHECKSUM + 2 * REVISION;

export interface LoggedWrite extends Written {
  /** The revision of the frame before this one. */
  readonly before: Revision;
}

/** `frame` is what goes into the log, `encoded` the record's part of it. */
export function encodeFrame(record: LogRecord): { readonly frame: Buffer; readonly encoded: Buffer } {
  const frame = encodeRecord(record, FRAME_HEADER);
  return { frame, encoded: frame.subarray(FRAME_HEADER) };
}

/** Fills in where the frame stands; it can be written then. */
export function sealFrame(frame: Buffer, revision: Revision, before: Revision): void {
  frame.writeUInt32BE(frame.length - LENGTH - CHECKSUM, 0);
  frame.writeDoubleBE(revision, LENGTH + CHECKSUM);
  frame.writeDoubleBE(before, LENGTH + CHECKSUM + REVISION);
  frame.writeUInt32BE(crc32(frame.subarray(LENGTH + CHECKSUM)), LENGTH);
}

/** The frames from the beginning of a file, as far as they are whole and follow each other. */
export function decodeFrames(bytes: Buffer): LoggedWrite[] {
  const writes: LoggedWrite[] = [];
  let at = 0;
  while (bytes.length - at >= FRAME_HEADER) {
    const length = bytes.readUInt32BE(at);
    const start = at + LENGTH + CHECKSUM;
    const end = start + length;
    if (length <= 2 * REVISION || end > bytes.length) break;
    if (crc32(bytes.subarray(start, end)) !== bytes.readUInt32BE(at + LENGTH)) break;
    const revision = bytes.readDoubleBE(start);
    const before = bytes.readDoubleBE(start + REVISION);
    const last = writes.at(-1);
    if (last !== undefined && before !== last.revision) break;
    const encoded = bytes.subarray(at + FRAME_HEADER, end);
    writes.push({ revision, before, encoded, record: decodeRecord(encoded) });
    at = end;
  }
  return writes;
}

/**
 * The writes that the tables lack, out of both files, in order. Throws when there are some whose predecessors are lost: a disk
 * that forgot what it had confirmed.
 */
export function missingWrites(files: readonly Buffer[], applied: Revision): LoggedWrite[] {
  const missing = files
    .map((file) => decodeFrames(file).filter(({ revision }) => revision > applied))
    .filter((writes) => writes.length > 0)
    .toSorted(([a], [b]) => (a?.revision ?? 0) - (b?.revision ?? 0))
    .flat();
  let reached = applied;
  for (const { revision, before } of missing) {
    if (before > reached)
      throw new Error(`the write-ahead log lacks what lies between revisions ${reached} and ${before}`);
    reached = revision;
  }
  return missing;
}
