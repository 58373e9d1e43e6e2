// What a scheduler tells of itself: /healthz, /livez and /readyz for probes, /metrics for Prometheus, over HTTPS with a
// certificate that it signs itself, as Kubernetes' scheduler does. Metrics are for the machine itself unless told otherwise,
// because nobody is asked who they are.
import { createServer, type Server } from 'node:https';
import type { Registry } from 'prom-client';
import { createAuthority, issueCertificate } from '../../pkg/pki/certificates.ts';

export interface StatusPagesOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether it schedules or stands by for the one that does. */
  readonly isReady: () => boolean;
}

const CERTIFICATE_DAYS = 365;

/** Rejects when the port is taken. */
export async function serveStatusPages(options: StatusPagesOptions): Promise<AsyncDisposable> {
  const authority = await createAuthority('kube-scheduler', CERTIFICATE_DAYS, options.now);
  const request = {
    commonName: 'kube-scheduler',
    hosts: ['localhost', '127.0.0.1'],
    usages: ['server' as const],
    days: CERTIFICATE_DAYS,
  };
  const { certificate, key } = await issueCertificate(authority, request, options.now);
  const server = createServer({ cert: certificate, key }, (incoming, response) => {
    const page = pageOf(incoming.url ?? '/', options);
    page
      .then(({ status, body, contentType }) => {
        response.writeHead(status, { 'content-type': contentType }).end(body);
      })
      .catch(() => response.destroy());
  });
  await listen(server, options.port, options.host);
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Page {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

async function pageOf(url: string, { registry, isReady }: StatusPagesOptions): Promise<Page> {
  const text = (status: number, body: string): Page => ({ status, body, contentType: 'text/plain; charset=utf-8' });
  const path = url.split('?', 1)[0];
  if (path === '/metrics') return { status: 200, body: await registry.metrics(), contentType: registry.contentType };
  if (path === '/healthz' || path === '/livez') return text(200, 'ok');
  if (path !== '/readyz') return text(404, '404 page not found\n');
  return isReady() ? text(200, 'ok') : text(500, 'the first lists are not in yet');
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
