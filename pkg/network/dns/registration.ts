// Makes this DNS server known as the cluster's: the Service kube-system/kube-dns with its well-known address, and an
// EndpointSlice with this server's own. Level-triggered: whatever is there is brought to what should be, whenever it
// changes. A kube-dns Service with a selector belongs to somebody who runs DNS in pods, and is left alone.
import { findCondition } from '../../api/meta/conditions.ts';
import { isApiError } from '../../api/meta/status.ts';
import { endpointSlices, nodes, services } from '../../api/resources.ts';
import type { Node, Service, ServicePort } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import type { Draft } from '../../api/schema/resource-type.ts';
import type { Client } from '../../client/client.ts';
import { HEARTBEAT_ANNOTATION } from '../heartbeat.ts';

export interface Registration {
  readonly clusterIp: string;
  /** Where this server answers. */
  readonly address: string;
  readonly port: number;
  readonly nodeName: string;
}

export const DNS_NAMESPACE = 'kube-system';
export const DNS_SERVICE = 'kube-dns';
/** Where clients ask. */
export const SERVICE_PORT = 53;
const MANAGER = 'typekube-dns';
const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';

const PORTS = [
  { name: 'dns', protocol: 'UDP' },
  { name: 'dns-tcp', protocol: 'TCP' },
] as const;

export function wantedService({ clusterIp, port }: Registration): Draft<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: DNS_SERVICE,
      namespace: DNS_NAMESPACE,
      labels: {
        'k8s-app': 'kube-dns',
        'kubernetes.io/cluster-service': 'true',
        'kubernetes.io/name': 'CoreDNS',
      },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterIp,
      ports: PORTS.map(({ name, protocol }): ServicePort => ({ name, protocol, port: SERVICE_PORT, targetPort: port })),
    },
  };
}

/**
 * The nodes that nobody has heard of for a while. When that is true of all of them, it says more about the control plane than
 * about the nodes, and counts for none.
 */
export function lostNodes(all: readonly Node[]): ReadonlySet<string> {
  const lost = all.filter(({ status }) => findCondition(status.conditions, 'Ready')?.status === 'Unknown');
  return new Set(lost.length === all.length ? [] : lost.map(({ metadata }) => metadata.name));
}

/** Whether the server of some other node would answer in place of this one's. */
export function hasOthers(all: readonly EndpointSlice[], nodeName: string): boolean {
  return all.some(({ endpoints }) =>
    endpoints?.some((one) => one.nodeName !== nodeName && one.conditions?.ready !== false),
  );
}

/**
 * What the server of `nodeName` has to change about the slices of others: those of lost nodes are not ready, as nobody is left
 * there to say so. One server does it for all: the first one, by name, that is not lost itself.
 */
export function slicesToCorrect(
  all: readonly EndpointSlice[],
  nodeName: string,
  lost: ReadonlySet<string>,
): EndpointSlice[] {
  const ours = all.filter(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL] === MANAGER);
  const nodeOf = ({ endpoints }: EndpointSlice) => endpoints?.[0]?.nodeName ?? '';
  const [first] = ours
    .map(nodeOf)
    .filter((name) => !lost.has(name))
    .toSorted();
  if (first !== nodeName) return [];
  return ours.flatMap((slice) => {
    const ready = !lost.has(nodeOf(slice));
    if (nodeOf(slice) === nodeName || slice.endpoints?.[0]?.conditions?.ready === ready) return [];
    const endpoints = (slice.endpoints ?? []).map((one) => ({ ...one, conditions: conditionsOf(ready) }));
    return [{ ...slice, endpoints }];
  });
}

function conditionsOf(ready: boolean): { ready: boolean; serving: boolean; terminating: boolean } {
  return { ready, serving: ready, terminating: false };
}

/** One a node, so that several servers do not undo each other; it goes with its node. */
export function wantedSlice(registration: Registration, node: Node | undefined, ready = true): Draft<EndpointSlice> {
  const { address, port, nodeName } = registration;
  const uid = node?.metadata.uid;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${DNS_SERVICE}-${nodeName}`,
      namespace: DNS_NAMESPACE,
      annotations: { [HEARTBEAT_ANNOTATION]: 'true' },
      labels: {
        'kubernetes.io/service-name': DNS_SERVICE,
        [MANAGED_BY_LABEL]: MANAGER,
      },
      ...(uid !== undefined && {
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }],
      }),
    },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [
      {
        addresses: [address],
        conditions: conditionsOf(ready),
        nodeName,
        // Each node asks its own server while there is one.
        hints: { forNodes: [{ name: nodeName }] },
      },
    ],
    ports: PORTS.map(({ name, protocol }) => ({ name, protocol, port })),
  };
}

/** Whether what is there already says all that is wanted. */
export function isRegistered(
  service: Service | undefined,
  slice: EndpointSlice | undefined,
  registration: Registration,
  ready = true,
): boolean {
  if (service === undefined) return false;
  if (ownedByPods(service)) return true;
  const wanted = wantedSlice(registration, undefined);
  return (
    slice !== undefined &&
    slice.addressType === wanted.addressType &&
    slice.metadata.labels?.['kubernetes.io/service-name'] === DNS_SERVICE &&
    slice.metadata.annotations?.[HEARTBEAT_ANNOTATION] !== undefined &&
    slice.endpoints?.length === 1 &&
    slice.endpoints[0]?.addresses[0] === registration.address &&
    slice.endpoints[0].conditions?.ready === ready &&
    (slice.ports ?? []).map(({ name, port }) => `${name} ${port}`).join() ===
      (wanted.ports ?? []).map(({ name, port }) => `${name} ${port}`).join()
  );
}

/** Throws what the API server answers when it cannot be done now. */
export async function register(
  client: Client,
  registration: Registration,
  ready: boolean,
  signal: AbortSignal,
): Promise<void> {
  const service = await orUndefined(
    client.resource(services).get({ namespace: DNS_NAMESPACE, name: DNS_SERVICE }, signal),
  );
  if (service !== undefined && ownedByPods(service)) return;
  if (service === undefined) await client.resource(services).create(wantedService(registration), {}, signal);

  const node = await orUndefined(client.resource(nodes).get({ name: registration.nodeName }, signal));
  const wanted = wantedSlice(registration, node, ready);
  const slices = client.resource(endpointSlices);
  const found = await orUndefined(slices.get({ namespace: DNS_NAMESPACE, name: wanted.metadata.name ?? '' }, signal));
  if (found === undefined) {
    await slices.create(wanted, {}, signal);
    return;
  }
  if (found.addressType !== wanted.addressType) {
    await slices.delete({ namespace: DNS_NAMESPACE, name: wanted.metadata.name ?? '' }, {}, signal);
    await slices.create(wanted, {}, signal);
    return;
  }
  if (isRegistered(service, found, registration, ready)) return;
  const { endpoints, ports, metadata } = wanted;
  const annotations = { ...found.metadata.annotations, ...metadata.annotations };
  await slices.update(
    {
      ...found,
      endpoints,
      ports,
      metadata: { ...found.metadata, labels: metadata.labels, annotations },
    },
    {},
    signal,
  );
}

function ownedByPods(service: Service): boolean {
  return Object.keys(service.spec.selector ?? {}).length > 0;
}

async function orUndefined<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}
