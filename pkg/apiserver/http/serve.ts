// The API server on the network: HTTPS by Express, one handler for everything. Translates requests and answers and decides
// nothing; the core does. Plain requests, nearly all there are, are read off their connections without node:http; of the others,
// those for resources go past Express.
import { deadlineOf } from '../../clock/deadline.ts';
import express from 'express';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { ApiServer } from '../server.ts';
import { answerMessage, answerPlain, type EntryOptions } from './answer.ts';
import { PlainConnections, type PlainOptions } from './plain-connection.ts';
import { handleUpgrade } from './upgrade.ts';

export interface ServeOptions extends EntryOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: Pick<SecureContextOptions, 'cert' | 'key'>;
  /** PEM of who signs client certificates; undefined: none are accepted. */
  readonly clientAuthority?: string;
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
    const open = answering.begin();
    response.once('close', () => open[Symbol.dispose]());
    answerMessage(api, options, request, response).catch((error: unknown) => {
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
  const plain = new PlainConnections({
    clock: api.clock,
    limits: { headersMs: HEADERS_TIMEOUT_MS, requestMs: REQUEST_TIMEOUT_MS, keepAliveMs: KEEP_ALIVE_MS },
    begin: () => answering.begin(),
    answer: (request, response, gone) => answerPlain(api, options, { request, response, gone }),
    handOver: handOverTo(server),
  });
  server.on('secureConnection', (socket) => plain.accept(socket));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, options);
  return listenerOf({ server, api, answering, sockets, plain });
}

/** Takes the place of node:http on new connections; what this answers gives it a connection with what has been read of it. */
function handOverTo(server: Server): PlainOptions['handOver'] {
  const listeners = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  return (socket, bytes) => {
    for (const listener of listeners) Reflect.apply(listener, server, [socket]);
    socket.unshift(bytes);
  };
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
  readonly plain: PlainConnections;
}

function listenerOf({ server, api, answering, sockets, plain }: Listening): HttpsListener {
  // A server that listens on TCP has an address.
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    using late = deadlineOf(api.clock, DRAIN_MS);
    await answering.ended(late.signal);
    for (const socket of sockets) socket.destroy();
    plain[Symbol.dispose]();
    await closed;
  };
  return { port, close, [Symbol.asyncDispose]: close };
}

/** What is being answered right now. */
class Answering {
  #count = 0;
  #told: (() => void) | undefined;

  /** Dispose what it gives when the answer has left, or will not; once is enough. */
  begin(): Disposable {
    let open = true;
    this.#count++;
    return {
      [Symbol.dispose]: () => {
        if (!open) return;
        open = false;
        if (--this.#count === 0) this.#told?.();
      },
    };
  }

  /** Resolves when nothing is answered any more, or with the signal. */
  ended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) return resolve();
      this.#told = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
