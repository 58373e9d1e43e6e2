// The few messages of etcd's v3 API that the store needs (etcd's rpc.proto and kv.proto), with the numbers of their fields.
// Writers take the last field first. What a newer etcd adds to an answer is passed over.
import { ProtobufReader } from '../../api/schema/protobuf-reader.ts';
import type { Change, Entry, Revision } from '../store.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** What a request needs beside its keys and values. */
const SPARE_BYTES = 128;
const NUMBER = 0;
const MESSAGE = 2;

/** As the reader gives it: the field's number and how it is written. */
const tag = (field: number, wireType: number) => field * 8 + wireType;

const HEADER = tag(1, MESSAGE);

export interface RangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array;
  readonly limit?: number;
  /** 0: the newest. */
  readonly revision?: Revision;
}

export interface RangeAnswer {
  revision: Revision;
  readonly entries: Entry[];
  /** In the whole range, whatever the limit. */
  count: number;
}

export function encodeRange({ key, rangeEnd, limit = 0, revision = 0 }: RangeRequest): Buffer {
  const writer = new ProtobufWriter(key.length + (rangeEnd?.length ?? 0) + SPARE_BYTES);
  if (revision > 0) writer.number(4, revision);
  if (limit > 0) writer.number(3, limit);
  if (rangeEnd !== undefined) writer.bytes(2, rangeEnd);
  writer.bytes(1, key);
  return writer.finish();
}

export function decodeRange(message: Uint8Array): RangeAnswer {
  return readRange(new ProtobufReader(message));
}

function readRange(reader: ProtobufReader): RangeAnswer {
  const answer: RangeAnswer = { revision: 0, entries: [], count: 0 };
  while (!reader.done()) {
    const at = reader.length();
    if (at === HEADER) answer.revision = readHeader(reader.message());
    else if (at === tag(2, MESSAGE)) answer.entries.push(readKeyValue(reader.message()));
    else if (at === tag(4, NUMBER)) answer.count = reader.integer();
    else reader.skip(at);
  }
  return answer;
}

export interface SwapRequest {
  readonly key: Uint8Array;
  /** 0: the key must not exist. */
  readonly expected: Revision;
  /** Undefined: the key is deleted. */
  readonly value: Uint8Array | undefined;
  readonly lease?: bigint | undefined;
}

export interface SwapAnswer {
  revision: Revision;
  succeeded: boolean;
  /** What stands there, when it did not succeed. */
  found: Entry | undefined;
}

/** A transaction: if the key's mod revision is the expected one put or delete, else say what is there. */
export function encodeSwap({ key, expected, value, lease }: SwapRequest): Buffer {
  const writer = new ProtobufWriter(key.length * 3 + (value?.length ?? 0) + SPARE_BYTES);
  writer.message(3, () => writer.message(1, () => writer.bytes(1, key)));
  writer.message(2, () => {
    if (value === undefined) return writer.message(3, () => writer.bytes(1, key));
    writer.message(2, () => {
      if (lease !== undefined) writer.wide(3, lease);
      writer.bytes(2, value);
      writer.bytes(1, key);
    });
  });
  writer.message(1, () => {
    writer.number(6, expected);
    writer.bytes(3, key);
    writer.number(2, 2); // target: the mod revision; the result, equal, is 0 and need not be written
  });
  return writer.finish();
}

export function decodeSwap(message: Uint8Array): SwapAnswer {
  const answer: SwapAnswer = { revision: 0, succeeded: false, found: undefined };
  const reader = new ProtobufReader(message);
  while (!reader.done()) {
    const at = reader.length();
    if (at === HEADER) answer.revision = readHeader(reader.message());
    else if (at === tag(2, NUMBER)) answer.succeeded = reader.integer() === 1;
    else if (at === tag(3, MESSAGE)) answer.found = readFound(reader.message());
    else reader.skip(at);
  }
  return answer;
}

/** Of a transaction's answers only that of a range says what was found. */
function readFound(reader: ProtobufReader): Entry | undefined {
  let found: Entry | undefined;
  while (!reader.done()) {
    const at = reader.length();
    if (at === tag(1, MESSAGE)) [found] = readRange(reader.message()).entries;
    else reader.skip(at);
  }
  return found;
}

