// The protobuf wire format, read: a message is a row of numbered parts. What a part means is up to the message's type.

/** Bytes that are no protobuf message, or not the one that was expected. */
export class ProtobufFault extends Error {
  override readonly name = 'ProtobufFault';
}

export interface ProtobufPart {
  readonly number: number;
  /** Of strings, bytes and messages; empty for numbers. */
  readonly bytes: Uint8Array;
  /** Of integers and booleans; throws ProtobufFault for other parts and beyond 2^53. */
  integer(): number;
  double(): number;
}

const NO_BYTES = new Uint8Array();

/** The parts in their order; throws ProtobufFault where the bytes end too early. */
export function* protobufParts(bytes: Uint8Array): Generator<ProtobufPart> {
  const reader = new Reader(bytes);
  while (!reader.done()) {
    const tag = reader.length();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0: {
        const value = reader.integer();
        yield { number, bytes: NO_BYTES, integer: () => safe(value), double: () => value };
        break;
      }
      case 1: {
        const eight = reader.take(8);
        const view = new DataView(eight.buffer, eight.byteOffset, 8);
        yield {
          number,
          bytes: NO_BYTES,
          integer: () => safe(Number(view.getBigInt64(0, true))),
          double: () => view.getFloat64(0, true),
        };
        break;
      }
      case 2: {
        const value = reader.take(reader.length());
        yield { number, bytes: value, integer: notANumber, double: notANumber };
        break;
      }
      case 5: {
        const four = reader.take(4);
        const view = new DataView(four.buffer, four.byteOffset, 4);
        yield {
          number,
          bytes: NO_BYTES,
          integer: () => view.getInt32(0, true),
          double: () => view.getFloat32(0, true),
        };
        break;
      }
      default:
        throw new ProtobufFault(`proto: illegal wireType ${tag % 8}`);
    }
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A varint that is small and not negative: tags and lengths. */
  length(): number {
    const value = this.integer();
    if (value < 0 || value > 0xff_ff_ff_ff) throw new ProtobufFault('proto: negative length found during unmarshaling');
    return value;
  }

  /** Up to 64 bits, as signed; exact up to 2^53. */
  integer(): number {
    const start = this.#at;
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#next();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    this.#at = start;
    return this.#wide();
  }

  #wide(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new ProtobufFault('proto: integer overflow');
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new ProtobufFault('unexpected EOF');
    return byte;
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new ProtobufFault('unexpected EOF');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new ProtobufFault('integer out of range');
  return value;
}

function notANumber(): never {
  throw new ProtobufFault('proto: wrong wireType for a number');
}
