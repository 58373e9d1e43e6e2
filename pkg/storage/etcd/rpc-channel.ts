// Calls to whichever of several endpoints answers: one connection at a time, made when it is needed and replaced when it breaks.
// An endpoint that does not do its work is left for the next one. A call that fails says so; repeating it is up to the caller.
import type { Clock } from '../../clock/clock.ts';
import { connectTo, type Endpoint } from './endpoint.ts';
import { encodeHeaders } from './hpack.ts';
import { Http2Connection } from './http2-connection.ts';
import { MessageAssembler } from './message-assembler.ts';
import { failureOf, hasCode, RPC_CODE, RpcError, unavailable } from './rpc-error.ts';
import { RpcStream } from './rpc-stream.ts';

const CONNECT_TIMEOUT_MS = 2000;
const CALL_TIMEOUT_MS = 5000;

export class RpcChannel {
  readonly #endpoints: readonly Endpoint[];
  readonly #clock: Clock;
  readonly #heads = new Map<string, Buffer>();
  /** Which endpoint is used, or tried first. */
  #position = 0;
  #connection: Http2Connection | undefined;
  #connecting: Promise<Http2Connection> | undefined;
  #closed = false;

  constructor(endpoints: readonly Endpoint[], clock: Clock) {
    this.#endpoints = endpoints;
    this.#clock = clock;
  }

  /** Throws RpcError. `path`: `/package.Service/Method`; `message` is one of gRPC, as is the answer, without its prefix. */
  async call(path: string, message: Buffer): Promise<Buffer> {
    const connection = this.#usable() ?? (await this.#connect());
    try {
      return await this.#callOn(connection, path, message);
    } catch (error) {
      if (hasCode(error, RPC_CODE.Unavailable, RPC_CODE.DeadlineExceeded)) this.#leave(connection);
      throw error;
    }
  }

  /** A call whose answer is many messages. Throws RpcError when no endpoint can be reached. */
  async stream(path: string, message: Buffer): Promise<RpcStream> {
    const connection = this.#usable() ?? (await this.#connect());
    const head = this.#headOf(path);
    return new RpcStream(connection, { head, body: message, last: false, deadline: Number.POSITIVE_INFINITY });
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }

  #callOn(connection: Http2Connection, path: string, body: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.elapsed() + CALL_TIMEOUT_MS;
      let answer: Buffer | undefined;
      const messages = new MessageAssembler((bytes) => {
        answer = bytes;
      });
      connection.open(
        { head: this.#headOf(path), body, last: true, deadline },
        {
          data: (bytes) => messages.push(bytes),
          end(headers) {
            const failure = failureOf(headers);
            if (failure !== undefined) reject(failure);
            else if (answer === undefined) reject(new RpcError(RPC_CODE.Internal, 'an answer without a message'));
            else resolve(answer);
          },
          fail: reject,
        },
      );
    });
  }

  #usable(): Http2Connection | undefined {
    return this.#connection?.usable === true ? this.#connection : undefined;
  }

  #connect(): Promise<Http2Connection> {
    this.#connecting ??= this.#connectToAny().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connectToAny(): Promise<Http2Connection> {
    const causes: unknown[] = [];
    for (const _ of this.#endpoints) {
      if (this.#closed) throw unavailable('the channel is closed');
      const endpoint = this.#endpoints[this.#position];
      try {
        if (endpoint !== undefined) return await this.#open(endpoint);
      } catch (cause) {
        causes.push(cause);
        this.#next();
      }
    }
    const why = causes.map((cause) => (cause instanceof Error ? cause.message : String(cause)));
    throw unavailable(`no endpoint can be reached: ${why.join('; ')}`, new AggregateError(causes));
  }

  async #open(endpoint: Endpoint): Promise<Http2Connection> {
    const late = new AbortController();
    using _ = this.#clock.schedule(CONNECT_TIMEOUT_MS, () =>
      late.abort(unavailable(`${endpoint.url} does not answer within ${CONNECT_TIMEOUT_MS / 1000} s`)),
    );
    const connection = new Http2Connection(await connectTo(endpoint, late.signal), this.#clock);
    const giveUp = () => connection.close();
    late.signal.addEventListener('abort', giveUp, { once: true });
    await connection.ready();
    late.signal.removeEventListener('abort', giveUp);
    if (this.#closed) connection.close();
    this.#connection = connection;
    return connection;
  }

  /** With one endpoint there is nowhere to go: a broken connection is replaced, one that works is kept. */
  #leave(connection: Http2Connection): void {
    if (this.#connection !== connection || this.#endpoints.length === 1) return;
    this.#connection = undefined;
    this.#next();
    connection.retire();
  }

  #next(): void {
    this.#position = (this.#position + 1) % this.#endpoints.length;
  }

  #headOf(path: string): Buffer {
    const { authority = '', secure = false } = this.#endpoints[this.#position] ?? {};
    const key = `${authority}${path}`;
    let head = this.#heads.get(key);
    if (head === undefined) {
      head = encodeHeaders([
        [':method', 'POST'],
        [':scheme', secure ? 'https' : 'http'],
        [':path', path],
        [':authority', authority],
        ['content-type', 'application/grpc'],
        ['te', 'trailers'],
        // A member that has lost its cluster says so instead of keeping quiet; etcd's own clients send this too.
        ['hasleader', 'true'],
      ]);
      this.#heads.set(key, head);
    }
    return head;
  }
}
