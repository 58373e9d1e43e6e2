// Which load balancer addresses this node answers for, and which other nodes it must keep an eye on for that. Pure. Every node
// ranks all nodes for an address in the same order, so they agree without speaking to each other: the first one that is
// fit has the address. Those that come next look after the ones before them, so that a dead one is replaced before the API
// server has noticed, and one that lives but has lost the API server is given the time to notice (isolation.ts).
import { isConditionTrue } from '../../api/meta/conditions.ts';
import { cidrHas, ipv4Number } from '../../api/meta/ipv4.ts';
import type { Node, Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { addressOf } from '../podnet/peers.ts';
import { ipv4 } from '../proxy/address-family.ts';
import { serviceKey } from '../proxy/rules.ts';
import { spreadHash } from '../spread-hash.ts';
import { endpointsOf, POOL_ADDRESS_CONDITION, servicePortsOf } from '../proxy/service-port.ts';

export interface Announcements {
  /** Addresses to answer for, in order. */
  readonly hold: readonly string[];
  /** Nodes to look after, with their addresses. */
  readonly watch: ReadonlyMap<string, string>;
  /** Addresses of the nodes that would take over something from this one. */
  readonly successors: readonly string[];
}

export interface AnnouncingCluster {
  readonly services: readonly Service[];
  slicesOf(service: string): readonly EndpointSlice[];
  readonly nodes: readonly Node[];
  readonly nodeName: string;
  /** Nodes that this one found dead. */
  readonly dead: ReadonlySet<string>;
  /** Nodes that the API server has lost only now: they may not know yet that they must give up their addresses. */
  readonly lingering: ReadonlySet<string>;
  /** The CIDR of this node's link that an address belongs to; undefined: to none. */
  segmentOf(address: string): string | undefined;
}

const EXCLUDED_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** How many nodes stand by for one address. */
const SUCCESSORS = 2;

/** Whether there is anything to announce, by whomever. */
export function hasPoolAddresses(services: readonly Service[]): boolean {
  return services.some((service) => poolAddresses(service).length > 0);
}

export function announcements(cluster: AnnouncingCluster): Announcements {
  const hold: string[] = [];
  const watch = new Map<string, string>();
  const successors = new Set<string>();
  const fit = fitNodes(cluster);
  const links = new Map<string, readonly Node[]>();
  for (const service of cluster.services) {
    const addresses = poolAddresses(service);
    if (addresses.length === 0) continue;
    const local = nodesWithEndpoints(service, cluster);
    for (const address of addresses) {
      // Only machines on the address's own link are asked for it there.
      const segment = cluster.segmentOf(address);
      if (segment === undefined) continue;
      const onLink = links.get(segment) ?? fit.filter((node) => cidrHas(segment, addressOf(node) ?? ''));
      links.set(segment, onLink);
      // Endpoints of a node that lingers are not ready any more; it may answer all the same.
      const there =
        local === undefined
          ? onLink
          : onLink.filter(({ metadata }) => local.has(metadata.name) || cluster.lingering.has(metadata.name));
      if (!there.some(({ metadata }) => metadata.name === cluster.nodeName)) continue;
      const ahead = there.filter(({ metadata }) => goesBefore(address, metadata.name, cluster.nodeName));
      if (ahead.every(({ metadata }) => cluster.dead.has(metadata.name))) hold.push(address);
      if (ahead.length === 0) for (const next of nextOf(there, address)) successors.add(next);
      if (ahead.length > SUCCESSORS) continue;
      for (const node of ahead) {
        const at = addressOf(node);
        if (at !== undefined) watch.set(node.metadata.name, at);
      }
    }
  }
  return { hold: [...new Set(hold)].toSorted(), watch, successors: [...successors].toSorted() };
}

/** Ready nodes that take part; when none is ready, all that take part: a control plane in trouble is no reason to go away. */
function fitNodes({ nodes, lingering }: AnnouncingCluster): readonly Node[] {
  const takePart = nodes.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.labels?.[EXCLUDED_LABEL] === undefined,
  );
  const isReady = ({ status }: Node) => isConditionTrue(status.conditions, 'Ready');
  if (!takePart.some(isReady)) return takePart;
  return takePart.filter((node) => isReady(node) || lingering.has(node.metadata.name));
}

/** Addresses of those that come after the first one. */
function nextOf(nodes: readonly Node[], address: string): string[] {
  return nodes
    .toSorted((a, b) => (goesBefore(address, a.metadata.name, b.metadata.name) ? -1 : 1))
    .slice(1, 1 + SUCCESSORS)
    .flatMap((node) => addressOf(node) ?? []);
}

function poolAddresses({ spec, status }: Service): string[] {
  if (spec.type !== 'LoadBalancer' || !isConditionTrue(status.conditions, POOL_ADDRESS_CONDITION)) return [];
  return (status.loadBalancer?.ingress ?? []).flatMap(({ ip }) =>
    ip !== undefined && ipv4Number(ip) !== undefined ? [ip] : [],
  );
}

/** For Services that keep traffic on the node it came to: the nodes that have somebody to answer. Undefined: any node. */
function nodesWithEndpoints(service: Service, cluster: AnnouncingCluster): ReadonlySet<string> | undefined {
  const ports = servicePortsOf(service, ipv4);
  if (!ports.some(({ externalLocal }) => externalLocal)) return undefined;
  const slices = cluster.slicesOf(serviceKey(service));
  const endpoints = ports.flatMap((port) => endpointsOf(port, slices, ipv4));
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const usable = ready.length > 0 ? ready : endpoints.filter(({ serving, terminating }) => serving && terminating);
  return new Set(usable.flatMap(({ nodeName }) => nodeName ?? []));
}

/** Rendezvous hashing: when a node goes, only its own addresses move. */
function goesBefore(address: string, node: string, other: string): boolean {
  const [a, b] = [spreadHash(`${address} ${node}`), spreadHash(`${address} ${other}`)];
  return a === b ? node < other : a < b;
}
