// `.../proxy/...`: the request goes on to a pod, a service's endpoint or a kubelet, and its answer comes back as it is, but for
// links that would lead past the proxy. k8s.io/apimachinery/pkg/util/proxy.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ApiError } from '../../../api/meta/status.ts';
import type { Random } from '../../../clock/clock.ts';
import type { ApiRequest, ApiResponse } from '../../request.ts';
import type { SubresourceHandler } from '../subresource-handler.ts';
import { tlsOptions, type KubeletConnections } from './kubelet-connections.ts';
import { proxiedHtml, proxiedUrl, type ProxiedFrom } from './proxied-links.ts';
import { proxyTarget, type ProxyTarget } from './proxy-target.ts';

const CONNECT_MS = 30_000;
/** Pages beyond this pass with the links they have. */
const LARGEST_PAGE = 8 * 1024 * 1024;
/** Between the client and this server, or about this connection only (RFC 9110, 7.6.1). */
const NOT_PASSED: ReadonlySet<string> = new Set([
  // A page must come readable for its links to be changed.
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);
/** A page of a pod must not grant what only this server may. */
const NOT_RETURNED = /^(connection|keep-alive|transfer-encoding|upgrade|date|content-type|access-control-.*)$/;
const NOTHING: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} };

export function proxy(kubelets: KubeletConnections | undefined, random: Random): SubresourceHandler {
  return async ({ api, target, request }) => {
    const to = await proxyTarget(api, target, random);
    const query = request.query.size === 0 ? '' : `?${request.query.toString()}`;
    if (target.rest === '' && !request.path.endsWith('/') && ['GET', 'HEAD'].includes(request.method)) {
      return movedTo(`${request.path}/${query}`);
    }
    const rest = target.rest.split('/').map(encodeURIComponent).join('/');
    const slash = rest !== '' && request.path.endsWith('/') ? '/' : '';
    const answer = await pass(to, `/${rest}${slash}${query}`, request, kubelets);
    // A kubelet's pages are not for browsers.
    if (target.resource === 'nodes') return answered(answer, undefined);
    const prefix = prefixOf(decodeURIComponent(request.path), target.rest);
    return answered(answer, { prefix, target: `${to.host}:${to.port}`, host: request.headers['host'] ?? '' });
  };
}

/** The path up to and with `/proxy`. */
function prefixOf(path: string, rest: string): string {
  const whole = path.endsWith('/') ? path.slice(0, -1) : path;
  return rest === '' ? whole : whole.slice(0, -rest.length - 1);
}

/** Relative links of a page need the slash at the end of its own path. */
function movedTo(location: string): ApiResponse {
  const contentType = 'text/plain; charset=utf-8';
  return { form: 'stream', status: 301, contentType, headers: { location }, chunks: NOTHING };
}

/** `from`: whose links are changed. */
function answered(answer: IncomingMessage, from: ProxiedFrom | undefined): ApiResponse {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !NOT_RETURNED.test(name)) headers[name] = value;
  }
  const { location } = answer.headers;
  if (location !== undefined && from !== undefined) headers['location'] = proxiedUrl(location, from);
  const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
  const response = { form: 'stream', status: answer.statusCode ?? 502, contentType, headers } as const;
  if (from === undefined || location !== undefined || !isPage(answer, contentType)) {
    return { ...response, chunks: chunksOf(answer) };
  }
  delete headers['content-length'];
  return { ...response, chunks: rewritten(answer, from) };
}

/** Pages that come compressed although nobody asked for it stay as they are. */
function isPage({ headers }: IncomingMessage, contentType: string): boolean {
  const size = Number(headers['content-length'] ?? 0);
  return /^text\/html\b/i.test(contentType) && headers['content-encoding'] === undefined && size <= LARGEST_PAGE;
}

/** The page with its links changed, once it is whole; a page that grows beyond the limit goes on as it comes. */
async function* rewritten(answer: IncomingMessage, from: ProxiedFrom): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(answer)) {
    size += chunk.length;
    if (size > LARGEST_PAGE) {
      yield* chunks.splice(0);
      yield chunk;
    } else chunks.push(chunk);
  }
  // Bytes are kept whatever their encoding is: links are ASCII.
  const page = Buffer.concat(chunks).toString('latin1');
  if (size <= LARGEST_PAGE) yield Buffer.from(proxiedHtml(page, from), 'latin1');
}

function pass(
  to: ProxyTarget,
  path: string,
  request: ApiRequest,
  kubelets: KubeletConnections | undefined,
): Promise<IncomingMessage> {
  const { method, signal } = request;
  const tls = to.scheme === 'https' ? tlsOptions(to.kubelet ? kubelets : undefined) : {};
  const options = {
    ...tls,
    host: to.host,
    port: to.port,
    method,
    path,
    headers: passedHeaders(request),
    signal,
    timeout: CONNECT_MS,
  };
  return new Promise((resolve, reject) => {
    const asking = to.scheme === 'https' ? httpsRequest(options) : httpRequest(options);
    asking.on('response', (answer) => {
      asking.setTimeout(0);
      resolve(answer);
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', (cause) => {
      reject(new ApiError('ServiceUnavailable', `error trying to reach service: ${cause.message}`, { cause }));
    });
    asking.end(request.body?.form === 'bytes' ? request.body.bytes : undefined);
  });
}

function passedHeaders({ headers }: ApiRequest): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !NOT_PASSED.has(name)) passed[name] = value;
  }
  return passed;
}

async function* chunksOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of answer) {
    // A stream without an encoding yields Buffers.
    yield chunk as Uint8Array;
  }
}
