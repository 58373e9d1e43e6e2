// Header blocks of HTTP/2 (RFC 7541), as much as a client needs that offers no dynamic table: what it sends is written out in
// full, what it receives refers to the static table only.
import { HUFFMAN_SYMBOLS, STATIC_HEADERS } from './hpack-tables.ts';

export type Headers = ReadonlyMap<string, string>;

/** A block that breaks the rules: the connection cannot be used any more. */
export class HpackFault extends Error {
  override readonly name = 'HpackFault';
}

/** Names and values are ASCII. */
export function encodeHeaders(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of headers) parts.push(Buffer.of(0), literal(name), literal(value));
  return Buffer.concat(parts);
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([prefixedInteger(bytes.length, 7), bytes]);
}

/** RFC 7541, 5.1: what fits into the prefix stands there, the rest follows seven bits a byte. */
function prefixedInteger(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.of(value);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Throws HpackFault. Of a name that comes twice the last value counts. */
export function decodeHeaders(block: Uint8Array): Headers {
  const headers = new Map<string, string>();
  const reader = new BlockReader(block);
  while (!reader.done()) {
    const first = reader.peek();
    if (first >= 0x80) {
      const [name, value] = staticHeader(reader.integer(7));
      headers.set(name, value);
    } else if (first >= 0x20 && first < 0x40) {
      // We offer no table, so its size can only be said to be nothing.
      if (reader.integer(5) !== 0) throw new HpackFault('the dynamic table is larger than was offered');
    } else {
      const index = reader.integer(first >= 0x40 ? 6 : 4);
      const name = index === 0 ? reader.text() : staticHeader(index)[0];
      headers.set(name, reader.text());
    }
  }
  return headers;
}

function staticHeader(index: number): readonly [name: string, value: string] {
  const header = STATIC_HEADERS[index - 1];
  if (header === undefined) throw new HpackFault(`no header has the index ${index}`);
  return header;
}

class BlockReader {
  readonly #block: Uint8Array;
  #at = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  done(): boolean {
    return this.#at >= this.#block.length;
  }

  peek(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw new HpackFault('the header block ends too early');
    return byte;
  }

  integer(bits: number): number {
    const most = 2 ** bits - 1;
    let value = this.#next() & most;
    if (value < most) return value;
    for (let factor = 1; factor <= 2 ** 28; factor *= 0x80) {
      const byte = this.#next();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new HpackFault('an integer is too long');
  }

  text(): string {
    const packed = this.peek() >= 0x80;
    const length = this.integer(7);
    const end = this.#at + length;
    if (end > this.#block.length) throw new HpackFault('a string ends too early');
    const bytes = this.#block.subarray(this.#at, end);
    this.#at = end;
    return packed ? unpack(bytes) : Buffer.from(bytes).toString('latin1');
  }

  #next(): number {
    const byte = this.peek();
    this.#at++;
    return byte;
  }
}

interface Branch {
  readonly next: [Branch | number | undefined, Branch | number | undefined];
}

const huffman = huffmanTree();

function huffmanTree(): Branch {
  const root: Branch = { next: [undefined, undefined] };
  let code = 0;
  let length = 0;
  for (const [bits, symbols] of HUFFMAN_SYMBOLS) {
    code *= 2 ** (bits - length);
    length = bits;
    for (const symbol of symbols) place(root, code++, bits, symbol);
  }
  return root;
}

function place(root: Branch, code: number, bits: number, symbol: number): void {
  let at = root;
  for (let bit = bits - 1; bit > 0; bit--) {
    const side = sideOf(code, bit);
    let next = at.next[side];
    if (typeof next !== 'object') {
      next = { next: [undefined, undefined] };
      at.next[side] = next;
    }
    at = next;
  }
  at.next[sideOf(code, 0)] = symbol;
}

function sideOf(bits: number, position: number): 0 | 1 {
  return ((bits >>> position) & 1) === 0 ? 0 : 1;
}

/** Less than a byte of ones may remain at the end. */
function unpack(bytes: Uint8Array): string {
  let text = '';
  let at = huffman;
  let padding = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const side = sideOf(byte, bit);
      const next = at.next[side];
      if (next === undefined) throw new HpackFault('a string is not in the Huffman code');
      if (typeof next === 'number') {
        text += String.fromCharCode(next);
        at = huffman;
        padding = 0;
      } else {
        at = next;
        padding = side === 1 && padding >= 0 ? padding + 1 : -1;
      }
    }
  }
  if (at !== huffman && (padding < 0 || padding > 7)) throw new HpackFault('a string has a wrong end');
  return text;
}
