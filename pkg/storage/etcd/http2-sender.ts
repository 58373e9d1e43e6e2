// The sending half of a connection: keeps to the peer's windows, and gathers what is sent in one turn of the event loop into
// one write, as each write costs a system call here and a wake-up there.
import {
  HEADER_LENGTH,
  DEFAULT_FRAME_SIZE,
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  LARGEST_WINDOW,
  putHeader,
} from './http2-frames.ts';
import type { Http2Stream } from './http2-stream.ts';

interface Unsent {
  readonly stream: Http2Stream;
  readonly body: Buffer;
  readonly last: boolean;
  at: number;
}

export class Http2Sender {
  readonly #write: (bytes: Buffer) => void;
  #gathered: Buffer[] = [];
  #window = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;
  #frameSize = DEFAULT_FRAME_SIZE;
  /** Bodies that wait for room, oldest first; the callers' deadlines bound how many and how long. */
  #unsent: Unsent[] = [];

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  /** Opens a stream that has its id; `last`: nothing follows this body. */
  request(stream: Http2Stream, head: Buffer, body: Buffer, last: boolean): void {
    stream.sendWindow = this.#streamWindow;
    const whole = this.#unsent.length === 0 && body.length <= this.#roomFor(stream);
    const start = Buffer.allocUnsafe(HEADER_LENGTH + head.length + (whole ? HEADER_LENGTH : 0));
    putHeader(start, 0, { length: head.length, type: FRAME.headers, flags: FLAG.endHeaders, stream: stream.id });
    head.copy(start, HEADER_LENGTH);
    if (!whole) {
      this.frame(start);
      this.#unsent.push({ stream, body, last, at: 0 });
      this.#pump();
      return;
    }
    const flags = last ? FLAG.endStream : 0;
    putHeader(start, HEADER_LENGTH + head.length, { length: body.length, type: FRAME.data, flags, stream: stream.id });
    this.#take(stream, body.length);
    this.frame(start);
    this.frame(body);
  }

  /** A frame that no window holds back. */
  frame(bytes: Buffer): void {
    if (this.#gathered.push(bytes) === 1) setImmediate(() => this.#flush());
  }

  /** Forgets what a stream has yet to send. */
  drop(stream: Http2Stream): void {
    if (this.#unsent.length > 0) this.#unsent = this.#unsent.filter((unsent) => unsent.stream !== stream);
  }

  /** The peer has room for so many bytes more, on one stream or on the connection; false: more than there can be. */
  grant(stream: Http2Stream | undefined, bytes: number): boolean {
    if (stream === undefined) this.#window += bytes;
    else stream.sendWindow += bytes;
    this.#pump();
    return (stream === undefined ? this.#window : stream.sendWindow) <= LARGEST_WINDOW;
  }

  /** Of every stream, those that are open included. */
  setStreamWindow(bytes: number, streams: Iterable<Http2Stream>): void {
    for (const stream of streams) stream.sendWindow += bytes - this.#streamWindow;
    this.#streamWindow = bytes;
    this.#pump();
  }

  setFrameSize(bytes: number): void {
    this.#frameSize = bytes;
  }

  #pump(): void {
    if (this.#unsent.length === 0) return;
    for (const unsent of this.#unsent) {
      const { stream, body, last } = unsent;
      while (unsent.at < body.length) {
        const size = Math.min(this.#roomFor(stream), body.length - unsent.at);
        if (size <= 0) break;
        const end = unsent.at + size;
        const start = Buffer.allocUnsafe(HEADER_LENGTH);
        const flags = last && end === body.length ? FLAG.endStream : 0;
        putHeader(start, 0, { length: size, type: FRAME.data, flags, stream: stream.id });
        this.frame(start);
        this.frame(body.subarray(unsent.at, end));
        this.#take(stream, size);
        unsent.at = end;
      }
    }
    this.#unsent = this.#unsent.filter(({ at, body }) => at < body.length);
  }

  #roomFor(stream: Http2Stream): number {
    return Math.min(this.#frameSize, this.#window, stream.sendWindow);
  }

  #take(stream: Http2Stream, bytes: number): void {
    this.#window -= bytes;
    stream.sendWindow -= bytes;
  }

  #flush(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    const [only] = gathered;
    this.#write(gathered.length === 1 && only !== undefined ? only : Buffer.concat(gathered));
  }
}
