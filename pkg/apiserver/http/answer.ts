// One request on its way through: who asks, whether there is a place for it, the core's answer, and that answer written. The same
// for requests that node:http has read and for plain ones.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../../api/meta/status.ts';
import type { Clock } from '../../clock/clock.ts';
import { authenticate } from '../authn/authenticator.ts';
import { EncodedBytes, statusResponse } from '../encoded.ts';
import { unauthorized } from '../http-errors.ts';
import { isLongRunning, kindOf } from '../in-flight.ts';
import { requestInfo } from '../request-info.ts';
import type { ApiRequest, ApiResponse, RequestBody, UserInfo } from '../request.ts';
import type { ApiServer } from '../server.ts';
import { Departure } from './departure.ts';
import { certificateOf } from './peer-certificate.ts';
import type { PlainRequest } from './plain-connection.ts';
import type { PlainResponse } from './plain-response.ts';
import { bodyFrom, readRequest, requestLine, requestOf, type RequestLine } from './read-request.ts';
import { writeResponse, type Asked, type Outgoing } from './write-response.ts';

/** How callers are let in. */
export interface EntryOptions {
  /** `--anonymous-auth`; default yes. */
  readonly anonymous?: boolean;
}

/** What is read of a body that has been refused, and for how long. */
const DISCARD_LIMIT = 16 * 1024 * 1024;
const DISCARD_MS = 500;

interface Exchange {
  readonly request: Asked & Parameters<typeof userOf>[2];
  readonly line: RequestLine;
  readonly response: Outgoing;
  read(user: UserInfo): ApiRequest | Promise<ApiRequest>;
  /** Called when the request is refused before it is read. */
  discard(): Promise<void> | undefined;
}

async function answer(api: ApiServer, options: EntryOptions, exchange: Exchange): Promise<void> {
  const { inFlight, clock } = api;
  const { request, line, response } = exchange;
  const user = await userOf(api, options, request);
  if (user === undefined) return writeResponse(statusResponse(unauthorized().status), request, response);
  const info = requestInfo(line);
  const kind = kindOf(line.method);
  const entered = isLongRunning(info) ? undefined : inFlight.enter(kind, line.path, user, clock.now());
  if (entered === 'refused') {
    await exchange.discard();
    return writeResponse(TOO_MANY, request, response);
  }
  try {
    return await writeResponse(await api.handle(await exchange.read(user), info), request, response);
  } finally {
    if (entered !== undefined) inFlight.leave(kind, entered);
  }
}

/** In the words of Kubernetes, which are no Status here. */
const TOO_MANY: ApiResponse = {
  form: 'object',
  status: 429,
  body: new EncodedBytes(Buffer.from('Too many requests, please try again later.\n')),
  contentType: 'text/plain; charset=utf-8',
  warnings: [],
  headers: { 'retry-after': '1' },
};

export interface PlainExchange {
  readonly request: PlainRequest;
  readonly response: PlainResponse;
  readonly gone: Departure;
}

/** Never rejects. */
export async function answerPlain(
  api: ApiServer,
  options: EntryOptions,
  { request, response, gone }: PlainExchange,
): Promise<void> {
  const { method, target, headers } = request;
  const line = requestLine(method, target);
  try {
    await answer(api, options, {
      request,
      line,
      response,
      read: (user) => requestOf(line, { headers, body: plainBody(request) }, { user, gone }),
      discard: () => undefined, // has been read already
    });
  } catch (error) {
    api.log.error('cannot answer', { method, url: target, error });
    response.destroy();
  }
}

function plainBody({ method, headers, body }: PlainRequest): RequestBody | undefined {
  return method === 'GET' ? undefined : bodyFrom(body, headers['content-type'] ?? '');
}

export async function answerMessage(
  api: ApiServer,
  options: EntryOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { clock } = api;
  const gone = new Departure();
  response.on('close', () => {
    if (!response.writableFinished) gone.leave();
  });
  const line = requestLine(request.method, request.url);
  const discard = async () => {
    await discardRest(request, clock);
    if (!request.readableEnded) response.setHeader('connection', 'close');
  };
  const read = (user: UserInfo) => readRequest(request, line, { user, gone });
  try {
    await answer(api, options, { request, line, response, read, discard });
  } catch (error) {
    if (gone.happened) return;
    if (!(error instanceof ApiError)) throw error;
    // The rest of a body that is not read would be taken for the next request.
    response.setHeader('connection', 'close');
    await discardRest(request, clock);
    await writeResponse(statusResponse(error.status), request, response);
  }
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
  { anonymous = true }: EntryOptions,
  request: { readonly socket: unknown; readonly headers: { readonly authorization?: string | undefined } },
) {
  const began = clock.elapsed();
  const credentials = { certificate: certificateOf(request.socket), authorization: request.headers.authorization };
  const { certificate, authorization } = credentials;
  const known = await authenticate(credentials, tokenAuthenticators);
  const user = known?.groups.includes('system:unauthenticated') === true && !anonymous ? undefined : known;
  const wrong = certificate === 'invalid' || authorization !== undefined ? 'error' : 'failure';
  accessMetrics.authenticated(user === undefined ? wrong : 'success', (clock.elapsed() - began) / 1000, user?.name);
  if (typeof certificate === 'object') accessMetrics.certificateShown(certificate.expires, clock.now());
  return user;
}
