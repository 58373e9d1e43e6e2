// Puts the messages of one gRPC stream together again out of the pieces in which they arrive.
import { Http2Fault } from './http2-frames.ts';

const PREFIX_LENGTH = 5;
/** A page of a list may be large; beyond this the peer is not what we take it for. */
const LARGEST_MESSAGE = 1024 * 1024 * 1024;

export class MessageAssembler {
  readonly #each: (message: Buffer) => void;
  #pieces: Buffer[] = [];
  #size = 0;
  /** Of the message that is arriving, its prefix included; undefined until that is known. */
  #wanted: number | undefined;

  /** What `each` gets may be part of a larger buffer: copy what is to be kept. */
  constructor(each: (message: Buffer) => void) {
    this.#each = each;
  }

  /** Throws Http2Fault for what cannot be a message. */
  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    while (this.#size >= (this.#wanted ?? PREFIX_LENGTH)) {
      const [first] = this.#pieces;
      const all = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
      const end = PREFIX_LENGTH + lengthOf(all);
      this.#wanted = end;
      const whole = this.#size >= end;
      this.#pieces = whole ? [all.subarray(end)] : [all];
      if (!whole) return;
      this.#size -= end;
      this.#wanted = undefined;
      this.#each(all.subarray(PREFIX_LENGTH, end));
    }
  }
}

function lengthOf(message: Buffer): number {
  if (message[0] !== 0) throw new Http2Fault('a message is compressed, which was not asked for');
  const length = message.readUInt32BE(1);
  if (length > LARGEST_MESSAGE) throw new Http2Fault(`a message of ${length} bytes is too large`);
  return length;
}
