// The scale that pods' controllers ask for: from the informers for the built-in workloads, from the scale subresource for
// whatever else controls pods. Kubernetes' order and faults (pkg/controller/disruption, its finders).
import { isApiError } from '../../api/meta/status.ts';
import { controllerOf } from '../../api/meta/owner-references.ts';
import { deployments, replicaSets, replicationControllers, statefulSets } from '../../api/resources.ts';
import type { OwnerReference } from '../../api/schema/generated/meta.v1.gen.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject, ResourceType } from '../../api/schema/resource-type.ts';
import { discoverResources, type DiscoveredResource } from '../../client/discovery.ts';
import type { Informer } from '../../client/informer.ts';
import { resourcePath } from '../../client/typed-client.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ControllerContext } from '../context.ts';
import type { OwnerScale, OwnerScales } from './expected-pods.ts';

/** Discovery is asked again at most this often. */
const DISCOVERY_LIFE_MS = 30_000;

/** The owner is of a kind that has no scale: trying again does not help. */
export class NoScaleError extends Error {
  override readonly name = 'NoScaleError';
}

interface Workload extends KubeObject {
  spec: { replicas?: number; template?: { metadata?: { labels?: Record<string, string> } } };
}

export class OwnerScaleReader {
  readonly #context: ControllerContext;
  readonly #replicaSets: Informer<Workload>;
  readonly #deployments: Informer<Workload>;
  readonly #statefulSets: Informer<Workload>;
  readonly #replicationControllers: Informer<Workload>;
  #discovered: { readonly resources: readonly DiscoveredResource[]; readonly at: Instant } | undefined;

  /** Asks for the informers; to be built before they run. */
  constructor(context: ControllerContext) {
    this.#context = context;
    this.#replicaSets = context.informers.of<Workload>(replicaSets);
    this.#deployments = context.informers.of<Workload>(deployments);
    this.#statefulSets = context.informers.of<Workload>(statefulSets);
    this.#replicationControllers = context.informers.of<Workload>(replicationControllers);
  }

  /** Calls back with the labels of its pods when a built-in workload appears or asks for another number of them. */
  onScale(tell: (namespace: string | undefined, labels: Record<string, string> | undefined) => void): void {
    const changed = ({ metadata, spec }: Workload) => tell(metadata.namespace, spec.template?.metadata?.labels);
    const informers = [this.#replicaSets, this.#deployments, this.#statefulSets, this.#replicationControllers];
    for (const informer of informers) {
      informer.on({
        added: (workload, initial) => {
          if (!initial) changed(workload);
        },
        changed: (workload, before) => {
          if (workload.metadata.uid !== before.metadata.uid || replicasOf(workload) !== replicasOf(before)) {
            changed(workload);
          }
        },
      });
    }
  }

  /** Rejects with NoScaleError, or as the client does. Owners that are gone are missing in the answer. */
  async scalesOf(pods: readonly Pod[], signal: AbortSignal): Promise<OwnerScales> {
    const asked = new Set<string>();
    const scales = new Map<string, OwnerScale>();
    for (const { metadata } of pods) {
      const owner = controllerOf(metadata);
      if (owner === undefined || asked.has(owner.uid)) continue;
      asked.add(owner.uid);
      const scale = await this.#scaleOf(owner, metadata.namespace, signal);
      if (scale !== undefined) scales.set(owner.uid, scale);
    }
    return scales;
  }

  async #scaleOf(
    owner: OwnerReference,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<OwnerScale | undefined> {
    return this.#builtInScale(owner, namespace) ?? (await this.#scaleSubresource(owner, namespace, signal));
  }

  #builtInScale(owner: OwnerReference, namespace: string | undefined): OwnerScale | undefined {
    switch (`${groupOf(owner)}/${owner.kind}`) {
      case '/ReplicationController':
        return scaleIn(this.#replicationControllers, owner, namespace);
      case 'apps/StatefulSet':
        return scaleIn(this.#statefulSets, owner, namespace);
      case 'apps/ReplicaSet':
      case 'extensions/ReplicaSet': {
        const set = found(this.#replicaSets, owner, namespace);
        if (set === undefined) return undefined;
        const deployment = controllerOf(set.metadata);
        const isDeployment = deployment?.kind === 'Deployment' && ['apps', 'extensions'].includes(groupOf(deployment));
        if (isDeployment) {
          const scale = scaleIn(this.#deployments, deployment, namespace);
          if (scale !== undefined) return scale;
        }
        // Its Deployment is gone or not known yet: the set's own scale is read from the server then.
        return deployment?.kind === 'Deployment' ? undefined : { uid: set.metadata.uid, replicas: replicasOf(set) };
      }
      default:
        return undefined;
    }
  }

  async #scaleSubresource(
    owner: OwnerReference,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<OwnerScale | undefined> {
    const type = await this.#typeOf(owner, signal);
    const path = resourcePath(type, { namespace, name: owner.name, subresource: 'scale' });
    try {
      const { body } = await this.#context.client.transport.request({ method: 'GET', path }, signal);
      const scale = readScale(body);
      return scale?.uid === owner.uid ? scale : undefined;
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
    if (await this.#hasScale(type, signal)) return undefined;
    const resource = type.group === '' ? type.resource : `${type.resource}.${type.group}`;
    throw new NoScaleError(`${resource} does not implement the scale subresource`);
  }

  async #typeOf(owner: OwnerReference, signal: AbortSignal): Promise<ResourceType<KubeObject>> {
    const now = this.#context.clock.now();
    const group = groupOf(owner);
    const matches = ({ type }: DiscoveredResource) => type.group === group && type.kind === owner.kind;
    if (this.#discovered === undefined || now - this.#discovered.at >= DISCOVERY_LIFE_MS) {
      const { resources } = await discoverResources(this.#context.client.transport, signal);
      this.#discovered = { resources, at: now };
    }
    const known = this.#discovered.resources.find(matches);
    if (known === undefined) {
      throw new NoScaleError(`no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`);
    }
    return known.type;
  }

  /** A scale that is not found may be one of an object that is gone, or of a kind that has none. */
  async #hasScale(type: ResourceType<KubeObject>, signal: AbortSignal): Promise<boolean> {
    const path = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
    const { body } = await this.#context.client.transport.request({ method: 'GET', path }, signal);
    const resources = isRecord(body) && Array.isArray(body['resources']) ? body['resources'] : [];
    return resources.some(
      (resource: unknown) =>
        isRecord(resource) && resource['name'] === `${type.resource}/scale` && resource['kind'] === 'Scale',
    );
  }
}

function found(informer: Informer<Workload>, owner: OwnerReference, namespace: string | undefined) {
  const object = informer.store.get({ namespace, name: owner.name });
  return object?.metadata.uid === owner.uid ? object : undefined;
}

function scaleIn(informer: Informer<Workload>, owner: OwnerReference, namespace: string | undefined) {
  const object = found(informer, owner, namespace);
  return object === undefined ? undefined : { uid: object.metadata.uid, replicas: replicasOf(object) };
}

/** The API server's default, for servers that leave it out. */
function replicasOf({ spec }: Workload): number {
  return spec.replicas ?? 1;
}

function groupOf({ apiVersion }: OwnerReference): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function readScale(body: unknown): OwnerScale | undefined {
  if (!isRecord(body) || !isRecord(body['metadata'])) return undefined;
  const uid = body['metadata']['uid'];
  const replicas = isRecord(body['spec']) ? (body['spec']['replicas'] ?? 0) : 0;
  return typeof uid === 'string' && typeof replicas === 'number' ? { uid, replicas } : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
