// A Service and its EndpointSlices reduced to what the proxy acts on: one ServicePort per port that has a virtual address,
// with the endpoints behind it. Pure. Rules: k8s.io/kubernetes/pkg/proxy serviceport.go, endpointslicecache.go.
import { isConditionTrue } from '../../api/meta/conditions.ts';
import type { Service, ServiceSpec } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { HEARTBEAT_ANNOTATION } from '../heartbeat.ts';
import type { AddressFamily } from './address-family.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface ServicePort {
  readonly namespace: string;
  readonly service: string;
  /** '' for the only port of a Service that names none. */
  readonly portName: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly clusterIps: readonly string[];
  readonly externalIps: readonly string[];
  /** Ingress addresses of a LoadBalancer that want the traffic delivered here (ipMode VIP). */
  readonly loadBalancerIps: readonly string[];
  /** Whether nodes of this cluster answer for loadBalancerIps themselves. */
  readonly poolAddress: boolean;
  /** CIDRs allowed to reach loadBalancerIps; empty: everybody. */
  readonly sourceRanges: readonly string[];
  /** 0: none. */
  readonly nodePort: number;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  /** Undefined: no session affinity. */
  readonly affinitySeconds: number | undefined;
}

export interface ProxyEndpoint {
  readonly address: string;
  readonly port: number;
  readonly nodeName: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Whether it shows its own node by a heartbeat that it answers. */
  readonly beats: boolean;
  /** Zones and nodes that the endpoint is meant for; empty: no hint. */
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/**
 * Set by the controller that gives addresses out of the pool (pkg/controllers/service-lb): for those, and for no others, the
 * nodes answer themselves.
 */
export const POOL_ADDRESS_CONDITION = 'typekube.dev/PoolAddress';
/** Services with this label are served by another proxy. */
const OTHER_PROXY_LABEL = 'service.kubernetes.io/service-proxy-name';
/** EndpointSlices of headless Services carry it. */
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

const PROTOCOLS: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** Kubernetes' default for ClientIP affinity: three hours. */
const DEFAULT_AFFINITY_SECONDS = 10_800;

/** The ports of a Service in one address family; none when it is headless, an ExternalName, or another proxy's. */
export function servicePortsOf(service: Service, family: AddressFamily): ServicePort[] {
  const { spec, metadata } = service;
  if (spec.type === 'ExternalName' || metadata.labels?.[OTHER_PROXY_LABEL] !== undefined) return [];
  const listed = spec.clusterIPs !== undefined && spec.clusterIPs.length > 0 ? spec.clusterIPs : [spec.clusterIP ?? ''];
  const clusterIps = listed.filter((address) => family.has(address));
  if (clusterIps.length === 0) return [];
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const shared = {
    namespace: metadata.namespace ?? '',
    service: metadata.name ?? '',
    clusterIps,
    externalIps: (spec.externalIPs ?? []).filter((address) => family.has(address)),
    loadBalancerIps:
      spec.type === 'LoadBalancer'
        ? ingress.filter((one) => one.ipMode !== 'Proxy').flatMap(({ ip }) => (family.has(ip ?? '') ? [ip ?? ''] : []))
        : [],
    poolAddress: isConditionTrue(service.status?.conditions, POOL_ADDRESS_CONDITION),
    sourceRanges: (spec.loadBalancerSourceRanges ?? [])
      .map((cidr) => cidr.trim())
      .filter((cidr) => family.hasCidr(cidr)),
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: spec.externalTrafficPolicy === 'Local' && isExternallyAccessible(spec),
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS)
        : undefined,
  };
  return (spec.ports ?? []).flatMap((port) => {
    const protocol = PROTOCOLS[port.protocol ?? 'TCP'];
    if (protocol === undefined) return [];
    return [{ ...shared, portName: port.name ?? '', protocol, port: port.port, nodePort: port.nodePort ?? 0 }];
  });
}

/** Whether clients outside the cluster have a way in, without which an external policy means nothing. */
function isExternallyAccessible({ type, externalIPs = [] }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer' || externalIPs.length > 0;
}

/** The endpoints behind one port, each address and port once, in a stable order. */
export function endpointsOf(
  port: Pick<ServicePort, 'portName' | 'protocol'>,
  slices: readonly EndpointSlice[],
  family: AddressFamily,
): ProxyEndpoint[] {
  const found = new Map<string, ProxyEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== family.sliceType || slice.metadata.labels?.[HEADLESS_LABEL] !== undefined) continue;
    for (const slicePort of slice.ports ?? []) {
      if ((slicePort.name ?? '') !== port.portName || PROTOCOLS[slicePort.protocol ?? 'TCP'] !== port.protocol)
        continue;
      if (slicePort.port === undefined) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const address = endpoint.addresses[0];
        if (address === undefined || !family.has(address)) continue;
        const candidate: ProxyEndpoint = {
          address,
          port: slicePort.port,
          nodeName: endpoint.nodeName,
          ready: endpoint.conditions?.ready ?? true,
          serving: endpoint.conditions?.serving ?? true,
          terminating: endpoint.conditions?.terminating ?? false,
          beats: slice.metadata.annotations?.[HEARTBEAT_ANNOTATION] !== undefined,
          zoneHints: (endpoint.hints?.forZones ?? []).map(({ name }) => name),
          nodeHints: (endpoint.hints?.forNodes ?? []).map(({ name }) => name),
        };
        const key = family.target(address, slicePort.port);
        // While an endpoint moves between slices it stands in both for a moment; the better news is the newer.
        if (found.get(key)?.ready !== true) found.set(key, candidate);
      }
    }
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}
