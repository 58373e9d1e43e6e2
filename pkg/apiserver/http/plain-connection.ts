// Connections whose requests are read and answered here, one after another, as long as they are plain (plain-head.ts): what
// node:http adds to such a request is a good part of what HTTP and TLS cost. With the first one that is not, the connection goes
// to node:http for good. Whoever sends nothing, or sends too slowly, is cut off as there.
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock/clock.ts';
import { Departure } from './departure.ts';
import { PlainHeadReader, type PlainHead } from './plain-head.ts';
import { PlainResponse } from './plain-response.ts';
import { BODY_LIMIT } from './read-request.ts';

export interface PlainRequest extends PlainHead {
  readonly socket: Duplex;
  readonly body: Buffer;
}

export interface PlainLimits {
  /** From the beginning of the connection to its first request. */
  readonly headersMs: number;
  /** Until the body of a request has come too. */
  readonly requestMs: number;
  /** Between an answer and the next request. */
  readonly keepAliveMs: number;
}

export interface PlainOptions {
  readonly clock: Clock;
  readonly limits: PlainLimits;
  /** Resolves when all of the answer has been given to the response; never rejects. */
  readonly answer: (request: PlainRequest, response: PlainResponse, gone: Departure) => Promise<void>;
  /** Dispose what it gives when the answer has left this process, or will not. */
  readonly begin: () => Disposable;
  /** Takes over a connection, of which `bytes` have been read. */
  readonly handOver: (socket: Duplex, bytes: Buffer) => void;
}

/** What is read ahead of an answer: most clients send nothing, some the next request. */
const MOST_AHEAD = 64 * 1024;
const CHECK_MS = 5000;
const TOO_SLOW = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';
const HEAD_END = '\r\n\r\n';

export class PlainConnections implements Disposable {
  readonly #options: PlainOptions;
  readonly #all = new Set<PlainConnection>();
  #timer: Disposable | undefined;

  constructor(options: PlainOptions) {
    this.#options = options;
  }

  accept(socket: Duplex): void {
    const connection = new PlainConnection(socket, this.#options, () => this.#all.delete(connection));
    this.#all.add(connection);
    connection.start();
    this.#timer ??= this.#options.clock.schedule(CHECK_MS, () => this.#check());
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #check(): void {
    this.#timer = undefined;
    const now = this.#options.clock.elapsed();
    for (const connection of this.#all) connection.check(now);
    if (this.#all.size > 0) this.#timer = this.#options.clock.schedule(CHECK_MS, () => this.#check());
  }
}

class PlainConnection {
  readonly #socket: Duplex;
  readonly #options: PlainOptions;
  readonly #ended: () => void;
  readonly #reader = new PlainHeadReader();
  /** Came behind the request that is being answered. */
  #rest: Buffer | undefined;
  /** Its body has yet to come, or it is being answered. */
  #head: PlainHead | undefined;
  #parts: Buffer[] = [];
  #missing = 0;
  #answering: { readonly gone: Departure; readonly open: Disposable } | undefined;
  #served = false;
  /** Of the connection, of the request's head, of the last answer: what is waited for now began then. */
  #since: number;

  constructor(socket: Duplex, options: PlainOptions, ended: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#ended = ended;
    this.#since = options.clock.elapsed();
  }

  start(): void {
    this.#socket.on('data', this.#take).on('close', this.#close).on('error', this.#fail);
  }

  check(now: number): void {
    if (this.#answering !== undefined) return;
    const { headersMs, requestMs, keepAliveMs } = this.#options.limits;
    const waited = now - this.#since;
    if (this.#head === undefined && this.#served) {
      if (waited > keepAliveMs) this.#socket.destroy();
    } else if (waited > (this.#head === undefined ? headersMs : requestMs)) {
      this.#socket.end(TOO_SLOW, () => this.#socket.destroy());
    }
  }

  readonly #take = (bytes: Buffer): void => {
    if (this.#answering !== undefined) this.#keep(bytes);
    else if (this.#head !== undefined) this.#readBody(this.#head, bytes);
    else this.#readHead(bytes);
  };

  readonly #close = (): void => {
    this.#ended();
    this.#answering?.gone.leave();
    this.#answering?.open[Symbol.dispose]();
  };

  readonly #fail = (): void => {
    this.#socket.destroy();
  };

  #keep(bytes: Buffer): void {
    this.#rest = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#rest.length > MOST_AHEAD) this.#socket.pause();
  }

  #readHead(bytes: Buffer): void {
    // Nearly every client sends a head in one piece.
    const end = bytes.indexOf(HEAD_END);
    const head = end < 0 ? undefined : this.#reader.read(bytes.toString('latin1', 0, end));
    if (head === undefined || head.length > BODY_LIMIT) return this.#handOver(bytes);
    this.#since = this.#options.clock.elapsed();
    this.#head = head;
    this.#missing = head.length;
    this.#readBody(head, bytes.subarray(end + HEAD_END.length));
  }

  #readBody(head: PlainHead, bytes: Buffer): void {
    const part = bytes.length <= this.#missing ? bytes : bytes.subarray(0, this.#missing);
    if (part.length < bytes.length) this.#rest = bytes.subarray(part.length);
    this.#missing -= part.length;
    if (this.#missing > 0) {
      this.#parts.push(part);
      return;
    }
    const body = this.#parts.length === 0 ? part : Buffer.concat([...this.#parts, part]);
    this.#parts = [];
    this.#answer(head, body);
  }

  #answer(head: PlainHead, body: Buffer): void {
    const { clock, limits, answer, begin } = this.#options;
    const gone = new Departure();
    const open = begin();
    this.#answering = { gone, open };
    let answered = false;
    const response = new PlainResponse(this.#socket, {
      clock,
      keepAliveSeconds: Math.floor(limits.keepAliveMs / 1000),
      written: () => {
        open[Symbol.dispose]();
        if (answered) this.#next();
      },
    });
    const { method, target, headers, length } = head;
    const request = { method, target, headers, length, body, socket: this.#socket };
    void answer(request, response, gone).then(() => {
      // What is still being written keeps the next answer waiting.
      if (response.slicing) answered = true;
      else this.#next();
    });
  }

  #next(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (socket.writableNeedDrain) {
      socket.once('drain', () => this.#next());
      return;
    }
    this.#answering = undefined;
    this.#head = undefined;
    this.#served = true;
    this.#since = this.#options.clock.elapsed();
    if (socket.isPaused()) socket.resume();
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#readHead(rest);
  }

  #handOver(bytes: Buffer): void {
    this.#socket.off('data', this.#take).off('close', this.#close).off('error', this.#fail);
    this.#ended();
    this.#options.handOver(this.#socket, bytes);
  }
}
