// Header blocks of SPDY/3.1: name and value pairs, compressed in one zlib stream for the whole connection and direction, so
// that blocks must be taken in their order.
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { DICTIONARY } from './dictionary.ts';

export type Headers = ReadonlyMap<string, string>;

const MOST_HEADERS = 100;
const MOST_BLOCK_BYTES = 64 * 1024;

export class HeaderCodec implements Disposable {
  readonly #inflate: Inflate = createInflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  readonly #deflate: Deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });

  /** Rejects for a block that is none. */
  async decode(block: Buffer): Promise<Headers> {
    return parse(await passedThrough(this.#inflate, block));
  }

  async encode(headers: Headers): Promise<Buffer> {
    const parts: Buffer[] = [numberBytes(headers.size)];
    for (const [name, value] of headers) {
      for (const text of [name, value]) {
        const bytes = Buffer.from(text);
        parts.push(numberBytes(bytes.length), bytes);
      }
    }
    return await passedThrough(this.#deflate, Buffer.concat(parts));
  }

  [Symbol.dispose](): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

function passedThrough(codec: Inflate | Deflate, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    codec.once('error', reject);
    codec.write(bytes, () => {
      codec.off('error', reject);
      const pieces: Buffer[] = [];
      for (;;) {
        const piece: unknown = codec.read();
        if (!(piece instanceof Buffer)) break;
        pieces.push(piece);
      }
      resolve(Buffer.concat(pieces));
    });
  });
}

function parse(bytes: Buffer): Headers {
  if (bytes.length > MOST_BLOCK_BYTES) throw new Error('SPDY: a header block is too long');
  const headers = new Map<string, string>();
  const count = bytes.readUInt32BE(0);
  if (count > MOST_HEADERS) throw new Error('SPDY: too many headers');
  let at = 4;
  const text = () => {
    const length = bytes.readUInt32BE(at);
    const end = at + 4 + length;
    if (end > bytes.length) throw new Error('SPDY: a header block ends early');
    const value = bytes.toString('utf8', at + 4, end);
    at = end;
    return value;
  };
  for (let index = 0; index < count; index++) {
    const name = text().toLowerCase();
    headers.set(name, text());
  }
  return headers;
}

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
