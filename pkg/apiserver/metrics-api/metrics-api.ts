// metrics.k8s.io/v1beta1: the present usage of nodes and pods, for `kubectl top`, autoscalers and dashboards. Served here as a
// metrics-server behind the aggregator would. Lists what is known; who has no figures yet is left out.
import { notFound } from '../../api/meta/status.ts';
import { formatGoDuration } from '../../api/meta/duration.ts';
import { findCondition } from '../../api/meta/conditions.ts';
import { formatQuantity, quantityOf } from '../../api/meta/quantity.ts';
import { formatTime } from '../../api/meta/time.ts';
import type { Node, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { ObjectMeta } from '../../api/schema/generated/meta.v1.gen.ts';
import type { KindDefinition } from '../../api/schema/kind.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { encodeValue } from '../encoded.ts';
import { methodNotAllowed, unknownPath } from '../http-errors.ts';
import { listOptions } from '../registry/list-options.ts';
import { respond, type Representation } from '../registry/represent.ts';
import { selectionOf } from '../registry/selection.ts';
import { ServedKind } from '../registry/served-kind.ts';
import type { KubeletConnections } from '../registry/subresources/kubelet-connections.ts';
import type { ResourceRequest } from '../request-info.ts';
import type { Asked } from '../http/accept.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { toPartialObjectMetadata, toPartialObjectMetadataList, toTable } from '../table/table.ts';
import { CachedObject } from '../watchcache/cached-object.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import { scrapeKubelet } from './kubelet-scrape.ts';
import {
  METRICS_GROUP,
  nodeMetricsKind,
  podMetricsKind,
  type NodeMetrics,
  type PodMetrics,
  type ResourceUsage,
} from './metric-kinds.ts';
import type { Usage } from './usage.ts';
import { UsageCollector } from './usage-collector.ts';

const NODES = '/registry/core/nodes/';
const PODS = '/registry/core/pods/';

export interface MetricsApiOptions {
  readonly cache: WatchCache;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kubelets: KubeletConnections | undefined;
  /** How the caller wants objects shown. Throws ApiError. */
  representation(this: void, request: ApiRequest, asked: Asked): Representation;
}

export class MetricsApi implements Disposable {
  /** In discovery, beside what is stored. */
  readonly kinds: readonly KindDefinition[] = [nodeMetricsKind, podMetricsKind];
  readonly #options: MetricsApiOptions;
  readonly #collector: UsageCollector;
  readonly #served = new Map(
    [nodeMetricsKind, podMetricsKind].map((kind) => [kind.type.resource, new ServedKind(kind)]),
  );

  constructor(options: MetricsApiOptions) {
    const { cache, clock, log, kubelets } = options;
    this.#options = options;
    this.#collector = new UsageCollector({
      clock,
      log,
      nodes: () =>
        this.#nodes()
          .filter(isHeardOf)
          .map(({ metadata }) => metadata.name),
      async scrape(name, signal) {
        const node = cache.resource(NODES).get('', name)?.value;
        if (node === undefined) throw new Error('the node is gone');
        // Under this prefix there are only nodes.
        return scrapeKubelet(node as Node, kubelets, clock, signal);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#collector[Symbol.dispose]();
  }

  /** Whether requests for this group and version are to come here. */
  serves({ group, version }: ResourceRequest): boolean {
    return group === METRICS_GROUP && version === 'v1beta1';
  }

  has({ resource, subresource }: ResourceRequest): boolean {
    return this.#served.has(resource) && subresource === '';
  }

  /** Throws ApiError. */
  async handle(target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const served = this.#served.get(target.resource);
    if (served === undefined || !this.has(target)) throw unknownPath();
    if (served.namespaced ? target.namespace === '' && target.name !== '' : target.namespace !== '')
      throw unknownPath();
    const { verb } = target;
    if (verb !== 'get' && verb !== 'list') throw methodNotAllowed();
    const how = this.#options.representation(request, verb === 'list' ? 'list' : 'object');
    return verb === 'list' ? this.#list(served, target, request, how) : this.#get(served, target, request, how);
  }

  async #get(
    served: ServedKind,
    { namespace, name }: ResourceRequest,
    { signal }: ApiRequest,
    how: Representation,
  ): Promise<ApiResponse> {
    const resource = this.#options.cache.resource(served.namespaced ? PODS : NODES);
    if (resource.get(namespace, name) === undefined) {
      const { resource: plural } = served.definition.type;
      throw notFound({ group: '', resource: plural }, name);
    }
    await this.#collector.ready(signal);
    const found = resource.get(namespace, name)?.value;
    const metrics = found === undefined ? undefined : this.#metricsOf(served, found, how.now);
    if (metrics === undefined) throw notFound(served.resource, served.namespaced ? `${namespace}/${name}` : name);
    const body = shown(how, metrics, () => toTable(served.definition, [metrics], { ...how, listMetadata: {} }));
    return respond(200, encodeValue(body), how.negotiated, []);
  }

  async #list(
    served: ServedKind,
    { namespace }: ResourceRequest,
    request: ApiRequest,
    how: Representation,
  ): Promise<ApiResponse> {
    const selection = selectionOf(served, namespace, listOptions(request.query, false));
    await this.#collector.ready(request.signal);
    const objects = this.#options.cache.resource(served.namespaced ? PODS : NODES).list(selection.namespace);
    const items = objects.flatMap(({ value }) => {
      const metrics = this.#metricsOf(served, value, how.now);
      return metrics !== undefined && selection.matches(CachedObject.unstored(metrics, 0)) ? [metrics] : [];
    });
    const { definition, apiVersion } = served;
    const body =
      how.negotiated.as === 'table'
        ? toTable(definition, items, { ...how, listMetadata: {} })
        : how.negotiated.as === 'metadata'
          ? toPartialObjectMetadataList(items, {})
          : { kind: definition.listKind, apiVersion, metadata: {}, items };
    return respond(200, encodeValue(body), how.negotiated, []);
  }

  #nodes(): Node[] {
    // Under this prefix there are only nodes.
    return this.#options.cache
      .resource(NODES)
      .list(undefined)
      .map(({ value }) => value as Node);
  }

  #metricsOf(served: ServedKind, object: KubeObject, now: number): NodeMetrics | PodMetrics | undefined {
    // The prefix that it was read from says which of the two it is.
    return served.namespaced ? this.#podMetrics(object as Pod, now) : this.#nodeMetrics(object as Node, now);
  }

  #nodeMetrics({ metadata }: Node, now: number): NodeMetrics | undefined {
    const usage = this.#collector.node(metadata.name);
    if (usage === undefined) return undefined;
    return {
      kind: 'NodeMetrics',
      apiVersion: `${METRICS_GROUP}/v1beta1`,
      metadata: metadataOf(metadata, now),
      ...timesOf(usage),
      usage: amountsOf(usage),
    };
  }

  #podMetrics({ metadata, spec }: Pod, now: number): PodMetrics | undefined {
    const { name, namespace = '' } = metadata;
    const usages = this.#collector.pod({ namespace, name, node: spec.nodeName ?? '' });
    const [oldest] = [...usages.values()].toSorted((a, b) => a.at - b.at);
    if (oldest === undefined) return undefined;
    return {
      kind: 'PodMetrics',
      apiVersion: `${METRICS_GROUP}/v1beta1`,
      metadata: metadataOf(metadata, now),
      ...timesOf(oldest),
      containers: [...usages].map(([container, usage]) => ({ name: container, usage: amountsOf(usage) })),
    };
  }
}

/** Figures that are never stored have neither uid nor resourceVersion. */
function metadataOf({ name, namespace, labels }: ObjectMeta, now: number): ObjectMeta {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    creationTimestamp: formatTime(now),
    ...(labels !== undefined && { labels }),
  } as ObjectMeta;
}

function shown(how: Representation, metrics: KubeObject, table: () => object): object {
  if (how.negotiated.as === 'table') return table();
  return how.negotiated.as === 'metadata' ? toPartialObjectMetadata(metrics) : metrics;
}

function timesOf({ at, windowMs }: Usage): { timestamp: string; window: string } {
  return { timestamp: formatTime(at), window: formatGoDuration(Math.round(windowMs)) };
}

function amountsOf({ cpuNanos, memoryBytes }: Usage): ResourceUsage {
  return {
    cpu: formatQuantity({ nanos: BigInt(cpuNanos), format: 'decimalSI' }),
    memory: formatQuantity(quantityOf(Math.round(memoryBytes), 'binarySI')),
  };
}

/** A node that the node lifecycle controller has given up would only cost the time of a connection attempt. */
function isHeardOf(node: Node): boolean {
  return findCondition(node.status.conditions, 'Ready')?.status !== 'Unknown';
}
