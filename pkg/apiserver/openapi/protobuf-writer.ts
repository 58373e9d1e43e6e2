// As much of the protobuf wire format as documents need: strings, true flags and nested messages.

const LENGTH_DELIMITED = 2;
const VARINT = 0;

export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  text(field: number, value: string): void {
    this.#delimited(field, Buffer.from(value));
  }

  /** A boolean that is true; false is the default and not written. */
  flag(field: number): void {
    this.#push(varint((field << 3) | VARINT));
    this.#push(varint(1));
  }

  message(field: number, write: (writer: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    this.#delimited(field, inner.finish());
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length);
  }

  #delimited(field: number, bytes: Uint8Array): void {
    this.#push(varint((field << 3) | LENGTH_DELIMITED));
    this.#push(varint(bytes.length));
    this.#push(bytes);
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}

/** A non-negative 32-bit number, seven bits a byte, lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
