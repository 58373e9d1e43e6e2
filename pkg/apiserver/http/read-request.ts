// From Node's request to the core's, with the body read whole up to Kubernetes' limit.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { badRequest, tooLarge } from '../http-errors.ts';
import type { ApiRequest, RequestBody, UserInfo } from '../request.ts';

/** Kubernetes' limit for the body of a write (3 MiB). */
export const BODY_LIMIT = 3 * 1024 * 1024;
const NO_QUERY = new URLSearchParams();

/** What is asked for, as far as the first line tells. */
export type RequestLine = Pick<ApiRequest, 'method' | 'path' | 'query'>;

export function requestLine({ url = '/', method = 'GET' }: IncomingMessage): RequestLine {
  const mark = url.indexOf('?');
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1)),
  };
}

/** `gone` gives the request's signal when somebody asks for it. Throws ApiError: 413 for a body above the limit, 400 for one that is cut off. */
export async function readRequest(
  message: IncomingMessage,
  { method, path, query }: RequestLine,
  { user, gone }: { readonly user: UserInfo; readonly gone: { readonly signal: AbortSignal } },
): Promise<ApiRequest> {
  return {
    method,
    path,
    query,
    headers: headersOf(message),
    user,
    body: method === 'GET' || method === 'HEAD' ? undefined : await bodyOf(message),
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
  if (length === 0 && message.headers['transfer-encoding'] === undefined) {
    return contentType === '' ? undefined : { form: 'bytes', bytes: new Uint8Array(), contentType };
  }
  const encoded = message.headers['content-encoding'] === 'gzip';
  const chunks = await chunksOf(encoded ? message.pipe(createGunzip()) : message);
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  return { form: 'bytes', bytes, contentType };
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
