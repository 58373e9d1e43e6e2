// Reads the protobuf wire format in order: a tag says which field comes and how it is written; whoever reads knows the message's
// type and takes or skips the field. Never looks behind the end of the message it was given.

/** Bytes that are no protobuf message, or not the one that was expected. */
export class ProtobufFault extends Error {
  override readonly name = 'ProtobufFault';
}

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  done(): boolean {
    return this.#at >= this.#end;
  }

  /** A varint that is small and not negative: tags and lengths. A tag is the field's number times 8 plus its wire type. */
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
    return Number(this.wide());
  }

  /** Up to 64 bits, as signed. */
  wide(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new ProtobufFault('proto: integer overflow');
  }

  /** The next so many bytes, not copied. */
  take(length: number): Uint8Array {
    const start = this.#pass(length);
    return this.#bytes.subarray(start, this.#at);
  }

  /** The next field, which is a message: its own reader. */
  message(): ProtobufReader {
    const start = this.#pass(this.length());
    return new ProtobufReader(this.#bytes, start, this.#at);
  }

  /** Passes over the field whose tag was read. */
  skip(tag: number): void {
    switch (tag % 8) {
      case 0:
        while (this.#next() >= 0x80);
        return;
      case 1:
        this.#pass(8);
        return;
      case 2:
        this.#pass(this.length());
        return;
      case 5:
        this.#pass(4);
        return;
      default:
        throw illegalWireType(tag);
    }
  }

  #next(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at++] : undefined;
    if (byte === undefined) throw new ProtobufFault('unexpected EOF');
    return byte;
  }

  #pass(length: number): number {
    if (length > this.#end - this.#at) throw new ProtobufFault('unexpected EOF');
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

export function illegalWireType(tag: number): ProtobufFault {
  return new ProtobufFault(`proto: illegal wireType ${tag % 8}`);
}
