// The API server on the network: HTTPS by Express, one handler for everything. Translates requests and answers and decides
// nothing; the core does. Requests for resources, nearly all there are, go to that handler directly.
import express from 'express';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { authenticate } from '../authn/authenticator.ts';
import { statusResponse, textResponse } from '../encoded.ts';
import { unauthorized } from '../http-errors.ts';
import { isLongRunning, kindOf, type Admission } from '../in-flight.ts';
import { requestInfo } from '../request-info.ts';
import { ApiError } from '../../api/meta/status.ts';
import type { Clock } from '../../clock/clock.ts';
import type { ApiServer } from '../server.ts';
import { certificateOf } from './peer-certificate.ts';
import { readRequest, requestLine } from './read-request.ts';
import { handleUpgrade } from './upgrade.ts';
import { writeResponse } from './write-response.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: Pick<SecureContextOptions, 'cert' | 'key'>;
  /** PEM of who signs client certificates; undefined: none are accepted. */
  readonly clientAuthority?: string;
  /** `--anonymous-auth`; default yes. */
  readonly anonymous?: boolean;
}

export interface HttpsListener extends AsyncDisposable {
  readonly port: number;
  /** Takes no more connections, lets what is being answered end for a moment, and then ends every connection. */
  close(): Promise<void>;
}

/** Connections that say nothing are cut off after this. */
const HEADERS_TIMEOUT_MS = 30_000;
/** Until a request has come whole, its body included; how long it is answered, as a watch is, does not count. */
const REQUEST_TIMEOUT_MS = 60_000;
/** What is read of a body that has been refused, and for how long. */
const DISCARD_LIMIT = 16 * 1024 * 1024;
const DISCARD_MS = 500;
const KEEP_ALIVE_MS = 90_000;
const DRAIN_MS = 1000;
/** As Go's server has it: selectors and patches in URLs grow long. */
const MOST_HEADER_BYTES = 1024 * 1024;
const MOST_HEADERS = 2000;
const RESOURCES = /^\/apis?\//;
/** The only paths that another protocol is spoken on. */
const STREAMS = /\/(exec|attach|portforward|proxy)([/?]|$)/;

export async function serveHttps(api: ApiServer, options: ServeOptions): Promise<HttpsListener> {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const answering = new Answering();
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answering.add(response);
    answer(api, options, request, response).catch((error: unknown) => {
      api.log.error('cannot answer', { method: request.method, url: request.url, error });
      response.destroy();
    });
  };
  app.use(handle);
  const { cert, key } = options.tls;
  const server = createServer(
    {
      cert,
      key,
      requestCert: options.clientAuthority !== undefined,
      rejectUnauthorized: false,
      ...(options.clientAuthority !== undefined && { ca: options.clientAuthority }),
      ALPNProtocols: ['http/1.1'],
      keepAlive: true,
      noDelay: true,
      maxHeaderSize: MOST_HEADER_BYTES,
      shouldUpgradeCallback: ({ url = '' }) => STREAMS.test(url),
    },
    (request, response) => {
      // What Express adds to a request costs a tenth of a small one, and nobody here reads it.
      if (RESOURCES.test(request.url ?? '')) handle(request, response);
      else app(request, response);
    },
  );
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxHeadersCount = MOST_HEADERS;
  server.on('upgrade', (request, socket, head) => {
    handleUpgrade({ api, options, request, socket, head }).catch((error: unknown) => {
      api.log.error('cannot upgrade', { path: request.url, error });
      socket.destroy();
    });
  });
  server.on('tlsClientError', () => api.requestMetrics.handshakeFailed());
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, options);
  return listenerOf({ server, api, answering, sockets });
}

