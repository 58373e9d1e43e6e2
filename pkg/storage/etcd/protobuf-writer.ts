// Writes the protobuf wire format from its end to its beginning: a message's length is known when it has been written, so
// nothing is measured or copied twice. Fields are therefore given last one first. What comes out is a message of gRPC.

const VARINT = 0;
const LENGTH_DELIMITED = 2;
/** Of a 64-bit number. */
const LONGEST_VARINT = 10;
const PREFIX_LENGTH = 5;

export class ProtobufWriter {
  #bytes: Buffer;
  #at: number;

  /** Grows when `capacity` was too little. */
  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
    this.#at = capacity;
  }

  /** A whole number that is not negative; also a boolean (0 or 1) or an enumeration. */
  number(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field * 8 + VARINT);
  }

  /** A 64-bit number, which may be negative. */
  wide(field: number, value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    const bytes: number[] = [];
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.#put(Uint8Array.from(bytes));
    this.#varint(field * 8 + VARINT);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#put(value);
    this.#varint(value.length);
    this.#varint(field * 8 + LENGTH_DELIMITED);
  }

  message(field: number, write: () => void): void {
    const before = this.#length;
    write();
    this.#varint(this.#length - before);
    this.#varint(field * 8 + LENGTH_DELIMITED);
  }

  /** As gRPC sends it: behind a byte that says "not compressed" and the length. */
  finish(): Buffer {
    const length = this.#length;
    this.#reserve(PREFIX_LENGTH);
    this.#at -= PREFIX_LENGTH;
    this.#bytes[this.#at] = 0;
    this.#bytes.writeUInt32BE(length, this.#at + 1);
    return this.#bytes.subarray(this.#at);
  }

  get #length(): number {
    return this.#bytes.length - this.#at;
  }

  #varint(value: number): void {
    this.#reserve(LONGEST_VARINT);
    if (value < 0x80) {
      this.#bytes[--this.#at] = value;
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    this.#at -= size;
    let rest = value;
    for (let index = 0; index < size - 1; index++) {
      this.#bytes[this.#at + index] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at + size - 1] = rest;
  }

  #put(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#bytes.set(value, this.#at);
  }

  #reserve(size: number): void {
    if (size <= this.#at) return;
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2 + size);
    const at = larger.length - this.#length;
    this.#bytes.copy(larger, at, this.#at);
    this.#bytes = larger;
    this.#at = at;
  }
}
