// What a component tells of itself on a port of its own: /healthz, /livez and /readyz for probes, /metrics and /metrics/slis for
// Prometheus, /configz, over HTTPS with a certificate that it signs itself unless it is given one, as Kubernetes' components do.
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { jsonResponse, statusResponse, textResponse } from '../../pkg/apiserver/encoded.ts';
import { answerHealth, type HealthCheck } from '../../pkg/apiserver/health.ts';
import { certificateOf } from '../../pkg/apiserver/http/peer-certificate.ts';
import { writeResponse } from '../../pkg/apiserver/http/write-response.ts';
import type { ApiResponse } from '../../pkg/apiserver/request.ts';
import { BRIEFLY_KEPT, DelegatedAccess } from '../../pkg/client/delegated-access.ts';
import type { Client } from '../../pkg/client/client.ts';
import type { Clock } from '../../pkg/clock/clock.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { HealthSlis } from '../../pkg/metrics/health-slis.ts';
import { createAuthority, issueCertificate } from '../../pkg/pki/certificates.ts';
import { followClientAuthority } from './client-authority.ts';
import type { StatusPagesSettings } from './flags.ts';
import { refusal, type Gate } from './gate.ts';

export interface StatusPagesOptions {
  readonly settings: StatusPagesSettings;
  /** As in certificates: `kube-scheduler`. */
  readonly name: string;
  readonly registry: Registry;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly checks: readonly HealthCheck[];
  /** What /configz shows. */
  readonly configz: () => object;
  /** Further pages of metrics, by their paths. */
  readonly more?: Readonly<Record<string, () => string>>;
}

export interface StatusPages extends AsyncDisposable {
  readonly port: number;
}

interface Pages extends Gate {
  readonly options: StatusPagesOptions;
  readonly slis: HealthSlis;
}

/** That the program answers at all. */
export const alive: HealthCheck = { name: 'ping', endpoints: ['livez', 'readyz', 'healthz'], check: () => undefined };

const CERTIFICATE_DAYS = 365;
const HEALTH = /^\/(livez|readyz|healthz)(\/|$)/;

/** Undefined: none are wanted, or the port is taken, which must not keep a component from its work. */
export async function serveStatusPages(options: StatusPagesOptions): Promise<StatusPages | undefined> {
  const { host, port } = options.settings;
  if (port === 0) return undefined;
  try {
    return await listening(options, port);
  } catch (error) {
    options.log.error('cannot serve status pages', { host, port, error });
    return undefined;
  }
}

/** Rejects when the port is taken. */
export async function listening(options: StatusPagesOptions, port: number): Promise<StatusPages> {
  const { settings, client, clock, log } = options;
  const { certificate, key } = settings.serving ?? (await selfSigned(options));
  // An empty list of authorities trusts nobody, where none at all would mean those that the system trusts.
  const credentials = (authority: string | undefined) => ({ cert: certificate, key, ca: authority ?? [] });
  const pages: Pages = {
    options,
    slis: new HealthSlis(),
    access: new DelegatedAccess({ client, clock, keptMs: BRIEFLY_KEPT }),
    openPaths: settings.openPaths,
    log,
  };
  const server = createServer(
    { ...credentials(settings.clientAuthority), requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      answer(pages, request, response).catch((error: unknown) => {
        log.error('cannot answer', { path: request.url, error });
        response.destroy();
      });
    },
  );
  await listen(server, port, settings.host);
  const stop = new AbortController();
  const following =
    settings.clientAuthority === undefined
      ? followClientAuthority(
          { client, clock, log, onChange: (authority) => server.setSecureContext(credentials(authority)) },
          stop.signal,
        )
      : Promise.resolve();
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the status pages are closed'));
      await following;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  const { pathname: path, searchParams } = new URL(request.url ?? '/', 'https://component');
  const credentials = { certificate: certificateOf(request.socket), authorization: request.headers.authorization };
  const refused = await refusal(pages, credentials, { method: request.method ?? 'GET', path });
  const found = refused === undefined ? await pageOf(pages, path, searchParams) : statusResponse(refused.status);
  await writeResponse(found, request, response);
}

async function pageOf({ options, slis }: Pages, path: string, query: URLSearchParams): Promise<ApiResponse> {
  const { registry, checks, configz, more = {} } = options;
  if (HEALTH.test(path)) return (await answerHealth(path, query, checks, slis)) ?? notFound();
  if (path === '/metrics') return textResponse(200, await registry.metrics(), registry.contentType);
  if (path === '/metrics/slis') return textResponse(200, slis.text(), registry.contentType);
  if (path === '/configz') return jsonResponse(200, configz());
  const page = more[path];
  if (page !== undefined) return textResponse(200, page(), registry.contentType);
  return notFound();
}

function notFound(): ApiResponse {
  return textResponse(404, '404 page not found\n');
}

async function selfSigned({ name, clock }: StatusPagesOptions): Promise<{ certificate: string; key: string }> {
  const authority = await createAuthority(name, CERTIFICATE_DAYS, clock.now());
  const request = {
    commonName: name,
    hosts: ['localhost', '127.0.0.1'],
    usages: ['server' as const],
    days: CERTIFICATE_DAYS,
  };
  return issueCertificate(authority, request, clock.now());
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
