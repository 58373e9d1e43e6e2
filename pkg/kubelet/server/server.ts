// The kubelet's HTTPS server, which the API server and Prometheus call: logs, exec, attach, port-forward, pods, metrics,
// configuration. Who may do what is decided in callers.ts.
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageWithCauses } from '../../logging/logger.ts';
import type { MetricsPages } from '../../metrics/metrics-pages.ts';
import type { KubeletMetrics } from '../metrics/kubelet-metrics.ts';
import type { MetricPages } from '../metrics/metric-pages.ts';
import type { PodContext } from '../pod/pod-context.ts';
import type { PodManager } from '../pod/pod-manager.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { HealthSlis } from '../../metrics/health-slis.ts';
import { admitCaller, type AuthorizationMode, type CallerRules } from './callers.ts';
import { sendLogs } from './container-logs.ts';
import { HttpError } from './http-error.ts';
import { openStream } from './streaming.ts';

export interface ServingPair {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** A serving certificate that comes later and changes now and then. Without one no connection is made. */
export interface ServingSource {
  current(): ServingPair | undefined;
  onChange(listener: () => void): Disposable;
}

export interface ServingOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: ServingPair | ServingSource;
  /** PEM; undefined: nobody is known by certificate. */
  readonly clientCa: string | undefined;
  /** Whether the API server is asked whose bearer token one is. Default yes. */
  readonly webhookTokens?: boolean;
  /** Default Webhook: the API server is asked what callers may do. */
  readonly authorization?: AuthorizationMode;
  /** Of components of the same process: served as /metrics/<component>, and named in an annotation of the Node. */
  readonly metricsPages?: MetricsPages;
}

export interface ServerParts {
  readonly manager: PodManager;
  readonly context: PodContext;
  readonly metrics: KubeletMetrics;
  readonly metricPages: MetricPages;
  readonly rules: CallerRules;
  /** What /configz shows. */
  readonly configz: () => object;
}

export interface KubeletServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Resolves when it listens. Closing it ends the streams that run. */
export async function serveKubelet(options: ServingOptions & ServerParts): Promise<KubeletServer> {
  const stop = new AbortController();
  const { tls } = options;
  const source = 'onChange' in tls ? tls : undefined;
  const credentials = () => ({
    ...('onChange' in tls ? tls.current() : tls),
    // An empty list trusts nobody, where none at all would mean the authorities that the system trusts.
    ca: options.clientCa ?? [],
  });
  const server = createServer({
    ...credentials(),
    requestCert: true,
    rejectUnauthorized: false, // callers without a certificate get a 401 they can read
  });
  // Connections that are there keep what they were made with; new ones get what is good now.
  const following = source?.onChange(() => server.setSecureContext(credentials()));
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const slis = new HealthSlis();
  server.on('request', (request, response) => void answer(request, response, { ...options, slis }, stop.signal));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined); // the stream's end tells; an error without listener would end the process
    void upgrade(request, socket, head, options, stop.signal);
  });
  await listen(server, options);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    async close() {
      stop.abort(new Error('the kubelet stops'));
      following?.[Symbol.dispose]();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: ServingOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

type Parts = ServingOptions & ServerParts & { readonly slis: HealthSlis };

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: Parts,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the caller has gone')));
  const signal = AbortSignal.any([gone.signal, stopping]);
  const { clock } = parts.context;
  const began = clock.elapsed();
  using _counted = {
    [Symbol.dispose]: () =>
      parts.metrics.requested(request.method ?? '', rootOf(request.url), (clock.elapsed() - began) / 1000),
  };
  try {
    await route(request, response, parts, signal);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, message } = faultOf(error, signal);
    if (status === 500) parts.context.log.error('request failed', { path: request.url, error });
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(message);
  }
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  parts: Parts,
  signal: AbortSignal,
): Promise<void> {
  const { segments, query } = targetOf(request);
  const [root = ''] = segments;
  if (root === 'healthz') {
    for (const check of HEALTH_CHECKS) parts.slis.observed(check, 'healthz', true);
    return text(response, 'ok');
  }
  await admitCaller(request, root, parts.rules);
  switch (root) {
    case 'pods':
      return json(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: parts.manager.pods() });
    case 'containerLogs':
      return await sendLogs(segments.slice(1), query, response, parts, signal);
    case 'metrics': {
      const [, page = '', ...more] = segments;
      if (page === 'slis' && more.length === 0) return text(response, parts.slis.text(), PROMETHEUS);
      const found =
        more.length > 0
          ? undefined
          : ((await parts.metricPages.text(page, signal)) ?? (await parts.metricsPages?.text(page)));
      if (found !== undefined) return text(response, found, PROMETHEUS);
      break;
    }
    case 'configz':
      return json(response, parts.configz());
    case 'stats':
      if (segments[1] === 'summary') return json(response, await parts.metricPages.summary(signal));
      break;
    case 'exec':
    case 'attach':
    case 'portForward':
      throw new HttpError(400, 'Upgrade request required');
  }
  throw new HttpError(404, '404 page not found');
}

function targetOf({ url = '/' }: IncomingMessage): { segments: string[]; query: URLSearchParams } {
  try {
    const { pathname, searchParams: query } = new URL(url, 'https://kubelet');
    const segments = pathname.split('/').filter((part) => part !== '');
    return { segments: segments.map(decodeURIComponent), query };
  } catch {
    throw new HttpError(400, 'the path cannot be read');
  }
}

/** That it answers is all there is to check. */
const HEALTH_CHECKS = ['ping', 'log'] as const;

const ROOTS: ReadonlySet<string> = new Set(
  'healthz pods configz containerLogs metrics stats exec attach portForward'.split(' '),
);

/** Only what is served becomes a label. */
function rootOf(url = '/'): string {
  const root = url.split(/[/?]/)[1] ?? '';
  return ROOTS.has(root) ? root : 'other';
}

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  parts: ServingOptions & ServerParts,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort(new Error('the caller has gone')));
  const signal = AbortSignal.any([gone.signal, stopping]);
  try {
    const { segments, query } = targetOf(request);
    await admitCaller(request, segments[0] ?? '', parts.rules);
    await openStream({ request, socket, head, segments, query }, parts, signal);
  } catch (error) {
    const { status, message } = faultOf(error, signal);
    if (status === 500) parts.context.log.error('stream failed', { path: request.url, error });
    if (socket.writable) {
      const length = Buffer.byteLength(message);
      socket.end(
        `HTTP/1.1 ${status} Refused\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${message}`,
      );
    }
  }
}

function faultOf(error: unknown, signal: AbortSignal): { status: number; message: string } {
  if (error instanceof HttpError) return { status: error.status, message: error.message };
  if (error instanceof RuntimeError) {
    return { status: error.kind === 'gone' ? 404 : 502, message: messageWithCauses(error) };
  }
  return { status: signal.aborted ? 503 : 500, message: messageWithCauses(error) };
}

function text(response: ServerResponse, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(200, { 'content-type': type }).end(body);
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
