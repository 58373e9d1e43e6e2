// What a cluster is born with, made at every start if it is missing: the system's namespaces and the `kubernetes` Service
// with its endpoints, which is how pods reach this server. The latter two are looked after as long as the server runs.
import { isApiError } from '../api/meta/status.ts';
import type { KubeObject } from '../api/schema/resource-type.ts';
import type { Clock } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { Store } from '../storage/store.ts';
import { sameJson } from './registry/copy-json.ts';
import type { ResourceApi } from './registry/resource-api.ts';
import type { ServedKind } from './registry/served-kind.ts';
import type { ServiceAddresses } from './registry/service-addresses.ts';
import type { WriteContext } from './registry/write-parts.ts';
import type { UserInfo } from './request.ts';
import { ServerPresence } from './server-presence.ts';

/** Any kind's object, as far as it is written here. */
type Bare = KubeObject & { [field: string]: unknown };

export interface BootstrapParts {
  readonly api: ResourceApi;
  readonly store: Store;
  /** Other API servers have endpoints too. */
  readonly sharedStore: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly addresses: ServiceAddresses;
  readonly advertise: { readonly address: string; readonly port: number } | undefined;
  /** PEM of who signs client certificates: told to other servers of the cluster. */
  readonly clientAuthority: string | undefined;
}

const NAMESPACES: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const REPAIR_MS = 10_000;
const SERVICE_TRIES = 100;
const SERVICE_PAUSE_MS = 50;
const MYSELF: UserInfo = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };
const HOME = 'default';
const NAME = 'kubernetes';
/** The ConfigMap's name and place are Kubernetes'. */
const AUTHENTICATION = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

export class Bootstrap implements AsyncDisposable {
  readonly #parts: BootstrapParts;
  #timer: Disposable | undefined;
  #presence: ServerPresence | undefined;
  #stopped = false;

  constructor(parts: BootstrapParts) {
    this.#parts = parts;
  }

  /** Once everything is there, keeps it so until disposed. */
  async run(): Promise<void> {
    await Promise.all(NAMESPACES.map((name) => this.#ensureNamespace(name)));
    await this.#repair();
    this.#arm();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    // A store that does not answer forgets this server by itself.
    await this.#presence?.withdraw().catch((error: unknown) => this.#parts.log.debug('cannot withdraw', { error }));
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.schedule(REPAIR_MS, () => {
      Promise.all([...NAMESPACES.map((name) => this.#ensureNamespace(name)), this.#repair()])
        .catch((error: unknown) => {
          if (!this.#stopped) this.#parts.log.warn('cannot restore the objects of the system', { error });
        })
        .finally(() => this.#arm());
    });
  }

  async #ensureNamespace(name: string): Promise<void> {
    const served = this.#parts.api.kindOf('', 'namespaces');
    if (served === undefined || this.#parts.api.parts.reader.peek(served, '', name) !== undefined) return;
    await this.#create(served, '', { ...typed('v1', 'Namespace', metadata(name)), spec: {}, status: {} });
  }

  async #repair(): Promise<void> {
    await Promise.all([this.#ensureService(), this.#ensureEndpoints(), this.#ensureClientAuthority()]);
  }

  async #ensureService(): Promise<void> {
    const { api, sharedStore, clock, advertise, addresses } = this.#parts;
    const served = api.kindOf('', 'services');
    if (served === undefined) return;
    for (let attempt = 1; api.parts.reader.peek(served, HOME, NAME) === undefined; attempt++) {
      try {
        await this.#create(served, HOME, {
          ...typed('v1', 'Service', metadata(NAME, { component: 'apiserver', provider: 'kubernetes' })),
          spec: {
            type: 'ClusterIP',
            clusterIP: addresses.range.first,
            ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: advertise?.port ?? 443 }],
            sessionAffinity: 'None',
          },
          status: {},
        });
        return;
      } catch (error) {
        // Another API server of the same store has claimed the address and is about to make this very Service.
        if (!sharedStore || !isApiError(error, 'Invalid') || attempt === SERVICE_TRIES) throw error;
        await clock.sleep(SERVICE_PAUSE_MS);
      }
    }
  }

  /** By it the other servers of a cluster (scheduler, controller manager, extensions) know whose client certificates to trust. */
  async #ensureClientAuthority(): Promise<void> {
    const { api, clientAuthority } = this.#parts;
    const served = api.kindOf('', 'configmaps');
    if (served === undefined || clientAuthority === undefined) return;
    await this.#ensure(served, {
      ...typed('v1', 'ConfigMap', { ...metadata(AUTHENTICATION.name), namespace: AUTHENTICATION.namespace }),
      data: { 'client-ca-file': clientAuthority },
    });
  }

  /** Addresses of all API servers that are alive and listen on this one's port. */
  async #addresses(advertise: { address: string; port: number }): Promise<readonly string[]> {
    this.#presence ??= this.#parts.sharedStore ? new ServerPresence(this.#parts.store, advertise) : undefined;
    return this.#presence === undefined ? [advertise.address] : this.#presence.announce();
  }

  async #ensureEndpoints(): Promise<void> {
    const { advertise, api } = this.#parts;
    if (advertise === undefined) return;
    const { port } = advertise;
    const addresses = await this.#addresses(advertise);
    const endpoints = api.kindOf('', 'endpoints');
    const slices = api.kindOf('discovery.k8s.io', 'endpointslices');
    await Promise.all([
      endpoints !== undefined &&
        this.#ensure(endpoints, {
          ...typed('v1', 'Endpoints', metadata(NAME, { 'endpointslice.kubernetes.io/skip-mirror': 'true' })),
          subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port, protocol: 'TCP' }] }],
        }),
      slices !== undefined &&
        this.#ensure(slices, {
          ...typed('discovery.k8s.io/v1', 'EndpointSlice', metadata(NAME, { 'kubernetes.io/service-name': NAME })),
          addressType: 'IPv4',
          endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
          ports: [{ name: 'https', port, protocol: 'TCP' }],
        }),
    ]);
  }

  /** Creates the object, or makes an existing one equal in everything but metadata. */
  async #ensure(served: ServedKind, wanted: Bare): Promise<void> {
    const { reader } = this.#parts.api.parts;
    const { namespace = HOME, name } = wanted.metadata;
    const live = reader.peek(served, namespace, name)?.value;
    if (live === undefined) return this.#create(served, namespace, wanted);
    if (sameJson({ ...live, metadata: undefined }, { ...wanted, metadata: undefined })) return;
    await this.#parts.api.updater.update({
      context: contextOf(served, namespace, name),
      next: (old) => ({ object: { ...wanted, metadata: { ...(old ?? wanted).metadata } } }),
      createMissing: false,
    });
  }

  async #create(served: ServedKind, namespace: string, object: Bare): Promise<void> {
    try {
      await this.#parts.api.creator.create(contextOf(served, namespace, ''), object);
    } catch (error) {
      // Another API server of the same store was faster.
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
}

/** The registry fills in the rest. */
function metadata(name: string, labels?: Record<string, string>): KubeObject['metadata'] {
  return { name, uid: '', resourceVersion: '', creationTimestamp: '', ...(labels !== undefined && { labels }) };
}

function typed(apiVersion: string, kind: string, meta: KubeObject['metadata']): Bare {
  return { apiVersion, kind, metadata: meta };
}

function contextOf(served: ServedKind, namespace: string, name: string): WriteContext {
  const options = { dryRun: false, fieldManager: 'kube-apiserver', fieldValidation: 'Ignore', force: false } as const;
  return { served, namespace, name, subresource: '', user: MYSELF, manager: 'kube-apiserver', options, warnings: [] };
}
