// The transport to an API server over the network: HTTP/1.1 on undici with kept-alive connections, TLS with client
// certificates or bearer tokens, streaming watches. Requests and long-lived streams have pools of their own, so that
// watches never starve requests. Answers 429 and 5xx that name a Retry-After are asked again, as Kubernetes' clients do.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Pool, type Dispatcher } from 'undici';
import type { ApiError } from '../api/meta/status.ts';
import { realClock, type Clock } from '../clock/clock.ts';
import { chunksOf, watchEvents } from './body-stream.ts';
import { tokenSource, type TokenSource } from './bearer-token.ts';
import { openChannels } from './channel-socket.ts';
import { errorOfResponse, retryAfterSeconds } from './response-error.ts';
import {
  UnreachableError,
  type ChannelConnection,
  type NetworkTransport,
  type RawWatchEvent,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts';

export interface HttpsTransportOptions {
  /** `https://host:port`, optionally with a path prefix; `http:` works too. */
  readonly server: URL | string;
  /** PEM. Undefined: the system's authorities. */
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly token?: string;
  /** Read again as it is rotated; wins over `token`. */
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** Name to check the server's certificate against instead of the host. */
  readonly tlsServerName?: string;
  readonly userAgent?: string;
  /** Added to every request (impersonation). */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Limit for a whole request that is no stream, in milliseconds. Default 90 s; the server's own limit is 60 s. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

const REQUEST_CONNECTIONS = 32;
const STREAM_CONNECTIONS = 1024;
const REQUEST_TIMEOUT_MS = 90_000;
/** Longer than any watch that the typed client asks for (timeoutSeconds), so only a dead connection reaches it. */
const SILENT_WATCH_MS = 11 * 60_000;
const MOST_RETRIES = 10;

/** How to pass requests on to the server in this client's name. */
export interface ForwardTarget {
  /** With its path prefix. */
  readonly server: URL;
  /** The credentials: authorization and impersonation. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** A new pool of connections; whoever asks for it destroys it. */
  agent(): HttpAgent;
}

export interface HttpsTransport extends NetworkTransport {
  forwardTarget(): Promise<ForwardTarget>;
}

/** Connects lazily; `close` ends every connection. */
export function httpsTransport(options: HttpsTransportOptions): HttpsTransport {
  return new PooledTransport(options);
}

type Headers = Record<string, string | string[]>;

class PooledTransport implements HttpsTransport {
  readonly #options: HttpsTransportOptions;
  readonly #server: URL;
  readonly #prefix: string;
  readonly #secureContext: SecureContext | undefined;
  readonly #clock: Clock;
  readonly #token: TokenSource;
  #requests: Pool;
  #streams: Pool;
  readonly #closed = new AbortController();

  constructor(options: HttpsTransportOptions) {
    this.#options = options;
    this.#server = new URL(options.server);
    this.#prefix = this.#server.pathname.replace(/\/+$/, '');
    this.#secureContext = secureContextOf(options);
    this.#clock = options.clock ?? realClock;
    this.#token = tokenSource(options, this.#clock);
    this.#requests = this.#pool('requests');
    this.#streams = this.#pool('streams');
  }

  #pool(of: 'requests' | 'streams'): Pool {
    const timeout = this.#options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const connect = {
      ...this.#tls(),
      timeout: Math.min(timeout, 30_000),
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
    };
    return new Pool(this.#server.origin, {
      connections: of === 'requests' ? REQUEST_CONNECTIONS : STREAM_CONNECTIONS,
      pipelining: 1,
      headersTimeout: timeout,
      bodyTimeout: of === 'requests' ? timeout : 0,
      connect,
    });
  }

  dropConnections(): void {
    const dropped = [this.#requests, this.#streams];
    this.#requests = this.#pool('requests');
    this.#streams = this.#pool('streams');
    const reason = new UnreachableError(`the connections to ${this.#server.host} were dropped`);
    // Ending connections does not fail; there is nobody to wait for it.
    for (const pool of dropped) void pool.destroy(reason);
  }

  get host(): string {
    return this.#server.host;
  }

  async request(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#once('requests', request, { attempt, ...(signal && { signal }) });
      const body = await decodeBody(answer, signal);
      if (answer.statusCode < 400) {
        return { status: answer.statusCode, warnings: warningTexts(answer.headers['warning']), body };
      }
      await this.#waitOrThrow(answer, body, attempt, signal);
    }
  }

  async watch(path: string, signal: AbortSignal): Promise<AsyncIterable<RawWatchEvent>> {
    const answer = await this.#openStream({ method: 'GET', path }, signal, SILENT_WATCH_MS);
    return watchEvents(answer.body, signal);
  }

  async stream(request: TransportRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.#openStream(request, signal, 0);
    return chunksOf(answer.body, signal);
  }

  async connect(path: string, signal: AbortSignal): Promise<ChannelConnection> {
    const url = new URL(this.#prefix + path, this.#server.origin);
    url.protocol = this.#server.protocol === 'http:' ? 'ws:' : 'wss:';
    return await openChannels(
      { url, headers: await this.#headers(), tls: this.#tls() },
      AbortSignal.any([signal, this.#closed.signal]),
    );
  }

  async forwardTarget(): Promise<ForwardTarget> {
    const { 'user-agent': _, ...headers } = await this.#headers();
    const settings = { keepAlive: true, maxSockets: STREAM_CONNECTIONS };
    return {
      server: this.#server,
      headers,
      agent: () =>
        this.#server.protocol === 'http:' ? new HttpAgent(settings) : new HttpsAgent({ ...settings, ...this.#tls() }),
    };
  }

  async close(): Promise<void> {
    const reason = new UnreachableError('the transport has been closed');
    this.#closed.abort(reason);
    await Promise.all([this.#requests.destroy(reason), this.#streams.destroy(reason)]);
  }

  async #openStream(request: TransportRequest, signal: AbortSignal, bodyTimeout: number) {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#once('streams', request, { attempt, signal, bodyTimeout });
      if (answer.statusCode < 400) return answer;
      await this.#waitOrThrow(answer, await decodeBody(answer, signal), attempt, signal);
    }
  }

  async #once(
    of: 'requests' | 'streams',
    request: TransportRequest,
    how: { attempt: number; signal?: AbortSignal; bodyTimeout?: number },
  ): Promise<Dispatcher.ResponseData> {
    const headers = await this.#headers();
    headers['accept'] = request.accept ?? 'application/json';
    let body: string | Uint8Array | undefined;
    if (request.body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
      body =
        typeof request.body === 'string' || request.body instanceof Uint8Array
          ? request.body
          : JSON.stringify(request.body);
    }
    const send = () => {
      const sending = (of === 'requests' ? this.#requests : this.#streams).request({
        method: request.method,
        path: this.#prefix + request.path,
        headers,
        body: body ?? null,
        signal: how.signal ?? null,
        ...(how.bodyTimeout !== undefined && { bodyTimeout: how.bodyTimeout }),
      });
      return how.signal === undefined ? sending : orAborted(sending, how.signal);
    };
    try {
      return await send();
    } catch (cause) {
      how.signal?.throwIfAborted();
      // A kept-alive connection that the server had just given up: nothing was carried out twice by reading again.
      if (request.method === 'GET' && codeOf(cause) === 'UND_ERR_SOCKET' && !this.#closed.signal.aborted) {
        try {
          return await send();
        } catch (again) {
          how.signal?.throwIfAborted();
          throw this.#unreachable(again);
        }
      }
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): UnreachableError {
    return new UnreachableError(`cannot reach ${this.#server.host}`, { cause });
  }

  /** Sleeps when the server asked to be tried again later, throws what it answered otherwise. */
  async #waitOrThrow(
    answer: Dispatcher.ResponseData,
    body: unknown,
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const retryAfter = headerText(answer.headers['retry-after']);
    const error: ApiError = errorOfResponse(answer.statusCode, body, retryAfter);
    const seconds = retryAfterSeconds(retryAfter);
    const mayRetry = answer.statusCode === 429 || answer.statusCode >= 500;
    if (!mayRetry || seconds === undefined || attempt >= MOST_RETRIES) throw error;
    const stop = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    await this.#clock.sleep(seconds * 1000, stop);
  }

  async #headers(): Promise<Headers> {
    const headers: Headers = { 'user-agent': this.#options.userAgent ?? 'typekube', ...this.#options.headers };
    const token = await this.#token.current();
    const { username, password } = this.#options;
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    else if (username !== undefined) {
      headers['authorization'] = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    }
    return headers;
  }

  #tls() {
    const { insecureSkipTlsVerify, tlsServerName } = this.#options;
    return {
      ...(this.#secureContext !== undefined && { secureContext: this.#secureContext }),
      ...(tlsServerName !== undefined && { servername: tlsServerName }),
      ...(insecureSkipTlsVerify === true && { rejectUnauthorized: false }),
    };
  }
}

/** Made once: reading certificates and keys again for every connection costs more than the handshake. */
function secureContextOf({ ca, cert, key }: HttpsTransportOptions): SecureContext | undefined {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  return createSecureContext({
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
}

/** The pool heeds a signal once it has a connection; making one may take long where nobody says no. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const heard = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    work.finally(heard).then(resolve, reject);
  });
}

async function decodeBody(answer: Dispatcher.ResponseData, signal: AbortSignal | undefined): Promise<unknown> {
  let text: string;
  try {
    text = await answer.body.text();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new UnreachableError('the answer broke off', { cause });
  }
  const type = headerText(answer.headers['content-type']) ?? '';
  if (!type.includes('json') || text === '') return text;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new UnreachableError('the answer is not the JSON that it says it is', { cause });
  }
}

/** Texts out of `299 - "text"` headers (RFC 7234, section 5.5); commas inside quotes do not separate. */
export function warningTexts(header: string | string[] | undefined): string[] {
  const joined = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...joined.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? '').replace(/\\(.)/g, '$1'),
  );
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
