// One kept-alive HTTP/1.1 connection over TLS, as lean as it gets: the load generator must not be what is measured.
import type { OnReadOpts } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { once } from 'node:events';

export interface Endpoint {
  readonly port: number;
  readonly ca: string;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const READ_BYTES = 64 * 1024;

export class Connection implements Disposable {
  readonly #socket: TLSSocket;
  readonly #endpoint: Endpoint;
  #received: Buffer[] = [];
  #size = 0;
  #waiting: { resolve: (answer: Answer) => void; reject: (error: unknown) => void } | undefined;
  #stream: ((part: Buffer) => void) | undefined;

  private constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      host: '127.0.0.1',
      port: endpoint.port,
      ca: endpoint.ca,
      servername: 'localhost',
      // Past streams, which cost as much again as deciphering.
      onread: {
        buffer: Buffer.allocUnsafe(READ_BYTES),
        callback: (size, buffer) => {
          this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, size));
          return true;
        },
      },
    };
    this.#socket = connect(options);
    this.#socket.on('error', (error) => this.#waiting?.reject(error));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
  }

  static async open(endpoint: Endpoint): Promise<Connection> {
    const connection = new Connection(endpoint);
    await once(connection.#socket, 'secureConnect');
    connection.#socket.setNoDelay(true);
    return connection;
  }

  /** One request at a time. */
  send(method: string, path: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(this.#head(method, path, body));
    });
  }

  /** What the server sends from here on, headers and chunk marks included, goes to `each`, which must copy what it keeps. */
  stream(path: string, each: (part: Buffer) => void): void {
    this.#stream = each;
    this.#socket.write(this.#head('GET', path, undefined));
  }

  [Symbol.dispose](): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #head(method: string, path: string, body: string | undefined): string {
    const content =
      body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${this.#endpoint.token}\r\n`;
    return `${head}Accept: application/json\r\n${content}\r\n${body ?? ''}`;
  }

  /** `part` is good for this call only. */
  #take(part: Buffer): void {
    if (this.#stream !== undefined) return this.#stream(part);
    this.#received.push(Buffer.from(part));
    this.#size += part.length;
    const answer = this.#complete();
    if (answer === undefined) return;
    this.#received = [];
    this.#size = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #complete(): Answer | undefined {
    const last = this.#received.at(-1);
    const first = this.#received[0];
    if (first === undefined || last === undefined) return undefined;
    const end = first.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
      return this.#received.length === 1 && first.indexOf('\r\n\r\n') < 0 ? undefined : this.#complete();
    }
    const head = first.toString('latin1', 0, end).toLowerCase();
    const status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length === undefined) {
      if (last.subarray(-5).toString('latin1') !== '0\r\n\r\n') return undefined;
    } else if (this.#size < end + 4 + Number(length)) return undefined;
    return { status, body: Buffer.concat(this.#received).subarray(end + 4) };
  }
}
