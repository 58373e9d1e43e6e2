// Header blocks as they come in: HEADERS and the CONTINUATIONs behind it are one block, and nothing may stand between them.
import { decodeHeaders, type Headers } from './hpack.ts';
import { content, FLAG, FRAME, Http2Fault, type Frame } from './http2-frames.ts';

const MOST_HEADER_BYTES = 64 * 1024;
const MOST_KNOWN_BLOCKS = 16;
const LONGEST_KNOWN_BLOCK = 256;

export interface HeaderBlock {
  readonly stream: number;
  readonly headers: Headers;
  /** Nothing follows on this stream. */
  readonly last: boolean;
}

export class HeaderBlocks {
  #open: { readonly stream: number; readonly last: boolean; readonly parts: Buffer[]; size: number } | undefined;
  readonly #known = new Map<string, Headers>();

  /** Throws Http2Fault for another frame in the middle of a block. */
  expect(type: number): void {
    if (this.#open !== undefined && type !== FRAME.continuation) throw new Http2Fault('headers are interrupted');
  }

  /** Takes a HEADERS or CONTINUATION frame; answers when the block is whole. Throws Http2Fault or HpackFault. */
  add(received: Frame): HeaderBlock | undefined {
    const { type, stream, flags } = received;
    if (type === FRAME.headers) {
      this.#open = { stream, last: (flags & FLAG.endStream) !== 0, parts: [], size: 0 };
    }
    const block = this.#open;
    if (block?.stream !== stream) throw new Http2Fault('headers begin in the middle');
    const part = content(received);
    block.parts.push(part);
    block.size += part.length;
    if (block.size > MOST_HEADER_BYTES) throw new Http2Fault('headers are too large');
    if ((flags & FLAG.endHeaders) === 0) return undefined;
    this.#open = undefined;
    const whole = block.parts.length === 1 ? part : Buffer.concat(block.parts);
    return { stream, headers: this.#decode(whole), last: block.last };
  }

  /** Answers that are alike have the same headers, to the byte. */
  #decode(bytes: Buffer): Headers {
    if (bytes.length > LONGEST_KNOWN_BLOCK) return decodeHeaders(bytes);
    const key = bytes.toString('latin1');
    let headers = this.#known.get(key);
    if (headers === undefined) {
      headers = decodeHeaders(bytes);
      if (this.#known.size >= MOST_KNOWN_BLOCKS) this.#known.clear();
      this.#known.set(key, headers);
    }
    return headers;
  }
}
