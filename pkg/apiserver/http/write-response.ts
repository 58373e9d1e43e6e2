// From the core's answer to Node's response. Frames of a watch that are ready together leave in one write; a client that
// does not read stops the flow, and the watch's own buffer decides when that is too long.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ApiResponse, Encoded } from '../request.ts';
import { PlainResponse } from './plain-response.ts';

/** Kubernetes compresses answers of 128 KiB and more, fast rather than small. */
const COMPRESS_FROM = 128 * 1024;
const compress = promisify(gzip);
const CHUNK_END = Buffer.from('\r\n', 'latin1');

/** What was asked, as far as the answer's form depends on it. */
export interface Asked {
  readonly method?: string | undefined;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}

export type Outgoing = ServerResponse | PlainResponse;

export async function writeResponse(answer: ApiResponse, request: Asked, response: Outgoing): Promise<void> {
  switch (answer.form) {
    case 'object':
      return writeObject(answer, request, response);
    case 'watch':
      return writeWatch(answer, response);
    case 'stream':
      return writeStream(answer, response);
  }
}

async function writeObject(
  answer: Extract<ApiResponse, { form: 'object' }>,
  request: Asked,
  response: Outgoing,
): Promise<void> {
  const { status, contentType, warnings, headers } = answer;
  const head: Record<string, string | string[] | number> = {
    'cache-control': 'no-cache, private',
    'content-type': contentType,
    ...headers,
  };
  if (warnings.length > 0) head['warning'] = warningLines(warnings);
  const retryAfter = status >= 400 ? retryAfterOf(answer.body.value) : 0;
  if (retryAfter > 0) head['retry-after'] = String(retryAfter);
  const zipped = acceptsGzip(request);
  const { long } = answer.body;
  if (long !== undefined && !zipped && response instanceof PlainResponse) {
    answer.sizes?.observe(long.length);
    response.writeHead(status, { ...head, 'content-length': long.length });
    return response.endWith(long.pieces());
  }
  const { bytes } = answer.body;
  const squeeze = zipped && bytes.length >= COMPRESS_FROM;
  const body = squeeze ? await compress(bytes, { level: 1 }) : bytes;
  if (squeeze) {
    head['content-encoding'] = 'gzip';
    head['vary'] = 'Accept-Encoding';
  }
  answer.sizes?.observe(body.length);
  head['content-length'] = body.length;
  response.writeHead(status, head);
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function writeWatch(answer: Extract<ApiResponse, { form: 'watch' }>, response: Outgoing): Promise<void> {
  const { contentType, warnings = [] } = answer;
  const head: Record<string, string | readonly string[]> = { 'cache-control': 'no-cache, private' };
  if (warnings.length > 0) head['warning'] = warningLines(warnings);
  response.writeHead(200, { ...head, 'content-type': contentType });
  response.flushHeaders();
  for await (const batch of answer.events) {
    if (batch.length === 0) continue;
    if (answer.sizes !== undefined) for (const { bytes } of batch) answer.sizes.observe(bytes.length);
    const room = writeFrames(batch, response);
    if (!room && !(await drained(response))) break;
    if (response.destroyed) break;
  }
  response.end();
}

/** False: the client does not read as fast as is written. */
function writeFrames(batch: readonly Encoded[], response: Outgoing): boolean {
  const { socket } = response;
  // A response of HTTP/1.0, or one that waits for another on its connection.
  if (!response.chunkedEncoding || socket === null) return response.write(joined(batch.map(({ bytes }) => bytes)));
  return socket.write(joined(batch.map(chunkOf)));
}

const chunks = new WeakMap<Encoded, Buffer>();

/** The frame as HTTP's chunk, made once for all watchers: putting it together costs each of them as much as encrypting it. */
function chunkOf(frame: Encoded): Buffer {
  let chunk = chunks.get(frame);
  if (chunk === undefined) {
    const { bytes } = frame;
    chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1'), bytes, CHUNK_END]);
    chunks.set(frame, chunk);
  }
  return chunk;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

async function writeStream(answer: Extract<ApiResponse, { form: 'stream' }>, response: Outgoing): Promise<void> {
  const head: Record<string, string | readonly string[]> = { 'cache-control': 'no-cache, private', ...answer.headers };
  response.writeHead(answer.status, { ...head, 'content-type': answer.contentType });
  response.flushHeaders();
  try {
    for await (const chunk of answer.chunks) {
      if (!response.write(chunk) && !(await drained(response))) return;
    }
    response.end();
  } catch {
    // The source broke in the middle: the client must see that the stream is not whole.
    response.destroy();
  }
}

/** False when the client has gone. */
async function drained(response: Outgoing): Promise<boolean> {
  // A response that waits for another on its connection has no socket yet.
  const target: Writable = response instanceof PlainResponse ? response.socket : (response.socket ?? response);
  if (target.destroyed) return false;
  const stop = new AbortController();
  const { signal } = stop;
  try {
    await Promise.race([once(target, 'drain', { signal }), once(target, 'close', { signal })]);
  } finally {
    stop.abort();
  }
  return !target.destroyed;
}

/** Seconds: clients repeat by themselves what they are told to repeat, and nothing else. */
function retryAfterOf(body: unknown): number {
  if (typeof body !== 'object' || body === null || !('details' in body)) return 0;
  const { details } = body;
  if (typeof details !== 'object' || details === null || !('retryAfterSeconds' in details)) return 0;
  return Number(details.retryAfterSeconds);
}

function acceptsGzip(request: Asked): boolean {
  const accepted = request.headers['accept-encoding'];
  return typeof accepted === 'string' && accepted.includes('gzip');
}

function warningLines(warnings: readonly string[]): string[] {
  return warnings.map((text) => `299 - ${quoted(text)}`);
}

/** The text of a Warning header (RFC 7234): quotes and backslashes escaped, nothing that would end the header. */
function quoted(text: string): string {
  const escaped = text.replaceAll(/[\\"]/g, (character) => `\\${character}`);
  return `"${escaped.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, ' ')}"`;
}
