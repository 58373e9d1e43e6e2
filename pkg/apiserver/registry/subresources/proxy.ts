// `.../proxy/...`: the request goes on to a pod, a service's endpoint or a kubelet, and its answer comes back as it is.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ApiError } from '../../../api/meta/status.ts';
import type { Random } from '../../../clock/clock.ts';
import type { ApiRequest } from '../../request.ts';
import type { SubresourceHandler } from '../subresource-handler.ts';
import { tlsOptions, type KubeletConnections } from './kubelet-connections.ts';
import { proxyTarget, type ProxyTarget } from './proxy-target.ts';

const CONNECT_MS = 30_000;
/** Between the client and this server, or about this connection only (RFC 9110, 7.6.1). */
const NOT_PASSED: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

export function proxy(kubelets: KubeletConnections | undefined, random: Random): SubresourceHandler {
  return async ({ api, target, request }) => {
    const to = await proxyTarget(api, target, random);
    const query = request.query.size === 0 ? '' : `?${request.query.toString()}`;
    const path = `/${target.rest.split('/').map(encodeURIComponent).join('/')}`;
    const slash = request.path.endsWith('/') && !path.endsWith('/') ? '/' : '';
    const answer = await pass(to, path + slash + query, request, kubelets);
    const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
    return { form: 'stream', status: answer.statusCode ?? 502, contentType, chunks: chunksOf(answer) };
  };
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
