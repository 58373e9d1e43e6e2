// What is served besides resources: health, version, discovery, OpenAPI, metrics and the keys of service-account tokens.
// Anonymous callers get health, version and the roots of discovery, nothing else.
import type { Endpoints, Node } from '../api/schema/generated/core.v1.gen.ts';
import type { KindDefinition } from '../api/schema/kind.ts';
import { HealthSlis } from '../metrics/health-slis.ts';
import type { MetricsPages } from '../metrics/metrics-pages.ts';
import type { Clock } from '../clock/clock.ts';
import { deadlineOf } from '../clock/deadline.ts';
import type { Store } from '../storage/store.ts';
import type { ServiceAccountTokens } from './authn/service-account-tokens.ts';
import { answerDiscovery } from './discovery/discovery.ts';
import { EncodedBytes, EncodedValue, jsonResponse, textResponse } from './encoded.ts';
import { answerHealth, type HealthCheck } from './health.ts';
import { methodNotAllowed, unauthorized, unknownPath } from './http-errors.ts';
import type { MetricsPage } from './metrics/metrics-page.ts';
import { scrapeTargets } from './metrics/scrape-targets.ts';
import { objectState } from './object-state/object-state.ts';
import type { ApiRequest, ApiResponse } from './request.ts';
import { VERSION } from '../api/meta/version.ts';
import type { WatchCache } from './watchcache/watch-cache.ts';

export interface SystemPathsParts {
  readonly kinds: readonly KindDefinition[];
  /** Known to discovery only. */
  readonly unstoredKinds: readonly KindDefinition[];
  readonly store: Store;
  readonly clock: Clock;
  readonly cache: WatchCache;
  readonly metrics: MetricsPage;
  /** Of the components that share this process. */
  readonly pages: MetricsPages;
  readonly tokens: ServiceAccountTokens | undefined;
  readonly advertise: { readonly address: string; readonly port: number } | undefined;
}

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';
const FOR_EVERYBODY: ReadonlySet<string> = new Set(['/version', '/version/', '/api', '/api/', '/apis', '/apis/']);
/** A probe wants to hear soon that something is wrong. */
const STORE_CHECK_MS = 2000;
const HEALTH = /^\/(livez|readyz|healthz)(\/|$)/;

export class SystemPaths {
  readonly #parts: SystemPathsParts;
  readonly #checks: readonly HealthCheck[];
  readonly #discovered: readonly KindDefinition[];
  readonly #slis = new HealthSlis();

  constructor(parts: SystemPathsParts) {
    this.#parts = parts;
    this.#checks = checksOf(parts);
    this.#discovered = parts.unstoredKinds.length === 0 ? parts.kinds : [...parts.kinds, ...parts.unstoredKinds];
  }

