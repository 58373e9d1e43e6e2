// Objects in Kubernetes' protobuf encoding, which kubectl and the Go clients send for built-in kinds: an envelope that says
// what is in it, around a message whose fields have the numbers of decode-protobuf-numbers.ts. The message becomes the same
// value that JSON would have been, and is then decoded like any other.
import { ApiError } from '../meta/status.ts';
import { formatTime } from '../meta/time.ts';
import { decodeValue, unrecognized, type Decoded, type DecodeValueOptions } from './decode.ts';
import { protobufNumbers } from './decode-protobuf-numbers.ts';
import { protobufParts, type ProtobufPart } from './decode-protobuf-parts.ts';
import { isRecord } from './decode-walk.ts';
import type { FieldSchema, ObjectSchema, Scalar } from './object-schema.ts';
import { ProtobufFault } from './protobuf-reader.ts';

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

const NO_ENVELOPE = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
const MAGIC = Uint8Array.from([0x6b, 0x38, 0x73, 0x00]);

/** Decodes a request's body; throws a 400 ApiError. Protobuf has no unknown or duplicate fields to tell of. */
export function decodeProtobuf(bytes: Uint8Array, options: DecodeValueOptions): Decoded {
  if (bytes.length < MAGIC.length || !MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw unrecognized(Buffer.from(bytes), options, NO_ENVELOPE);
  }
  try {
    return decodeValue(protobufValue(bytes, options.schema), options);
  } catch (error) {
    if (!(error instanceof ProtobufFault)) throw error;
    const { kind, version } = options.groupVersionKind;
    const message = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${error.message}`;
    throw new ApiError('BadRequest', message, { cause: error });
  }
}

/** The value that the same object has in JSON, kind and apiVersion included. Throws ProtobufFault. */
function protobufValue(bytes: Uint8Array, schema: ObjectSchema): Record<string, unknown> {
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  for (const part of protobufParts(bytes.subarray(MAGIC.length))) {
    if (part.number === 2) raw = part.bytes;
    if (part.number !== 1) continue;
    for (const { number, bytes: text } of protobufParts(part.bytes)) {
      if (number === 1) apiVersion = textOf(text);
      if (number === 2) kind = textOf(text);
    }
  }
  return { kind, apiVersion, ...message(raw, schema) };
}

type Entry =
  | { readonly form: 'field'; readonly name: string; readonly schema: FieldSchema }
  /** A message whose fields belong to the message around it. */
  | { readonly form: 'inline'; readonly entries: Entries };
type Entries = ReadonlyMap<number, Entry>;

const known = new WeakMap<ObjectSchema, Entries>();

function message(bytes: Uint8Array, schema: ObjectSchema): Record<string, unknown> {
  let entries = known.get(schema);
  if (entries === undefined) {
    entries = entriesOf(schema.name, schema);
    known.set(schema, entries);
  }
  const object: Record<string, unknown> = {};
  fill(object, bytes, entries);
  return object;
}

function entriesOf(type: string, schema: ObjectSchema): Entries {
  const entries = new Map<number, Entry>();
  for (const cell of (protobufNumbers[type] ?? '').split(' ')) {
    const [name = '', number = ''] = cell.split('=');
    if (name.startsWith(':')) {
      entries.set(Number(number), { form: 'inline', entries: entriesOf(name.slice(1), schema) });
      continue;
    }
    const field = schema.fields.get(name);
    if (field !== undefined) entries.set(Number(number), { form: 'field', name, schema: field.schema });
  }
  return entries;
}

function fill(object: Record<string, unknown>, bytes: Uint8Array, entries: Entries): void {
  for (const part of protobufParts(bytes)) {
    const entry = entries.get(part.number);
    if (entry === undefined) continue;
    if (entry.form === 'inline') fill(object, part.bytes, entry.entries);
    else object[entry.name] = merged(object[entry.name], part, entry.schema);
  }
}

/** What a field holds after one more part: lists and maps come as one part for each item, and grow in place. */
function merged(before: unknown, part: ProtobufPart, schema: FieldSchema): unknown {
  if (schema.kind === 'list') {
    const list: unknown[] = Array.isArray(before) ? before : [];
    list.push(valueOf(part, schema.items));
    return list;
  }
  if (schema.kind !== 'map') return valueOf(part, schema);
  let key = '';
  let value: unknown = null;
  for (const inner of protobufParts(part.bytes)) {
    if (inner.number === 1) key = textOf(inner.bytes);
    if (inner.number === 2) value = valueOf(inner, schema.values);
  }
  const map = isRecord(before) ? before : {};
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  return map;
}

/** A map's value cannot be repeated, so lists in maps are messages with the one field `items`. */
function listMessage(part: ProtobufPart, schema: FieldSchema & { kind: 'list' }): unknown[] {
  return [...protobufParts(part.bytes)].map((item) => valueOf(item, schema.items));
}

function valueOf(part: ProtobufPart, schema: FieldSchema): unknown {
  switch (schema.kind) {
    case 'scalar':
      return scalarOf(part, schema.scalar);
    case 'object':
      return message(part.bytes, schema.schema());
    case 'list':
      return listMessage(part, schema);
    case 'map':
      return merged(undefined, part, schema);
  }
}

function scalarOf(part: ProtobufPart, scalar: Scalar): unknown {
  switch (scalar) {
    case 'string':
      return textOf(part.bytes);
    case 'boolean':
      return part.integer() !== 0;
    case 'int32':
    case 'int64':
      return part.integer();
    case 'double':
      return part.double();
    case 'bytes':
      return Buffer.from(part.bytes).toString('base64');
    case 'quantity':
      return textField(part.bytes, 1) || '0';
    case 'intOrString':
      return intOrString(part.bytes);
    case 'time':
      return time(part.bytes, (seconds) => formatTime(seconds * 1000));
    case 'microTime':
      return time(part.bytes, (seconds, nanos) => {
        const micros = String(Math.floor(nanos / 1000)).padStart(6, '0');
        return formatTime(seconds * 1000).replace('Z', `.${micros}Z`);
      });
    case 'json':
      return json(part.bytes);
  }
}

/** type (0: number, 1: string), intVal, strVal. */
function intOrString(bytes: Uint8Array): number | string {
  let isText = false;
  let integer = 0;
  for (const part of protobufParts(bytes)) {
    if (part.number === 1) isText = part.integer() === 1;
    if (part.number === 2) integer = part.integer();
  }
  return isText ? textField(bytes, 3) : integer;
}

/** Of a date that JavaScript can hold. */
const LAST_SECOND = 8_640_000_000_000;

/** Seconds and nanoseconds since the epoch; an empty message is no time at all. */
function time(bytes: Uint8Array, print: (seconds: number, nanos: number) => string): string | null {
  let seconds: number | undefined;
  let nanos = 0;
  for (const part of protobufParts(bytes)) {
    if (part.number === 1) seconds = part.integer();
    if (part.number === 2) nanos = part.integer();
  }
  if (seconds === undefined) return null;
  if (Math.abs(seconds) > LAST_SECOND) throw new ProtobufFault('time out of range');
  return print(seconds, nanos);
}

/** RawExtension and FieldsV1 hold JSON as bytes. */
function json(bytes: Uint8Array): unknown {
  const text = textField(bytes, 1);
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ProtobufFault('embedded JSON cannot be read', { cause });
  }
}

function textField(bytes: Uint8Array, number: number): string {
  let text = '';
  for (const part of protobufParts(bytes)) if (part.number === number) text = textOf(part.bytes);
  return text;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
