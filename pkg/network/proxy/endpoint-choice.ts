// Which of a port's endpoints take traffic: for clients anywhere, and for traffic that must stay on this node. Pure.
// Rules: k8s.io/kubernetes/pkg/proxy/topology.go (CategorizeEndpoints), KEP-1669 (terminating endpoints).
import type { ProxyEndpoint, ServicePort } from './service-port.ts';

export interface ChoosingNode {
  readonly name: string;
  /** Label topology.kubernetes.io/zone. */
  readonly zone?: string;
}

export interface EndpointChoice {
  /** For policy Cluster. */
  readonly cluster: readonly ProxyEndpoint[];
  /** For policy Local; meaningful only when a policy of the port is Local. */
  readonly local: readonly ProxyEndpoint[];
  /** For policy Cluster, when one of those is on this node and shows by a heartbeat that it answers. */
  readonly beating?: BeatingEndpoint;
  /** False: nobody anywhere could answer, so clients are refused rather than left waiting. */
  readonly any: boolean;
}

export interface BeatingEndpoint {
  readonly own: ProxyEndpoint;
  /** Who answers while it is silent; empty: nobody. */
  readonly others: readonly ProxyEndpoint[];
}

/** Ready endpoints; when there are none, those that terminate but still serve, so that a last pod drains cleanly. */
export function chooseEndpoints(
  port: Pick<ServicePort, 'internalLocal' | 'externalLocal'>,
  endpoints: readonly ProxyEndpoint[],
  node: ChoosingNode,
): EndpointChoice {
  const near = byTopology(endpoints, node);
  const cluster = readyElseServing(near);
  const local =
    port.internalLocal || port.externalLocal
      ? readyElseServing(endpoints.filter((endpoint) => endpoint.nodeName === node.name))
      : [];
  const any = cluster.length > 0 || local.length > 0;
  const own = cluster.find((endpoint) => endpoint.ready && endpoint.beats && endpoint.nodeName === node.name);
  if (own === undefined) return { cluster, local, any };
  const others = endpoints.filter((endpoint) => endpoint.ready && endpoint.nodeName !== node.name);
  return { cluster, local, any, beating: { own, others } };
}

/** How many ready endpoints this node has, as a load balancer's health check is told. */
export function countLocalReady(endpoints: readonly ProxyEndpoint[], node: ChoosingNode): number {
  return endpoints.filter((endpoint) => endpoint.ready && endpoint.nodeName === node.name).length;
}

function readyElseServing(endpoints: readonly ProxyEndpoint[]): readonly ProxyEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : endpoints.filter((endpoint) => endpoint.serving && endpoint.terminating);
}

/**
 * Hints count only when every ready endpoint has one and one is meant for this node or zone: half a set of hints would
 * leave some clients without an endpoint. Node hints go before zone hints.
 */
function byTopology(endpoints: readonly ProxyEndpoint[], node: ChoosingNode): readonly ProxyEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (ready.length === 0) return endpoints;
  const forNode = ready.filter((endpoint) => endpoint.nodeHints.includes(node.name));
  if (forNode.length > 0 && ready.every((endpoint) => endpoint.nodeHints.length > 0)) return forNode;
  const { zone } = node;
  if (zone === undefined || zone === '') return endpoints;
  const forZone = ready.filter((endpoint) => endpoint.zoneHints.includes(zone));
  return forZone.length > 0 && ready.every((endpoint) => endpoint.zoneHints.length > 0) ? forZone : endpoints;
}
