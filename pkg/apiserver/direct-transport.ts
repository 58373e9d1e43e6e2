// A client's transport into the API server of the same process: the same path as over HTTPS, without TLS, sockets and JSON.
// Values are shared, not copied: nobody changes what they got, and what they sent is copied where it is kept.
import { ApiError, type Status } from '../api/meta/status.ts';
import { openChannels } from '../client/channel-socket.ts';
import {
  UnreachableError,
  type ChannelConnection,
  type RawWatchEvent,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from '../client/transport.ts';
import { methodNotAllowed, unknownPath } from './http-errors.ts';
import { streamTarget } from './registry/subresources/pod-target.ts';
import { tlsOptions } from './registry/subresources/kubelet-connections.ts';
import { isLongRunning, kindOf } from './in-flight.ts';
import { requestInfo } from './request-info.ts';
import type { ApiRequest, ApiResponse, Encoded, UserInfo } from './request.ts';
import type { ApiServer } from './server.ts';

/** Kubelets are reached by address. The types of `ws` say boolean, where TLS takes anything but undefined for a fault. */
const ANY_NAME = { checkServerIdentity: () => undefined as unknown as boolean };
const NO_ABORT = new AbortController().signal;

export interface DirectTransportOptions {
  /** Whose name is on the fields that this client writes. */
  readonly userAgent?: string;
}

export function directTransport(server: ApiServer, user: UserInfo, options: DirectTransportOptions = {}): Transport {
  return new DirectTransport(server, user, options.userAgent ?? 'typekube');
}

class DirectTransport implements Transport {
  readonly #server: ApiServer;
  readonly #user: UserInfo;
  readonly #userAgent: string;
  readonly #closed = new AbortController();

  constructor(server: ApiServer, user: UserInfo, userAgent: string) {
    this.#server = server;
    this.#user = user;
    this.#userAgent = userAgent;
  }

  async request(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse> {
    const answer = await this.#ask(request, signal ?? NO_ABORT);
    if (answer.form === 'object') return { status: answer.status, warnings: answer.warnings, body: answer.body.value };
    if (answer.form === 'watch') throw new TypeError('a watch was opened by request()');
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.chunks) chunks.push(chunk);
    return { status: answer.status, warnings: [], body: Buffer.concat(chunks).toString('utf8') };
  }

  async watch(path: string, signal: AbortSignal): Promise<AsyncIterable<RawWatchEvent>> {
    const answer = await this.#ask({ method: 'GET', path }, signal);
    if (answer.form !== 'watch') throw new TypeError(`${path} does not ask for a watch`);
    return eventsOf(answer.events);
  }

  async stream(request: TransportRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.#ask(request, signal);
    if (answer.form === 'stream') return answer.chunks;
    if (answer.form === 'watch') throw new TypeError('a watch was opened by stream()');
    return bytesOf(answer.body);
  }

  async connect(path: string, signal: AbortSignal): Promise<ChannelConnection> {
    const { pathname, searchParams } = new URL(path, 'https://server');
    const info = requestInfo({ method: 'GET', path: pathname, query: searchParams });
    if (info.kind === 'other') throw unknownPath();
    const { namespace, name, subresource } = info.request;
    if (subresource !== 'exec' && subresource !== 'attach' && subresource !== 'portforward') throw methodNotAllowed();
    const { address, path: kubeletPath } = await streamTarget(
      this.#server.api,
      namespace,
      name,
      subresource,
      searchParams,
    );
    const url = new URL(`wss://${address.host}:${address.port}${kubeletPath}`);
    const { checkServerIdentity: _, ...tls } = tlsOptions(this.#server.kubelets);
    return openChannels(
      { url, headers: {}, tls: { ...tls, ...ANY_NAME } },
      AbortSignal.any([signal, this.#closed.signal]),
    );
  }

  async close(): Promise<void> {
    this.#closed.abort(new UnreachableError('the transport is closed'));
  }

  async #ask(request: TransportRequest, signal: AbortSignal): Promise<ApiResponse> {
    if (this.#closed.signal.aborted) throw new UnreachableError('the transport is closed');
    signal.throwIfAborted();
    const { inFlight, clock } = this.#server;
    const asked = this.#translate(request, AbortSignal.any([signal, this.#closed.signal]));
    const info = requestInfo(asked);
    const counted = isLongRunning(info) ? undefined : kindOf(request.method);
    if (counted !== undefined) inFlight.enterBesides(counted, clock.now());
    const answer = await this.#server.handle(asked, info);
    if (counted !== undefined) inFlight.leave(counted, 'besides'); // `handle` never rejects
    if (answer.form === 'object' && answer.status >= 400) throw errorOf(answer);
    return answer;
  }

  #translate({ method, path, body, contentType, accept }: TransportRequest, signal: AbortSignal): ApiRequest {
    const mark = path.indexOf('?');
    return {
      method,
      path: mark < 0 ? path : path.slice(0, mark),
      query: new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1)),
      headers: { 'user-agent': this.#userAgent, ...(accept !== undefined && { accept }) },
      user: this.#user,
      body: body === undefined ? undefined : bodyOf(body, contentType ?? 'application/json'),
      signal,
    };
  }
}

/** Text is what would have gone over the wire as it is (a YAML apply); anything else is a value. */
function bodyOf(body: unknown, contentType: string): ApiRequest['body'] {
  return typeof body === 'string' && !contentType.includes('json')
    ? { form: 'bytes', bytes: Buffer.from(body), contentType }
    : { form: 'value', value: body, contentType };
}

function errorOf(answer: Extract<ApiResponse, { form: 'object' }>): ApiError {
  const { value } = answer.body;
  if (isStatus(value)) return ApiError.from(value);
  const message = typeof value === 'string' ? value.trim() : `the server answered ${answer.status}`;
  return ApiError.from({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: answer.status === 404 ? 'NotFound' : 'InternalError',
    code: answer.status,
  });
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status' && 'code' in value;
}

async function* eventsOf(batches: AsyncIterable<readonly Encoded[]>): AsyncGenerator<RawWatchEvent> {
  for await (const batch of batches) {
    // What the registry yields as a frame's value is the event.
    for (const { value } of batch) yield value as RawWatchEvent;
  }
}

async function* bytesOf(body: Encoded): AsyncGenerator<Uint8Array> {
  yield body.bytes;
}
