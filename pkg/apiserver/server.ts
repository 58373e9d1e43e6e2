// The API server without a network: requests in, answers out. http/ and direct-transport.ts put callers in front of it.
// Everything a request passes on its way is here in order: who, may they, what is meant, carry it out.
import { ApiError, type Status } from '../api/meta/status.ts';
import type { KindDefinition } from '../api/schema/kind.ts';
import { unstoredKinds } from '../api/unstored-kinds.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import { MetricsPages } from '../metrics/metrics-pages.ts';
import { StoreUnavailableError, type Store } from '../storage/store.ts';
import { AdmissionChain, type AdmissionPlugin } from './admission/admission.ts';
import { admissionPlugins } from './admission/plugins.ts';
import type { Secret } from '../api/schema/generated/core.v1.gen.ts';
import type { TokenAuthenticator } from './authn/authenticator.ts';
import { bootstrapTokens } from './authn/bootstrap-tokens.ts';
import { impersonated, impersonates } from './authn/impersonation.ts';
import { ServiceAccountTokens, type ServiceAccountKeys } from './authn/service-account-tokens.ts';
import { alwaysAllow, type Attributes, type Authorizer, type Decision } from './authz/authorizer.ts';
import { isClusterInfo, withBootstrappers } from './authz/bootstrappers.ts';
import { Bootstrap } from './bootstrap.ts';
import { startCompaction } from './compaction.ts';
import { bugResponse, statusResponse } from './encoded.ts';
import { forbidden, internalError, unauthorized } from './http-errors.ts';
import { negotiate } from './http/accept.ts';
import { indented, wantsPretty } from './http/pretty.ts';
import { InFlight, type InFlightLimits, isLongRunning } from './in-flight.ts';
import { AccessMetrics } from './metrics/access-metrics.ts';
import { MetricsPage } from './metrics/metrics-page.ts';
import { StoreMetrics } from './metrics/store-metrics.ts';
import { WatchMetrics } from './metrics/watch-metrics.ts';
import { MetricsApi } from './metrics-api/metrics-api.ts';
import { RequestMetrics, type RequestLabels } from './metrics/request-metrics.ts';
import { AllocationClaims } from './registry/allocation-claims.ts';
import { Committer } from './registry/committer.ts';
import { newUid } from './registry/identity.ts';
import { Reader } from './registry/reader.ts';
import { ResourceApi } from './registry/resource-api.ts';
import { subresourceHandlers } from './registry/subresources/handlers.ts';
import type { KubeletConnections } from './registry/subresources/kubelet-connections.ts';
import { ServiceAddresses } from './registry/service-addresses.ts';
import { WatchService } from './registry/watch.ts';
import { requestInfo, type RequestInfo, type ResourceRequest } from './request-info.ts';
import type { ApiRequest, ApiResponse, UserInfo } from './request.ts';
import { SystemPaths } from './system-paths.ts';
import { WatchCache } from './watchcache/watch-cache.ts';
import { yamlResponse } from './yaml.ts';

export interface ApiServerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly kinds: readonly KindDefinition[];
  /** Other API servers write to the store too. Default no. */
  readonly sharedStore?: boolean;
  /** Besides service-account tokens. */
  readonly authenticators?: readonly TokenAuthenticator[];
  readonly authorizer?: Authorizer;
  /** Whether Secrets of type bootstrap.kubernetes.io/token in kube-system are bearer tokens (`--enable-bootstrap-token-auth`). */
  readonly bootstrapTokens?: boolean;
  /** IPv4 in CIDR form. Default 10.96.0.0/12. */
  readonly serviceCidr?: string;
  /** Default 30000-32767. */
  readonly nodePorts?: { readonly first: number; readonly last: number };
  /** Where clients in pods reach this server: the endpoint of the `kubernetes` Service. Undefined: no endpoint is kept. */
  readonly advertise?: { readonly address: string; readonly port: number };
  /** PEM of who signs client certificates, which the cluster's other servers are told. Default: they are told nothing. */
  readonly clientAuthority?: string;
  readonly serviceAccountKeys?: ServiceAccountKeys;
  readonly kubelets?: KubeletConnections;
  readonly admission?: { readonly enable?: readonly string[]; readonly disable?: readonly string[] };
  /** Serve metrics.k8s.io (`kubectl top`) from what the kubelets tell, as a metrics-server would. Default no. */
  readonly metricsApi?: boolean;
  /** Of components of the same process: served as /metrics/<component>. Default none. */
  readonly metricsPages?: MetricsPages;
  /** For callers over the network. Default: kube-apiserver's. */
  readonly inFlightLimits?: InFlightLimits;
  /** Further plugins, after the built-in ones. */
  readonly extraAdmission?: readonly AdmissionPlugin[];
}

