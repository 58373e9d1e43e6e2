// From Node's request to the core's, with the body read whole up to Kubernetes' limit.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { badRequest, tooLarge } from '../http-errors.ts';
import type { ApiRequest, RequestBody, UserInfo } from '../request.ts';

/** Kubernetes' limit for the body of a write (3 MiB). */
export const BODY_LIMIT = 3 * 1024 * 1024;
const NO_QUERY = new URLSearchParams();
const NO_BYTES = new Uint8Array();

/** What is asked for, as far as the first line tells. */
export type RequestLine = Pick<ApiRequest, 'method' | 'path' | 'query'>;

/** `target`: path and query, as they were sent. */
export function requestLine(method = 'GET', target = '/'): RequestLine {
  const mark = target.indexOf('?');
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? NO_QUERY : new URLSearchParams(target.slice(mark + 1)),
  };
}

export interface Caller {
  readonly user: UserInfo;
  /** Gives the request's signal when somebody asks for it. */
  readonly gone: { readonly signal: AbortSignal };
}

/** Throws ApiError: 413 for a body above the limit, 400 for one that is cut off. */
export async function readRequest(message: IncomingMessage, line: RequestLine, caller: Caller): Promise<ApiRequest> {
  const { method } = line;
  const body = method === 'GET' || method === 'HEAD' ? undefined : await bodyOf(message);
  return requestOf(line, { headers: headersOf(message), body }, caller);
}

export function requestOf(
  { method, path, query }: RequestLine,
  { headers, body }: Pick<ApiRequest, 'headers' | 'body'>,
  { user, gone }: Caller,
): ApiRequest {
  return {
    method,
    path,
    query,
    headers,
    user,
    body,
    get signal() {
      return gone.signal;
    },
  };
}

/** Headers that may come several times are joined with commas by Node, but for a few that stay lists. */
function headersOf(message: IncomingMessage): Readonly<Record<string, string | undefined>> {
  // Only `set-cookie` is ever a list, which means nothing here.
  return message.headers as Record<string, string | undefined>;
}

async function bodyOf(message: IncomingMessage): Promise<RequestBody | undefined> {
  const length = Number(message.headers['content-length'] ?? 0);
  if (length > BODY_LIMIT) throw tooLarge(BODY_LIMIT);
  const contentType = message.headers['content-type'] ?? '';
  if (length === 0 && message.headers['transfer-encoding'] === undefined) return bodyFrom(NO_BYTES, contentType);
  const encoded = message.headers['content-encoding'] === 'gzip';
  const chunks = await chunksOf(encoded ? message.pipe(createGunzip()) : message);
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  return { form: 'bytes', bytes, contentType };
}

/** No bytes and no type are no body at all. */
export function bodyFrom(bytes: Uint8Array, contentType: string): RequestBody | undefined {
  return bytes.length === 0 && contentType === '' ? undefined : { form: 'bytes', bytes, contentType };
}

/** By events: an async iterator costs several times as much for the one chunk that most bodies are. */
function chunksOf(body: Readable): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.on('data', (bytes: Buffer) => {
      size += bytes.length;
      if (size <= BODY_LIMIT) {
        chunks.push(bytes);
        return;
      }
      body.pause();
      reject(tooLarge(BODY_LIMIT));
    });
    body.once('end', () => resolve(chunks));
    body.once('error', (cause: Error) => reject(badRequest(`cannot read the body: ${cause.message}`, cause)));
    body.once('close', () => {
      if (!body.readableEnded) reject(badRequest('cannot read the body: aborted'));
    });
  });
}
