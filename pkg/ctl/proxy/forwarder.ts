// Passes HTTP requests on to the API server with the caller's credentials, bodies as they come in both directions, and
// connections that change their protocol (exec, attach, port-forward) as bytes.
import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ForwardTarget } from '../../client/https-transport.ts';
import { messageOf } from '../cli/failure.ts';

export interface ForwarderSettings {
  /** Asked for every request: credentials may be renewed. */
  readonly target: () => Promise<ForwardTarget>;
  /** Whether the path of the server's URL stands before that of requests. */
  readonly appendServerPath: boolean;
  /** 0: no probes of ours on connections that carry other protocols. */
  readonly keepAliveMs: number;
  /** What goes wrong on the way, for the user to see. */
  readonly report: (fault: string) => void;
}

/** Headers that are about one connection and not about the request (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

type HeaderPairs = [string, string][];

export class Forwarder implements Disposable {
  readonly #settings: ForwarderSettings;
  #agent: Agent | undefined;

  constructor(settings: ForwarderSettings) {
    this.#settings = settings;
  }

  /** Ends the connections to the server. */
  [Symbol.dispose](): void {
    this.#agent?.destroy();
  }

  /** Answers the request; never rejects. `path` is what the API server is asked, with the query. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    try {
      const given = withoutHops(pairsOf(request.rawHeaders));
      // Without it a DELETE would go out as if it had no body.
      if (request.headers['transfer-encoding'] !== undefined) given.push(['Transfer-Encoding', 'chunked']);
      const upstream = await this.#open(request, path, given);
      response.once('close', () => upstream.destroy());
      // When sending breaks off, the server has answered already or the answer fails with it.
      pipeline(request, upstream).catch(() => undefined);
      const answer = await answerOf(upstream);
      const headers = withoutHops(pairsOf(answer.rawHeaders));
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers.flat());
      response.flushHeaders();
      await pipeline(answer, response);
    } catch (error) {
      if (response.destroyed) return;
      this.#settings.report(`Error while proxying request: ${messageOf(error)}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(`${messageOf(error)}\n`);
    }
  }

  /** Joins the two connections once the server has agreed to change the protocol; never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, path: string): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const upstream = await this.#open(request, path, pairsOf(request.rawHeaders));
      socket.once('close', () => upstream.destroy());
      upstream.end();
      const agreed = await agreementOf(upstream);
      if ('refusal' in agreed) {
        socket.write(headText(agreed.refusal, [['Connection', 'close']]));
        await pipeline(agreed.refusal, socket);
        return;
      }
      const { answer, connection, first } = agreed;
      const { keepAliveMs } = this.#settings;
      if (keepAliveMs > 0) upstream.setSocketKeepAlive(true, keepAliveMs);
      socket.write(headText(answer, pairsOf(answer.rawHeaders)));
      connection.unshift(first);
      if (head.length > 0) connection.write(head);
      connection.once('close', () => socket.destroy());
      socket.once('close', () => connection.destroy());
      await Promise.all([pipeline(socket, connection), pipeline(connection, socket)]);
    } catch (error) {
      if (socket.destroyed) return;
      this.#settings.report(`Error while proxying request: ${messageOf(error)}`);
      socket.end(`HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n${messageOf(error)}\n`);
    }
  }

  async #open(request: IncomingMessage, path: string, given: HeaderPairs): Promise<ClientRequest> {
    const target = await this.#settings.target();
    const { server } = target;
    this.#agent ??= target.agent();
    const prefix = this.#settings.appendServerPath ? server.pathname.replace(/\/+$/, '') : '';
    const headers = withCredentials(given, target.headers, server.host, request.socket.remoteAddress);
    const open = server.protocol === 'http:' ? httpRequest : httpsRequest;
    return open({
      method: request.method ?? 'GET',
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? (server.protocol === 'http:' ? 80 : 443) : Number(server.port),
      path: prefix + path,
      headers: headers.flat(),
      setHost: false,
      agent: this.#agent,
    });
  }
}

function pairsOf(raw: readonly string[]): HeaderPairs {
  const pairs: HeaderPairs = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return pairs;
}

function withoutHops(pairs: HeaderPairs): HeaderPairs {
  const named = pairs.flatMap(([name, value]) =>
    name.toLowerCase() === 'connection' ? value.split(',').map((word) => word.trim().toLowerCase()) : [],
  );
  const dropped = HOP_BY_HOP.union(new Set(named));
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** The caller's own credentials go before ours; it is asked of the server by the server's name. */
export function withCredentials(
  given: HeaderPairs,
  ours: ForwardTarget['headers'],
  host: string,
  client: string | undefined,
): HeaderPairs {
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const impersonates = names.has('impersonate-user');
  const kept = given.filter(([name]) => !['host', 'x-forwarded-for'].includes(name.toLowerCase()));
  const before = given.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value);
  const added = Object.entries(ours).flatMap(([name, value]): HeaderPairs => {
    if (names.has(name) || (impersonates && name.startsWith('impersonate-'))) return [];
    return (typeof value === 'string' ? [value] : value).map((one) => [name, one]);
  });
  const forwarded = [...before, ...(client === undefined ? [] : [client])].join(', ');
  return [
    ['Host', host],
    ...kept,
    ...added,
    ...(forwarded === '' ? [] : [['X-Forwarded-For', forwarded] as [string, string]]),
  ];
}

function answerOf(upstream: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.once('response', resolve);
    upstream.once('error', reject);
  });
}

type Agreement =
  | { readonly refusal: IncomingMessage }
  | { readonly answer: IncomingMessage; readonly connection: Duplex; readonly first: Buffer };

function agreementOf(upstream: ClientRequest): Promise<Agreement> {
  return new Promise((resolve, reject) => {
    upstream.once('upgrade', (answer, connection, first) => resolve({ answer, connection, first }));
    upstream.once('response', (refusal) => resolve({ refusal }));
    upstream.once('error', reject);
  });
}

function headText(answer: IncomingMessage, headers: HeaderPairs): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}\r\n${lines}\r\n`;
}