export interface ApiServer {
  /** Never rejects: faults become answers. `info`: what the request asks for, where it is known already. */
  handle(request: ApiRequest, info?: RequestInfo): Promise<ApiResponse>;
  /** Throws 401 or 403 when this user may not do that: for connections, which do not come through `handle`. */
  authorize(request: ResourceRequest, user: UserInfo, path: string): void;
  /** A client's connection has been joined to a pod's; dispose the answer when it ends. */
  streaming(request: ResourceRequest): Disposable;
  /** Who a bearer token belongs to. */
  readonly tokenAuthenticators: readonly TokenAuthenticator[];
  readonly kubelets: KubeletConnections | undefined;
  readonly api: ResourceApi;
  readonly inFlight: InFlight;
  readonly requestMetrics: RequestMetrics;
  readonly accessMetrics: AccessMetrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** Ends watches and timers; the store stays open, as it was given. */
  close(): Promise<void>;
}

/** Resolves when requests can be served: the state is in memory and the system's own objects exist. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, random, log } = options;
  const storeMetrics = new StoreMetrics(clock);
  const store = storeMetrics.metered(options.store);
  await using parts = new AsyncDisposableStack();
  const cache = await WatchCache.open({ store, clock, log, sharedStore: options.sharedStore ?? false });
  parts.defer(() => cache.close());
  const reader = new Reader(cache, store, clock);
  const committer = new Committer(store, cache);
  const tokens = serviceAccountTokens(options, cache);
  const sharedStore = options.sharedStore ?? false;
  const addresses = new ServiceAddresses({
    cidr: options.serviceCidr ?? '10.96.0.0/12',
    ports: options.nodePorts ?? { first: 30_000, last: 32_767 },
    cache,
    random,
    log,
    claims: sharedStore ? new AllocationClaims(store) : undefined,
  });
  const plugins = [
    ...admissionPlugins({ cache, reader, clock, random, ...options.admission }),
    ...(options.extraAdmission ?? []),
  ];
  const admission = new AdmissionChain(plugins, clock);
  const watchMetrics = new WatchMetrics();
  const accessMetrics = new AccessMetrics();
  const inFlight = new InFlight(options.inFlightLimits);
  const authorizer = withBootstrappers(options.authorizer ?? alwaysAllow);
  const tokenAuthenticators = [
    ...(options.authenticators ?? []),
    ...(options.bootstrapTokens === true ? [bootstrapTokens({ clock, log, secret: secretsOf(cache) })] : []),
    ...(tokens === undefined ? [] : [tokens]),
  ];
  const api = new ResourceApi({
    kinds: options.kinds,
    parts: {
      reader,
      committer,
      admission,
      clock,
      random,
      hooks: new Map([['services', addresses.hook]]),
    },
    watches: new WatchService(cache, clock, random, watchMetrics),
    clock,
    subresources: subresourceHandlers({ tokens, authorizer, tokenAuthenticators, kubelets: options.kubelets, random }),
  });
  const bootstrap = new Bootstrap({
    api,
    store,
    clock,
    log,
    addresses,
    advertise: options.advertise,
    clientAuthority: options.clientAuthority,
    sharedStore,
  });
  await bootstrap.run();
  parts.use(bootstrap);
  cache.forgetHistory();
  parts.use(startCompaction(store, clock, log));
  const metrics = new RequestMetrics(inFlight);
  const metricsApi =
    options.metricsApi === true
      ? parts.use(
          new MetricsApi({
            cache,
            clock,
            log,
            kubelets: options.kubelets,
            representation: (request, asked) => api.representation(request, asked),
          }),
        )
      : undefined;
  const paths = new SystemPaths({
    kinds: options.kinds,
    unstoredKinds: [...unstoredKinds, ...(metricsApi?.kinds ?? [])],
    store,
    clock,
    cache,
    metrics: new MetricsPage({
      clock,
      cache,
      requests: metrics,
      store,
      others: [accessMetrics, admission, watchMetrics, storeMetrics],
    }),
    pages: options.metricsPages ?? new MetricsPages(),
    tokens,
    advertise: options.advertise,
  });
  const owned = parts.move();
  const core = new Core({ api, metricsApi, paths, authorizer, metrics, accessMetrics, clock, random, log });
  return {
    handle: (request, info) => core.handle(request, info),
    authorize: (request, user, path) => core.authorize(request, user, path),
    streaming: (request) => core.streaming(request),
    tokenAuthenticators,
    kubelets: options.kubelets,
    api,
    inFlight,
    requestMetrics: metrics,
    accessMetrics,
    log,
    clock,
    close: () => owned.disposeAsync(),
  };
}

function serviceAccountTokens(options: ApiServerOptions, cache: WatchCache): ServiceAccountTokens | undefined {
  if (options.serviceAccountKeys === undefined) return undefined;
  return new ServiceAccountTokens(options.serviceAccountKeys, options.clock, (resource, namespace, name) => {
    return cache.resource(`/registry/core/${resource}/`).get(namespace, name)?.value.metadata.uid;
  });
}

function secretsOf(cache: WatchCache): (name: string) => Secret | undefined {
  return (name) => cache.resource('/registry/core/secrets/').get('kube-system', name)?.value;
}

interface CoreParts {
  readonly api: ResourceApi;
  readonly metricsApi: MetricsApi | undefined;
  readonly paths: SystemPaths;
  readonly authorizer: Authorizer;
  readonly metrics: RequestMetrics;
  readonly accessMetrics: AccessMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

class Core {
  readonly #parts: CoreParts;

  constructor(parts: CoreParts) {
    this.#parts = parts;
  }

  async handle(request: ApiRequest, info = requestInfo(request)): Promise<ApiResponse> {
    const { clock, metrics } = this.#parts;
    const began = clock.elapsed();
    let response: ApiResponse;
    try {
      response = await this.#answer(info, request);
    } catch (error) {
      response = this.#failure(error, request);
    }
    const deprecation = info.kind === 'resource' ? this.#parts.api.deprecation(info.request) : undefined;
    if (deprecation !== undefined) response = withWarning(response, deprecation);
    const labels = labelsOf(info, request, this.#parts);
    if (deprecation !== undefined) metrics.deprecated(labels);
    if (response.form === 'watch') {
      metrics.observe(labels, 200, (clock.elapsed() - began) / 1000, true);
      return { ...response, events: counted(response.events, metrics.longRunning(labels)) };
    }
    metrics.observe(labels, response.status, (clock.elapsed() - began) / 1000, isLongRunning(info));
    if (response.form === 'stream' && isLongRunning(info))
      return { ...response, chunks: counted(response.chunks, metrics.longRunning(labels)) };
    const shown = wantsPretty(request) ? indented(response) : response;
    if (shown.form !== 'object') return shown;
    const sizes = metrics.sizesOf(labels);
    return sizes === undefined ? shown : { ...shown, sizes };
  }

  streaming({ group, version, resource, subresource }: ResourceRequest): Disposable {
    const { clock, metrics } = this.#parts;
    const labels: RequestLabels = { verb: 'CONNECT', group, version, resource, subresource, scope: 'resource' };
    const began = clock.elapsed();
    const running = metrics.longRunning(labels);
    return {
      [Symbol.dispose]: () => {
        running[Symbol.dispose]();
        metrics.observe(labels, SWITCHING_PROTOCOLS, (clock.elapsed() - began) / 1000, true);
      },
    };
  }

  async #answer(info: RequestInfo, request: ApiRequest): Promise<ApiResponse> {
    const user = this.#userOf(request);
    const asked = user === request.user ? request : { ...request, user };
    if (info.kind === 'resource') this.authorize(info.request, asked.user, asked.path);
    else this.#authorizePath(asked);
    const { metricsApi } = this.#parts;
    if (info.kind === 'resource' && metricsApi?.serves(info.request) === true) {
      return metricsApi.handle(info.request, asked);
    }
    return info.kind === 'resource'
      ? this.#parts.api.handle(info.request, asked)
      : this.#parts.paths.answer(asked, user.groups.includes('system:unauthenticated'));
  }

  #userOf({ user, headers }: ApiRequest): UserInfo {
    return impersonates(headers) ? impersonated(user, headers, this.#parts.authorizer) : user;
  }

  authorize(request: ResourceRequest, user: UserInfo, path: string): void {
    if (user.groups.includes('system:unauthenticated') && !isClusterInfo(request)) throw unauthorized();
    const { verb, group, version, resource, subresource, namespace, name } = request;
    const attributes = { user, verb, group, version, resource, subresource, namespace, name, path };
    const decision = this.#decide(attributes);
    if (!decision.allowed) throw forbidden({ group, resource }, name, decision.reason || verb);
  }

  /** What the unknown may read is decided where the path is answered. */
  #authorizePath({ user, method, path }: ApiRequest): void {
    if (user.groups.includes('system:unauthenticated')) return;
    const verb = VERB_OF_METHOD[method] ?? method.toLowerCase();
    const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
    const decision = this.#decide({ ...nothing, user, verb, path });
    if (!decision.allowed) throw new ApiError('Forbidden', `forbidden: ${decision.reason}`, { details: {} });
  }

  #decide(attributes: Attributes): Decision {
    const { authorizer, accessMetrics, clock } = this.#parts;
    const began = clock.elapsed();
    const decision = authorizer.authorize(attributes);
    accessMetrics.authorized(decision.allowed, (clock.elapsed() - began) / 1000);
    return decision;
  }

  #failure(error: unknown, request: ApiRequest): ApiResponse {
    if (error instanceof ApiError) return failureResponse(error.status, request);
    if (error instanceof StoreUnavailableError) {
      this.#parts.log.warn('the store does not answer', { error });
      return failureResponse(storeAway().status, request);
    }
    const requestId = newUid(this.#parts.random);
    const stack = error instanceof Error ? error.stack : undefined;
    this.#parts.log.error('request failed', { requestId, method: request.method, path: request.path, error, stack });
    return bugResponse(requestId);
  }
}

