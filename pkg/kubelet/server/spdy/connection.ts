// The server's side of a SPDY/3.1 connection over any byte stream: streams that the client opens, as Duplexes. No flow control,
// which Kubernetes' clients do not have either: a stream that is not read holds up the whole connection instead. Pings are
// answered. Ends with its transport; disposing it ends both.
import { Duplex } from 'node:stream';
import { AsyncQueue } from '../async-queue.ts';
import { cutFrames, dataBytes, pingBytes, replyBytes, resetBytes, type Frame } from './frames.ts';
import { HeaderCodec, type Headers } from './header-codec.ts';

const MOST_STREAMS = 512;

export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #connection: SpdyConnection;
  #wantsMore: (() => void) | undefined;

  constructor(id: number, headers: Headers, connection: SpdyConnection) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#connection = connection;
    this.on('error', () => undefined); // told by its end; nobody may be listening
  }

  /** Resolves when more may come. */
  async deliver(data: Buffer): Promise<void> {
    if (this.destroyed || this.readableEnded || data.length === 0) return;
    if (this.push(data)) return;
    await new Promise<void>((resolve) => {
      this.#wantsMore = resolve;
      this.once('close', resolve);
    });
  }

  override _read(): void {
    this.#wantsMore?.();
    this.#wantsMore = undefined;
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    void settle(this.#connection.send(dataBytes(this.id, data, false)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    void settle(this.#connection.send(dataBytes(this.id, new Uint8Array(), true)), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#connection.forget(this, error !== null || !this.writableFinished);
    done(error);
  }
}

async function settle(task: Promise<void>, done: (error?: Error | null) => void): Promise<void> {
  try {
    await task;
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done();
}

export class SpdyConnection implements Disposable {
  /** Those that the client opens; ends with the connection. */
  readonly streams: AsyncIterable<SpdyStream>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #transport: Duplex;
  readonly #codec = new HeaderCodec();
  readonly #opened = new AsyncQueue<SpdyStream>(MOST_STREAMS);
  readonly #byId = new Map<number, SpdyStream>();
  #room: Promise<void> | undefined;

  constructor(transport: Duplex) {
    this.#transport = transport;
    this.streams = this.#opened;
    this.closed = this.#receive();
  }

  async send(bytes: Buffer): Promise<void> {
    if (this.#transport.destroyed || this.#transport.writableEnded) return;
    if (!this.#transport.write(bytes)) await (this.#room ??= this.#waitForRoom());
  }

  /** One wait for all streams that want to send. */
  async #waitForRoom(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#transport.off('drain', done);
        this.#transport.off('close', done);
        resolve();
      };
      this.#transport.on('drain', done);
      this.#transport.on('close', done);
    });
    this.#room = undefined;
  }

  forget(stream: SpdyStream, tell: boolean): void {
    if (!this.#byId.delete(stream.id) || !tell) return;
    void this.send(resetBytes(stream.id));
  }

  [Symbol.dispose](): void {
    this.#transport.end();
  }

  async #receive(): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const read of this.#transport as AsyncIterable<Buffer>) {
        const { frames, rest: left } = cutFrames(rest.length === 0 ? read : Buffer.concat([rest, read]));
        rest = left;
        for (const frame of frames) await this.#handle(frame);
      }
    } catch (error) {
      // What is no SPDY ends the connection; so does a transport that breaks.
      this.#transport.destroy(error instanceof Error ? error : undefined);
    } finally {
      this.#opened.end();
      for (const stream of this.#byId.values()) stream.destroy();
      this.#byId.clear();
      this.#codec[Symbol.dispose]();
    }
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'syn-stream': {
        const headers = await this.#codec.decode(frame.block);
        if (this.#byId.size >= MOST_STREAMS) return await this.send(resetBytes(frame.stream));
        const stream = new SpdyStream(frame.stream, headers, this);
        this.#byId.set(frame.stream, stream);
        await this.send(replyBytes(frame.stream, await this.#codec.encode(new Map())));
        if (frame.last) stream.push(null);
        this.#opened.put(stream);
        return;
      }
      case 'data': {
        const stream = this.#byId.get(frame.stream);
        await stream?.deliver(frame.data);
        if (frame.last) stream?.push(null);
        return;
      }
      case 'rst-stream':
        this.#byId.get(frame.stream)?.destroy();
        return;
      case 'ping':
        await this.send(pingBytes(frame.id));
        return;
      case 'goaway':
      case 'other':
        return;
    }
  }
}
