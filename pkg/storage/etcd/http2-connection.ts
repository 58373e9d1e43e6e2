// One connection to a server, as a client of HTTP/2 (RFC 9113) that sends requests and reads answers: many streams at a time,
// flow control both ways, deadlines, and pings while it waits, so that a peer that is gone is noticed. Nothing is retried here.
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock/clock.ts';
import { HeaderBlocks } from './header-blocks.ts';
import type { Headers } from './hpack.ts';
import {
  content,
  DEFAULT_WINDOW,
  ERROR_CODE,
  FLAG,
  FRAME,
  frame,
  FrameReader,
  Http2Fault,
  LARGEST_WINDOW,
  numberAt,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
  settingsOf,
  type Frame,
} from './http2-frames.ts';
import { Http2Sender } from './http2-sender.ts';
import { Http2Stream, type StreamReader } from './http2-stream.ts';
import { RPC_CODE, RpcError, unavailable } from './rpc-error.ts';

/** What one stream may send us before we have read it; room is given anew when half of it is used. */
const STREAM_WINDOW = 4 * 1024 * 1024;
/** All streams together: streams that are not read must not hold the others up. */
const CONNECTION_CREDIT = 16 * 1024 * 1024;
/** How often deadlines and the peer's life are looked at while anything is waited for. */
const TICK_MS = 1000;
const PING_AFTER_MS = 10_000;
const PONG_WITHIN_MS = 5000;
const LAST_STREAM = 2 ** 31 - 3;

interface Opening {
  readonly stream: Http2Stream;
  readonly head: Buffer;
  readonly body: Buffer;
  readonly last: boolean;
}

export class Http2Connection {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #sender: Http2Sender;
  readonly #frames = new FrameReader();
  readonly #streams = new Map<number, Http2Stream>();
  /** Beyond what the peer wants to have open at a time; their deadlines bound how long they wait. */
  #openings: Opening[] = [];
  #mostStreams = Number.POSITIVE_INFINITY;
  #nextStream = 1;
  #owed = 0;
  readonly #blocks = new HeaderBlocks();
  #heardAt: number;
  #pingedAt: number | undefined;
  #tick: Disposable | undefined;
  #retired = false;
  #closed: RpcError | undefined;
  #ready = Promise.withResolvers<void>();

