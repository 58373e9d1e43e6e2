// A call whose answer is a row of messages, read at the reader's pace: when many wait, the stream is paused and flow control
// holds the server back.
import type { Http2Connection } from './http2-connection.ts';
import type { Http2Stream } from './http2-stream.ts';
import { MessageAssembler } from './message-assembler.ts';
import { failureOf, type RpcError } from './rpc-error.ts';

/** Messages waiting for the reader before the stream is paused. */
const PAUSE_AT = 256;

export class RpcStream {
  readonly #connection: Http2Connection;
  readonly #stream: Http2Stream;
  #waiting: Buffer[] = [];
  #ended = false;
  #failure: RpcError | undefined;
  #wake: (() => void) | undefined;

  constructor(connection: Http2Connection, request: Parameters<Http2Connection['open']>[0]) {
    this.#connection = connection;
    const messages = new MessageAssembler((message) => this.#waiting.push(Buffer.from(message)));
    this.#stream = connection.open(request, {
      data: (bytes) => {
        messages.push(bytes);
        if (this.#waiting.length >= PAUSE_AT) connection.pause(this.#stream);
        this.#wake?.();
      },
      end: (headers) => this.#end(failureOf(headers)),
      fail: (error) => this.#end(error),
    });
  }

  /** Until the server ends the stream or the signal is aborted; throws RpcError when it breaks. Read once. */
  async *messages(signal: AbortSignal): AsyncGenerator<Buffer> {
    const wake = () => this.#wake?.();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        const batch = this.#waiting;
        if (batch.length > 0) {
          this.#waiting = [];
          yield* batch;
          this.#connection.resume(this.#stream);
        } else if (this.#ended) {
          if (this.#failure !== undefined) throw this.#failure;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#connection.cancel(this.#stream);
    }
  }

  #end(failure: RpcError | undefined): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }
}