function withWarning(response: ApiResponse, warning: string): ApiResponse {
  if (response.form === 'stream') return response;
  return { ...response, warnings: [warning, ...(response.warnings ?? [])] };
}

function storeAway(): ApiError {
  return new ApiError('ServiceUnavailable', 'the store does not answer', { details: { retryAfterSeconds: 1 } });
}

const SWITCHING_PROTOCOLS = 101;
const VERB_OF_METHOD: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update' };

/** A Status is JSON unless YAML was asked for, whatever shape of objects was. */
function failureResponse(status: Status, { headers }: ApiRequest): ApiResponse {
  const response = statusResponse(status);
  if (response.form !== 'object' || headers['accept']?.includes('yaml') !== true) return response;
  try {
    if (negotiate(headers['accept'], 'object').format !== 'yaml') return response;
  } catch (error) {
    if (error instanceof ApiError) return response;
    throw internalError('negotiation failed', error);
  }
  return yamlResponse(response.status, response.body, response.warnings);
}

/** Passes on what comes without a turn of its own for each event, and disposes `running` when the events end or are left. */
function counted<T>(events: AsyncIterable<T>, running: Disposable): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const source = events[Symbol.asyncIterator]();
      const owned = new DisposableStack();
      owned.use(running);
      const passOn = (result: IteratorResult<T>) => {
        if (result.done === true) owned.dispose();
        return result;
      };
      const passOnFailure = (error: unknown): never => {
        owned.dispose();
        throw error;
      };
      return {
        next: () => source.next().then(passOn, passOnFailure),
        async return() {
          owned.dispose();
          return (await source.return?.()) ?? { done: true, value: undefined };
        },
      };
    },
  };
}

/** Only what is served becomes a label: made-up paths would otherwise make series without end. */
function labelsOf(info: RequestInfo, { method }: ApiRequest, parts: CoreParts): RequestLabels {
  if (info.kind === 'other' || !isServed(info.request, parts))
    return { verb: method, group: '', version: '', resource: '', subresource: '', scope: '' };
  const { verb, group, version, resource, subresource } = info.request;
  return { verb: VERB_LABELS[verb] ?? method, group, version, resource, subresource, scope: scopeOf(info.request) };
}

function isServed(target: ResourceRequest, { api, metricsApi }: CoreParts): boolean {
  const { group, version, resource, subresource } = target;
  if (metricsApi?.serves(target) === true) return metricsApi.has(target);
  const served = api.kind(group, version, resource);
  if (served === undefined) return false;
  return subresource === '' || served.definition.subresources.some(({ name }) => name === subresource);
}

const VERB_LABELS: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};

function scopeOf({ name, namespace, verb }: ResourceRequest): RequestLabels['scope'] {
  if (name !== '' || verb === 'create') return 'resource';
  return namespace === '' ? 'cluster' : 'namespace';
}