  /** Takes over a socket that is connected. */
  constructor(socket: Duplex, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#heardAt = clock.elapsed();
    this.#sender = new Http2Sender((bytes) => {
      if (this.#closed === undefined) socket.write(bytes);
    });
    this.#ready.promise.catch(() => undefined);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (cause) => this.#close(unavailable(`the connection broke: ${cause.message}`, cause)));
    socket.on('close', () => this.#close(unavailable('the connection was closed')));
    this.#sender.frame(PREFACE);
    this.#sender.frame(
      settingsFrame([
        [SETTING.headerTableSize, 0],
        [SETTING.enablePush, 0],
        [SETTING.initialWindowSize, STREAM_WINDOW],
      ]),
    );
    this.#sender.frame(numberFrame(FRAME.windowUpdate, 0, LARGEST_WINDOW - DEFAULT_WINDOW));
  }

  /** Resolves when the peer has said how it wants to be spoken to, which shows that it is there. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Whether new streams can be opened. */
  get usable(): boolean {
    return !this.#retired && this.#closed === undefined;
  }

  /** `head`: an encoded header block. `last`: nothing follows `body`. */
  open(request: { head: Buffer; body: Buffer; last: boolean; deadline: number }, reader: StreamReader): Http2Stream {
    const { head, body, last, deadline } = request;
    const stream = new Http2Stream(reader, deadline);
    const opening = { stream, head, body, last };
    if (this.#closed !== undefined) reader.fail(this.#closed);
    else if (this.#streams.size < this.#mostStreams) this.#start(opening);
    else this.#openings.push(opening);
    this.#tick ??= this.#clock.schedule(TICK_MS, () => this.#look());
    return stream;
  }

  /** Nobody wants the rest of it; its reader is not told. */
  cancel(stream: Http2Stream): void {
    if (stream.id === 0) this.#openings = this.#openings.filter((opening) => opening.stream !== stream);
    if (!this.#streams.has(stream.id)) return;
    this.#sender.frame(numberFrame(FRAME.resetStream, stream.id, ERROR_CODE.cancel));
    this.#remove(stream);
  }

  /** The peer may send what is under way and at most a window more. */
  pause(stream: Http2Stream): void {
    stream.paused = true;
  }

  resume(stream: Http2Stream): void {
    if (!stream.paused) return;
    stream.paused = false;
    if (this.#streams.has(stream.id)) this.#giveRoom(stream);
  }

  /** Opens no more streams, breaks off those without a deadline, and closes when the others have ended. */
  retire(): void {
    this.#retired = true;
    for (const stream of this.#streams.values()) {
      if (stream.deadline === Number.POSITIVE_INFINITY) this.#fail(stream, unavailable('the connection is given up'));
    }
    this.#closeWhenIdle();
  }

  close(): void {
    this.#close(new RpcError(RPC_CODE.Cancelled, 'the connection was closed by this side'));
  }

  #start({ stream, head, body, last }: Opening): void {
    stream.id = this.#nextStream;
    this.#nextStream += 2;
    if (stream.id >= LAST_STREAM) this.#retired = true;
    this.#streams.set(stream.id, stream);
    this.#sender.request(stream, head, body, last);
  }

  #receive(chunk: Buffer): void {
    this.#heardAt = this.#clock.elapsed();
    this.#pingedAt = undefined;
    try {
      this.#frames.push(chunk, (received) => this.#handle(received));
    } catch (cause) {
      // The reader of frames and headers throws for a peer that cannot be understood, and then nothing behind it can.
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#close(unavailable(`the peer is not understood: ${why}`, cause));
    }
  }

  #handle(received: Frame): void {
    this.#blocks.expect(received.type);
    switch (received.type) {
      case FRAME.data:
        return this.#handleData(received);
      case FRAME.headers:
      case FRAME.continuation:
        return this.#handleHeaders(received);
      case FRAME.resetStream:
        return this.#handleReset(received);
      case FRAME.settings:
        return this.#handleSettings(received);
      case FRAME.ping:
        if ((received.flags & FLAG.ack) === 0) {
          this.#sender.frame(frame(FRAME.ping, FLAG.ack, 0, received.payload));
        }
        return;
      case FRAME.goAway:
        return this.#handleGoAway(received);
      case FRAME.windowUpdate:
        return this.#handleWindowUpdate(received);
    }
  }

  #handleData(received: Frame): void {
    const { length } = received.payload;
    this.#owed += length;
    if (this.#owed >= CONNECTION_CREDIT) {
      this.#sender.frame(numberFrame(FRAME.windowUpdate, 0, this.#owed));
      this.#owed = 0;
    }
    const stream = this.#streams.get(received.stream);
    if (stream === undefined) return;
    stream.owed += length;
    stream.reader.data(content(received));
    if ((received.flags & FLAG.endStream) !== 0) this.#finish(stream, stream.headers ?? new Map());
    else if (!stream.paused) this.#giveRoom(stream);
  }

  #giveRoom(stream: Http2Stream): void {
    if (stream.owed < STREAM_WINDOW / 2) return;
    this.#sender.frame(numberFrame(FRAME.windowUpdate, stream.id, stream.owed));
    stream.owed = 0;
  }

  #handleHeaders(received: Frame): void {
    const block = this.#blocks.add(received);
    const stream = block === undefined ? undefined : this.#streams.get(block.stream);
    if (block === undefined || stream === undefined) return;
    stream.headers = block.headers;
    if (block.last) this.#finish(stream, block.headers);
  }

  #handleReset(received: Frame): void {
    const stream = this.#streams.get(received.stream);
    if (stream === undefined) return;
    const reason = numberAt(received, 0);
    const code =
      reason === ERROR_CODE.refusedStream || reason === ERROR_CODE.enhanceYourCalm
        ? RPC_CODE.Unavailable
        : reason === ERROR_CODE.cancel
          ? RPC_CODE.Cancelled
          : RPC_CODE.Internal;
    this.#remove(stream);
    stream.reader.fail(new RpcError(code, `the peer broke the stream off (${reason})`));
  }

  #handleSettings(received: Frame): void {
    if ((received.flags & FLAG.ack) !== 0) return;
    for (const [id, value] of settingsOf(received)) {
      if (id === SETTING.maxConcurrentStreams) this.#mostStreams = value;
      else if (id === SETTING.maxFrameSize) this.#sender.setFrameSize(value);
      else if (id === SETTING.initialWindowSize) {
        if (value > LARGEST_WINDOW) throw new Http2Fault('a window is too large');
        this.#sender.setStreamWindow(value, this.#streams.values());
      }
    }
    this.#sender.frame(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    this.#ready.resolve();
    this.#startNext();
  }

  /** The peer takes no new streams, and has not looked at those after the one it names. */
  #handleGoAway(received: Frame): void {
    const last = numberAt(received, 0);
    this.#retired = true;
    const gone = unavailable('the peer is going away');
    for (const { stream } of this.#openings.splice(0)) stream.reader.fail(gone);
    for (const stream of this.#streams.values()) if (stream.id > last) this.#fail(stream, gone);
    this.#closeWhenIdle();
  }

  #handleWindowUpdate(received: Frame): void {
    const stream = this.#streams.get(received.stream);
    if (received.stream !== 0 && stream === undefined) return;
    if (this.#sender.grant(stream, numberAt(received, 0))) return;
    if (stream === undefined) throw new Http2Fault('the window of the connection is too large');
    this.#fail(stream, new RpcError(RPC_CODE.Internal, 'the window of the stream is too large'));
  }

  #look(): void {
    this.#tick = undefined;
    if (this.#closed !== undefined) return;
    const now = this.#clock.elapsed();
    const late = new RpcError(RPC_CODE.DeadlineExceeded, 'no answer in time');
    for (const stream of this.#streams.values()) if (stream.deadline <= now) this.#fail(stream, late);
    for (const { stream } of this.#openings.filter((opening) => opening.stream.deadline <= now)) {
      this.cancel(stream);
      stream.reader.fail(late);
    }
    if (this.#streams.size === 0) return;
    if (this.#pingedAt !== undefined && now - this.#pingedAt >= PONG_WITHIN_MS) {
      return this.#close(unavailable('the peer does not answer'));
    }
    if (this.#pingedAt === undefined && now - this.#heardAt >= PING_AFTER_MS) {
      this.#pingedAt = now;
      this.#sender.frame(frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    }
    this.#tick = this.#clock.schedule(TICK_MS, () => this.#look());
  }

  #finish(stream: Http2Stream, headers: Headers): void {
    this.#remove(stream);
    stream.reader.end(headers);
  }

  #fail(stream: Http2Stream, error: RpcError): void {
    this.cancel(stream);
    stream.reader.fail(error);
  }

  #remove(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#sender.drop(stream);
    this.#startNext();
    this.#closeWhenIdle();
  }

  #startNext(): void {
    while (this.#openings.length > 0 && this.#streams.size < this.#mostStreams) {
      const opening = this.#openings.shift();
      if (opening !== undefined) this.#start(opening);
    }
  }

  #closeWhenIdle(): void {
    if (!this.#retired || this.#streams.size > 0 || this.#openings.length > 0) return;
    this.#close(unavailable('the connection is given up'));
  }

  #close(why: RpcError): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    this.#tick?.[Symbol.dispose]();
    this.#socket.destroy();
    this.#ready.reject(why);
    const waiting = [...this.#streams.values(), ...this.#openings.map(({ stream }) => stream)];
    this.#streams.clear();
    this.#openings = [];
    for (const { reader } of waiting) reader.fail(why);
  }
}