async function answer(
  api: ApiServer,
  options: Pick<ServeOptions, 'anonymous'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new Departure(response);
  const { inFlight, clock } = api;
  const line = requestLine(request);
  const kind = kindOf(line.method);
  let entered: Admission | undefined;
  try {
    const user = await userOf(api, options, request);
    if (user === undefined) return await writeResponse(statusResponse(unauthorized().status), request, response);
    const info = requestInfo(line);
    if (!isLongRunning(info)) entered = inFlight.enter(kind, line.path, user, clock.now());
    if (entered === 'refused') return await refuse(request, response, clock);
    const asked = await readRequest(request, line, { user, gone });
    return await writeResponse(await api.handle(asked, info), request, response);
  } catch (error) {
    if (gone.happened) return;
    if (!(error instanceof ApiError)) throw error;
    // The rest of a body that is not read would be taken for the next request.
    response.setHeader('connection', 'close');
    await discardRest(request, api.clock);
    await writeResponse(statusResponse(error.status), request, response);
  } finally {
    if (entered !== undefined) inFlight.leave(kind, entered);
  }
}

/** In the words of Kubernetes, which are no Status here. */
async function refuse(request: IncomingMessage, response: ServerResponse, clock: Clock): Promise<void> {
  await discardRest(request, clock);
  if (!request.readableEnded) response.setHeader('connection', 'close');
  response.setHeader('retry-after', '1');
  await writeResponse(textResponse(429, 'Too many requests, please try again later.\n'), request, response);
}

/** A connection that is closed over bytes nobody read is reset, and the answer may be lost with it: some are read away. */
function discardRest(request: IncomingMessage, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) return resolve();
    let left = DISCARD_LIMIT;
    const timer = clock.schedule(DISCARD_MS, () => finish());
    const count = (chunk: Buffer) => {
      left -= chunk.length;
      if (left <= 0) finish();
    };
    const finish = () => {
      timer[Symbol.dispose]();
      request.off('data', count).off('end', finish).off('close', finish);
      resolve();
    };
    request.on('data', count).once('end', finish).once('close', finish);
    request.resume();
  });
}

/** Undefined: refused (401). */
export async function userOf(
  { tokenAuthenticators, accessMetrics, clock }: Pick<ApiServer, 'tokenAuthenticators' | 'accessMetrics' | 'clock'>,
  { anonymous = true }: Pick<ServeOptions, 'anonymous'>,
  request: { readonly socket: unknown; readonly headers: { readonly authorization?: string | undefined } },
) {
  const began = clock.now();
  const credentials = { certificate: certificateOf(request.socket), authorization: request.headers.authorization };
  const { certificate, authorization } = credentials;
  const known = await authenticate(credentials, tokenAuthenticators);
  const user = known?.groups.includes('system:unauthenticated') === true && !anonymous ? undefined : known;
  const now = clock.now();
  const wrong = certificate === 'invalid' || authorization !== undefined ? 'error' : 'failure';
  accessMetrics.authenticated(user === undefined ? wrong : 'success', (now - began) / 1000, user?.name);
  if (typeof certificate === 'object') accessMetrics.certificateShown(certificate.expires, now);
  return user;
}

function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Listening {
  readonly server: Server;
  readonly api: ApiServer;
  readonly answering: Answering;
  /** Below TLS: also those whose handshake is not done, and those that speak another protocol by now. */
  readonly sockets: ReadonlySet<Socket>;
}

function listenerOf({ server, api, answering, sockets }: Listening): HttpsListener {
  // A server that listens on TCP has an address.
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    const late = new AbortController();
    using _ = api.clock.schedule(DRAIN_MS, () => late.abort());
    await answering.ended(late.signal);
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port, close, [Symbol.asyncDispose]: close };
}

/** That a client left before its answer was whole. Few requests ask for the signal, and making one is not free. */
class Departure {
  happened = false;
  #controller: AbortController | undefined;

  constructor(response: ServerResponse) {
    response.on('close', () => {
      if (response.writableFinished) return;
      this.happened = true;
      this.#controller?.abort(new Error('the client has gone'));
    });
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.happened) this.#controller.abort(new Error('the client has gone'));
    }
    return this.#controller.signal;
  }
}

/** What is being answered right now. */
class Answering {
  readonly #responses = new Set<ServerResponse>();
  #told: (() => void) | undefined;

  add(response: ServerResponse): void {
    this.#responses.add(response);
    response.once('close', () => {
      this.#responses.delete(response);
      if (this.#responses.size === 0) this.#told?.();
    });
  }

  /** Resolves when nothing is answered any more, or with the signal. */
  ended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#responses.size === 0) return resolve();
      this.#told = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