  async answer(request: ApiRequest, anonymous: boolean): Promise<ApiResponse> {
    const { path, query, headers, method } = request;
    if (HEALTH.test(path)) return (await answerHealth(path, query, this.#checks, this.#slis)) ?? notFoundPage();
    if (anonymous && !FOR_EVERYBODY.has(path)) throw unauthorized();
    if (method !== 'GET' && method !== 'HEAD') return this.#otherMethod(path);
    if (path === '/version' || path === '/version/') return jsonResponse(200, VERSION);
    if (path === '/metrics') return textResponse(200, await this.#parts.metrics.text(), PROMETHEUS);
    if (path.startsWith('/metrics/')) return this.#metricsPage(path.slice('/metrics/'.length), headers['host']);
    if (path.startsWith('/openapi/')) return this.#openApi(request);
    if (path === '/.well-known/openid-configuration' || path === '/openid/v1/jwks') return this.#openId(path);
    if (path === '/') return jsonResponse(200, { paths: this.#rootPaths() });
    const { advertise } = this.#parts;
    const found = answerDiscovery(
      path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path,
      headers['accept'] ?? '',
      this.#discovered,
      advertise === undefined ? {} : { serverAddress: `${advertise.address}:${advertise.port}` },
    );
    if (found !== undefined) {
      const { body, contentType } = found;
      return { form: 'object', status: 200, body: new EncodedValue(body), contentType, warnings: [] };
    }
    return this.#unknown(path);
  }

  /** `/api/...` and known groups answer with a Status, everything else as Go's own server does. */
  #unknown(path: string): ApiResponse {
    const [, root, group = ''] = path.split('/');
    if (root === 'api') throw unknownPath();
    if (root === 'apis' && this.#discovered.some(({ type }) => type.group === group)) throw unknownPath();
    return notFoundPage();
  }

  #otherMethod(path: string): ApiResponse {
    if (path.startsWith('/api') || path === '/version' || path === '/version/') throw methodNotAllowed();
    return notFoundPage();
  }

  async #openApi({ path, query, headers }: ApiRequest): Promise<ApiResponse> {
    const { answerOpenApi } = await import('./openapi/openapi.ts');
    const found = answerOpenApi(path, query, headers['accept'] ?? '', this.#discovered);
    if (found === undefined) return notFoundPage();
    const { bytes, contentType, etag } = found;
    const unchanged = headers['if-none-match'] !== undefined && headers['if-none-match'] === etag;
    const body = new EncodedBytes(unchanged ? new Uint8Array() : bytes);
    return { form: 'object', status: unchanged ? 304 : 200, body, contentType, warnings: [], headers: { etag } };
  }

  async #openId(path: string): Promise<ApiResponse> {
    const { tokens } = this.#parts;
    if (tokens === undefined) return notFoundPage();
    if (path === '/openid/v1/jwks') return jsonResponse(200, await tokens.jwks());
    const { issuer } = tokens;
    return jsonResponse(200, {
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256', 'RS256'],
    });
  }

  async #metricsPage(name: string, host: string | undefined): Promise<ApiResponse> {
    const { cache, pages, advertise } = this.#parts;
    if (name === 'kube-state-metrics') {
      return { form: 'stream', status: 200, contentType: PROMETHEUS, chunks: objectState(cache) };
    }
    if (name === 'slis') return textResponse(200, this.#slis.text(), PROMETHEUS);
    if (name === 'targets') {
      const here = host ?? (advertise === undefined ? '' : `${advertise.address}:${advertise.port}`);
      return jsonResponse(200, scrapeTargets({ here, components: pages.components, ...scrapedObjects(cache) }));
    }
    const text = await pages.text(name);
    return text === undefined ? notFoundPage() : textResponse(200, text, PROMETHEUS);
  }

  #rootPaths(): string[] {
    const groups = new Set(this.#discovered.map(({ type }) => type.group).filter((group) => group !== ''));
    const versions = new Set(
      this.#discovered.filter(({ type }) => type.group !== '').map(({ type }) => `${type.group}/${type.version}`),
    );
    const paths = [
      '/api',
      '/api/v1',
      '/apis',
      '/healthz',
      '/livez',
      '/metrics',
      '/metrics/slis',
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/version',
    ];
    return [...paths, ...[...groups, ...versions].map((name) => `/apis/${name}`)].sort();
  }
}

function scrapedObjects(cache: WatchCache): { endpoints: Endpoints | undefined; nodes: readonly Node[] } {
  // What is stored under a resource's prefix is of its kind.
  const endpoints = cache.resource('/registry/core/endpoints/').get('default', 'kubernetes')?.value;
  const nodes = cache.resource('/registry/core/nodes/').list(undefined);
  return { endpoints, nodes: nodes.map(({ value }) => value as Node) };
}

function notFoundPage(): ApiResponse {
  return textResponse(404, '404 page not found\n');
}

/** Rejects when the signal is aborted: not every call that takes a signal heeds it at once. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function checksOf({ store, clock }: SystemPathsParts): HealthCheck[] {
  const everywhere = ['livez', 'readyz', 'healthz'] as const;
  const answering = async () => {
    using late = deadlineOf(clock, STORE_CHECK_MS, () => new Error('the store does not answer'));
    await Promise.race([store.revision(late.signal), aborted(late.signal)]);
    return undefined;
  };
  return [
    { name: 'ping', endpoints: everywhere, check: () => undefined },
    { name: 'log', endpoints: everywhere, check: () => undefined },
    { name: 'etcd', endpoints: everywhere, check: answering },
    { name: 'etcd-readiness', endpoints: ['readyz'], check: answering },
    { name: 'informer-sync', endpoints: ['readyz'], check: () => undefined },
    {
      name: 'poststarthook/bootstrap-controller',
      endpoints: everywhere,
      check: () => undefined,
    },
    { name: 'shutdown', endpoints: ['readyz'], check: () => undefined },
  ];
}
