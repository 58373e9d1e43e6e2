// exec, attach and port-forward as a WebSocket speaking Kubernetes' channel protocol: every binary message is one byte of
// channel number and data. v5 adds message [255, channel], which closes one channel. Incoming messages are held back on
// the socket, not in memory, while the reader is busy.
import type { IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import { errorOfResponse } from './response-error.ts';
import { UnreachableError, type ChannelConnection, type ChannelMessage } from './transport.ts';

const V5 = 'v5.channel.k8s.io';
const V4 = 'v4.channel.k8s.io';
const CLOSE_CHANNEL = 255;
/** Messages waiting for the reader before the socket is paused. */
const MOST_WAITING = 32;
/** Bytes that may wait for the network before senders are asked to wait. */
const MOST_UNSENT_BYTES = 256 * 1024;
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** A server's refusal is a Status; more than this of it is not read. */
const LONGEST_REFUSAL_BYTES = 1024 * 1024;

export interface ChannelTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly tls: ClientOptions;
}

/** Rejects with ApiError when the server refuses, with UnreachableError when there was no answer. Aborting closes it. */
export async function openChannels(target: ChannelTarget, signal: AbortSignal): Promise<ChannelConnection> {
  signal.throwIfAborted();
  const socket = new WebSocket(target.url, [V5, V4], {
    ...target.tls,
    // Set here because only this takes headers that occur several times (Impersonate-Group).
    finishRequest(request) {
      for (const [name, value] of Object.entries(target.headers)) request.setHeader(name, value);
      request.end();
    },
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
  });
  const connection = new ChannelSocket(socket);
  const onAbort = () => socket.terminate();
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', onAbort));
  try {
    await opened(socket);
  } catch (error) {
    socket.terminate();
    signal.throwIfAborted();
    throw error;
  }
  return connection;
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (cause) => reject(new UnreachableError('cannot open the connection', { cause })));
    socket.once('unexpected-response', (_request, response) => {
      refusal(response).then(reject, reject);
    });
  });
}

async function refusal(response: IncomingMessage): Promise<Error> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of response) {
      if (!(part instanceof Buffer)) break;
      size += part.length;
      if (size > LONGEST_REFUSAL_BYTES) break;
      parts.push(part);
    }
  } catch (cause) {
    return new UnreachableError('the refusal broke off', { cause });
  }
  const text = Buffer.concat(parts).toString('utf8');
  return errorOfResponse(response.statusCode ?? 500, parsed(text), response.headers['retry-after']);
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

class ChannelSocket implements ChannelConnection {
  readonly messages: AsyncIterable<ChannelMessage>;
  readonly #socket: WebSocket;
  #waiting: ChannelMessage[] = [];
  #failure: Error | undefined;
  #ended = false;
  #wake: () => void = () => undefined;
  #unsentGone: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.messages = this.#read();
    socket.on('message', (data) => this.#receive(data));
    socket.on('error', (cause) => {
      this.#failure = new UnreachableError('the connection broke', { cause });
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
      this.#release();
    });
  }

  send(message: ChannelMessage): void {
    const frame = Buffer.allocUnsafe(message.data.length + 1);
    frame[0] = message.channel;
    frame.set(message.data, 1);
    this.#write(frame);
  }

  closeChannel(channel: number): void {
    if (this.#socket.protocol === V5) this.#write(Buffer.from([CLOSE_CHANNEL, channel]));
  }

  close(): void {
    this.#socket.close(1000);
  }

  drained(): Promise<void> {
    if (this.#ended || this.#socket.bufferedAmount < MOST_UNSENT_BYTES) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unsentGone.push(resolve);
    });
  }

  #write(frame: Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(frame, { binary: true }, () => {
      if (this.#socket.bufferedAmount < MOST_UNSENT_BYTES) this.#release();
    });
  }

  #release(): void {
    const waiting = this.#unsentGone;
    this.#unsentGone = [];
    for (const resolve of waiting) resolve();
  }

  #receive(data: unknown): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data;
    if (!(bytes instanceof Buffer) || bytes.length === 0) return;
    this.#waiting.push({ channel: bytes[0] ?? 0, data: bytes.subarray(1) });
    if (this.#waiting.length >= MOST_WAITING) this.#socket.pause();
    this.#wake();
  }

  async *#read(): AsyncGenerator<ChannelMessage> {
    try {
      for (;;) {
        const batch = this.#waiting;
        this.#waiting = [];
        yield* batch;
        if (this.#waiting.length > 0) continue;
        if (this.#socket.isPaused) this.#socket.resume();
        if (this.#ended) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
