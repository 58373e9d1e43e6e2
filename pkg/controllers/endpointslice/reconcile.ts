// The EndpointSlices that a Service is to have: which to create, update and delete. Pure.
import { controllerReference } from '../../api/meta/owner-references.ts';
import type { Node, Pod, Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import type { Draft } from '../../api/schema/resource-type.ts';
import { isPodReady } from '../pods.ts';
import { semanticallyEqual } from '../semantic-equality.ts';
import {
  HEADLESS_LABEL,
  addressTypesOf,
  canBeBackend,
  hasClusterIp,
  hostnameIn,
  lastChangeOf,
  podIpsOf,
  targetPortOf,
  type AddressType,
} from '../service-backends.ts';
import { pack, portsKey } from './pack.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
const LAST_CHANGE = 'endpoints.kubernetes.io/last-change-trigger-time';
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const RESERVED: ReadonlySet<string> = new Set([SERVICE_NAME, MANAGED_BY, HEADLESS_LABEL]);

export interface SlicePlan {
  readonly create: readonly Draft<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  /** Pods left out because their node is not known yet. */
  readonly withoutNode: readonly string[];
}

/** `slices`: those of the Service that this controller manages. */
export function planSlices(
  service: Service,
  pods: readonly Pod[],
  slices: readonly EndpointSlice[],
  nodeOf: (name: string) => Node | undefined,
): SlicePlan {
  const types = addressTypesOf(service);
  const plan = {
    create: [] as Draft<EndpointSlice>[],
    update: [] as EndpointSlice[],
    remove: slices.filter((slice) => !types.some((type) => type === slice.addressType)),
    withoutNode: [] as string[],
  };
  const known = pods.filter((pod) => {
    if (!canBeBackend(pod, true)) return false;
    const missing = (pod.spec.nodeName ?? '') !== '' && nodeOf(pod.spec.nodeName ?? '') === undefined;
    if (missing && service.spec.publishNotReadyAddresses !== true) plan.withoutNode.push(pod.metadata.name);
    return !missing || service.spec.publishNotReadyAddresses === true;
  });
  const lastChange = lastChangeOf(service, known);
  for (const type of types) planType({ service, pods: known, type, slices, nodeOf, lastChange }, plan);
  return plan;
}

interface TypeRequest {
  readonly service: Service;
  readonly pods: readonly Pod[];
  readonly type: AddressType;
  readonly slices: readonly EndpointSlice[];
  readonly nodeOf: (name: string) => Node | undefined;
  readonly lastChange: string | undefined;
}

function planType(
  request: TypeRequest,
  plan: { create: Draft<EndpointSlice>[]; update: EndpointSlice[]; remove: EndpointSlice[] },
): void {
  const { service, type, lastChange } = request;
  const slices = request.slices.filter((slice) => slice.addressType === type);
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of request.pods) {
    const endpoint = endpointOf(request, pod);
    if (endpoint === undefined) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpoint);
  }
  const labels = labelsOf(service);
  const sliceWith = (ports: EndpointPort[], endpoints: readonly Endpoint[]) =>
    newSlice({ service, type, labels, ports, endpoints, lastChange });
  const removed: EndpointSlice[] = slices.filter((slice) => !groups.has(portsKey(slice.ports)));
  const created: Draft<EndpointSlice>[] = [];
  for (const [key, { ports, endpoints }] of groups) {
    const same = slices.filter((slice) => portsKey(slice.ports) === key);
    const packing = pack(same, endpoints);
    created.push(...packing.create.map((part) => sliceWith(ports, part)));
    removed.push(...packing.remove);
    const updates = new Map(packing.update.map((update) => [update.slice, update.endpoints]));
    for (const slice of same.filter((one) => !packing.remove.includes(one))) {
      const updated = updatedSlice(slice, updates.get(slice), service, labels, lastChange);
      if (updated !== undefined) plan.update.push(updated);
    }
  }
  if (removed.length === slices.length && created.length === 0) {
    // A Service without backends has one slice that says so.
    const empty = removed.findIndex(
      (slice) => (slice.endpoints ?? []).length === 0 && (slice.ports ?? []).length === 0,
    );
    const placeholder = removed[empty];
    if (placeholder === undefined) created.push(sliceWith([], []));
    else {
      removed.splice(empty, 1);
      const updated = updatedSlice(placeholder, undefined, service, labels, lastChange);
      if (updated !== undefined) plan.update.push(updated);
    }
  }
  plan.create.push(...created);
  plan.remove.push(...removed);
}

function updatedSlice(
  slice: EndpointSlice,
  endpoints: readonly Endpoint[] | undefined,
  service: Service,
  labels: Readonly<Record<string, string>>,
  lastChange: string | undefined,
): EndpointSlice | undefined {
  const owners = [controllerReference(service)];
  const sameMeta =
    semanticallyEqual(slice.metadata.labels ?? {}, labels) && semanticallyEqual(slice.metadata.ownerReferences, owners);
  if (endpoints === undefined && sameMeta) return undefined;
  return {
    ...slice,
    metadata: {
      ...slice.metadata,
      labels: { ...labels },
      ownerReferences: owners,
      annotations: { ...slice.metadata.annotations, ...(lastChange !== undefined && { [LAST_CHANGE]: lastChange }) },
    },
    endpoints: [...(endpoints ?? slice.endpoints ?? [])],
  };
}

interface NewSlice {
  readonly service: Service;
  readonly type: AddressType;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: EndpointPort[];
  readonly endpoints: readonly Endpoint[];
  readonly lastChange: string | undefined;
}

function newSlice({ service, type, labels, ports, endpoints, lastChange }: NewSlice): Draft<EndpointSlice> {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: { ...labels },
      ownerReferences: [controllerReference(service)],
      ...(lastChange !== undefined && { annotations: { [LAST_CHANGE]: lastChange } }),
    },
    addressType: type,
    endpoints: [...endpoints],
    ports,
  };
}

function labelsOf(service: Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([name]) => !RESERVED.has(name));
  return {
    ...Object.fromEntries(own),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: MANAGER,
    ...(!hasClusterIp(service) && { [HEADLESS_LABEL]: '' }),
  };
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const target = targetPortOf(pod, port);
    if (target === undefined) return [];
    return {
      name: port.name ?? '',
      port: target,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol !== undefined && { appProtocol: port.appProtocol }),
    };
  });
}

function endpointOf({ service, type, nodeOf }: TypeRequest, pod: Pod): Endpoint | undefined {
  const addresses = podIpsOf(pod, type);
  if (addresses.length === 0) return undefined;
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const nodeName = pod.spec.nodeName === '' ? undefined : pod.spec.nodeName;
  const zone = nodeName === undefined ? undefined : nodeOf(nodeName)?.metadata.labels?.[ZONE_LABEL];
  const hostname = hostnameIn(service, pod);
  const hints = ready ? hintsOf(service, zone, nodeName) : undefined;
  return {
    addresses: [...addresses],
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(zone !== undefined && { zone }),
    ...(hints !== undefined && { hints }),
  };
}

/** trafficDistribution: each endpoint is for the clients of its own zone, or node. */
function hintsOf(service: Service, zone: string | undefined, nodeName: string | undefined): Endpoint['hints'] {
  const wish = service.spec.trafficDistribution;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  if (wish === 'PreferClose' || wish === 'PreferSameZone') return zone === undefined ? undefined : forZones;
  if (wish !== 'PreferSameNode' || nodeName === undefined) return undefined;
  return { ...forZones, forNodes: [{ name: nodeName }] };
}