export function encodeCompaction(revision: Revision): Buffer {
  const writer = new ProtobufWriter(SPARE_BYTES);
  writer.number(1, revision);
  return writer.finish();
}

export function encodeLeaseGrant(seconds: number): Buffer {
  const writer = new ProtobufWriter(SPARE_BYTES);
  writer.number(1, seconds);
  return writer.finish();
}

/** A request that says nothing but its name. */
export function encodeEmpty(): Buffer {
  return new ProtobufWriter(SPARE_BYTES).finish();
}

/** Of a member's status; everything else in it is of no use here. */
export function decodeDatabaseSize(message: Uint8Array): number {
  let size = 0;
  const reader = new ProtobufReader(message);
  while (!reader.done()) {
    const at = reader.length();
    if (at === tag(3, NUMBER)) size = Number(reader.wide());
    else reader.skip(at);
  }
  return size;
}

/** The lease's number, which uses all of its 64 bits. */
export function decodeLeaseGrant(message: Uint8Array): bigint {
  let id = 0n;
  const reader = new ProtobufReader(message);
  while (!reader.done()) {
    const at = reader.length();
    if (at === tag(2, NUMBER)) id = reader.wide();
    else reader.skip(at);
  }
  return id;
}

/** Everything in the range from `start` on, with what stood there before. */
export function encodeWatch(key: Uint8Array, rangeEnd: Uint8Array, start: Revision): Buffer {
  const writer = new ProtobufWriter(key.length + rangeEnd.length + SPARE_BYTES);
  writer.message(1, () => {
    writer.number(6, 1); // previous values
    writer.number(4, 1); // progress when nothing happens
    writer.number(3, start);
    writer.bytes(2, rangeEnd);
    writer.bytes(1, key);
  });
  return writer.finish();
}

export interface WatchAnswer {
  revision: Revision;
  created: boolean;
  canceled: boolean;
  /** Not 0: the revision asked for is gone. */
  compactRevision: Revision;
  readonly changes: Change[];
}

export function decodeWatch(message: Uint8Array): WatchAnswer {
  const answer: WatchAnswer = { revision: 0, created: false, canceled: false, compactRevision: 0, changes: [] };
  const reader = new ProtobufReader(message);
  while (!reader.done()) {
    const at = reader.length();
    if (at === HEADER) answer.revision = readHeader(reader.message());
    else if (at === tag(3, NUMBER)) answer.created = reader.integer() === 1;
    else if (at === tag(4, NUMBER)) answer.canceled = reader.integer() === 1;
    else if (at === tag(5, NUMBER)) answer.compactRevision = reader.integer();
    else if (at === tag(11, MESSAGE)) answer.changes.push(readEvent(reader.message()));
    else reader.skip(at);
  }
  return answer;
}

function readEvent(reader: ProtobufReader): Change {
  let deleted = false;
  let current: Entry = { key: '', value: NO_VALUE, revision: 0 };
  let previous: Entry | undefined;
  while (!reader.done()) {
    const at = reader.length();
    if (at === tag(1, NUMBER)) deleted = reader.integer() === 1;
    else if (at === tag(2, MESSAGE)) current = readKeyValue(reader.message());
    else if (at === tag(3, MESSAGE)) previous = readKeyValue(reader.message());
    else reader.skip(at);
  }
  const { key, revision, value } = current;
  return { key, revision, value: deleted ? undefined : value, previous };
}

const NO_VALUE = Buffer.alloc(0);

function readKeyValue(reader: ProtobufReader): Entry {
  let key = '';
  let value: Uint8Array = NO_VALUE;
  let revision = 0;
  while (!reader.done()) {
    const at = reader.length();
    if (at === tag(1, MESSAGE)) key = textOf(reader.take(reader.length()));
    else if (at === tag(3, NUMBER)) revision = reader.integer();
    // A copy: the value may live long, and what it arrived in is large.
    else if (at === tag(5, MESSAGE)) value = Buffer.from(reader.take(reader.length()));
    else reader.skip(at);
  }
  return { key, value, revision };
}

function readHeader(reader: ProtobufReader): Revision {
  let revision = 0;
  while (!reader.done()) {
    const at = reader.length();
    if (at === tag(3, NUMBER)) revision = reader.integer();
    else reader.skip(at);
  }
  return revision;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
