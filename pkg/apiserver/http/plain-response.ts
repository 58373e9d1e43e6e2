// An answer on a plain connection: the part of Node's response that answers are written with, and one write for a whole answer.
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock/clock.ts';

export type ResponseHeaders = Readonly<Record<string, string | number | readonly string[]>>;

/** Longer bodies are written in pieces. */
const SLICE = 128 * 1024;
const LAST_CHUNK = '0\r\n\r\n';
const BAD_VALUE = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** Most answers are written in the same second. */
let latest = { second: Number.NaN, text: '' };

export interface PlainResponseOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly keepAliveSeconds: number;
  /** The last byte has left this process, or never will. */
  readonly written: () => void;
}

export class PlainResponse {
  readonly socket: Duplex;
  readonly #options: PlainResponseOptions;
  #head = '';
  #chunked = false;
  /** A client reads no body after such a status, whatever is sent: it would take it for the next answer (RFC 9112, 6.3). */
  #bodiless = false;
  #slicing = false;

  constructor(socket: Duplex, options: PlainResponseOptions) {
    this.socket = socket;
    this.#options = options;
  }

  get chunkedEncoding(): boolean {
    return this.#chunked;
  }

  /** What was given has yet to be written; `written` is called when it has been. */
  get slicing(): boolean {
    return this.#slicing;
  }

  get destroyed(): boolean {
    return this.socket.destroyed;
  }

  /** Goes out with the first bytes of the body. */
  writeHead(status: number, headers: ResponseHeaders): void {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
    for (const name in headers) {
      const value = headers[name];
      if (Array.isArray(value)) for (const one of value) head += field(name, String(one));
      else head += field(name, String(value));
    }
    this.#bodiless = status === 204 || status === 304;
    this.#chunked = headers['content-length'] === undefined && !this.#bodiless;
    head += `Date: ${dateOf(this.#options.clock.now())}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${this.#options.keepAliveSeconds}\r\n`;
    this.#head = this.#chunked ? `${head}Transfer-Encoding: chunked\r\n\r\n` : `${head}\r\n`;
  }

  flushHeaders(): void {
    if (this.#head !== '') this.socket.write(this.#head, 'latin1');
    this.#head = '';
  }

  /** False: the client does not read as fast as is written. */
  write(bytes: Uint8Array): boolean {
    this.flushHeaders();
    if (this.#bodiless) return true;
    if (!this.#chunked) return this.socket.write(bytes);
    if (bytes.length === 0) return true;
    const { socket } = this;
    socket.cork();
    socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes);
    const room = socket.write('\r\n', 'latin1');
    socket.uncork();
    return room;
  }

  end(given?: Uint8Array): void {
    const { written } = this.#options;
    const bytes = this.#bodiless ? undefined : given;
    if (this.#chunked) {
      if (bytes !== undefined) this.write(bytes);
      this.flushHeaders();
      this.socket.write(LAST_CHUNK, 'latin1', written);
      return;
    }
    if (bytes !== undefined && bytes.length > SLICE) return this.endWith(slicesOf(bytes));
    const head = this.#head;
    this.#head = '';
    const whole = Buffer.allocUnsafe(head.length + (bytes?.length ?? 0));
    whole.write(head, 'latin1');
    if (bytes !== undefined) whole.set(bytes, head.length);
    this.socket.write(whole, written);
  }

  /**
   * Ends a body of known length whose pieces are asked for when the ones before have left: the client deciphers one while the
   * next is enciphered, and nothing is held twice.
   */
  endWith(pieces: Iterable<Uint8Array>): void {
    this.flushHeaders();
    this.#slicing = true;
    this.#writeNext(pieces[Symbol.iterator]());
  }

  destroy(): void {
    this.socket.destroy();
  }

  #writeNext(pieces: Iterator<Uint8Array>): void {
    const piece = pieces.next();
    if (piece.done === true) this.#leave();
    else this.socket.write(piece.value, (error) => (error ? this.#leave() : this.#writeNext(pieces)));
  }

  #leave(): void {
    this.#slicing = false;
    this.#options.written();
  }
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

function field(name: string, value: string): string {
  if (BAD_VALUE.test(value)) throw new TypeError(`the value of the header ${name} cannot be sent`);
  return `${name}: ${value}\r\n`;
}

function dateOf(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== latest.second) latest = { second, text: new Date(second * 1000).toUTCString() };
  return latest.text;
}
