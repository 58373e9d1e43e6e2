// Mirrors Endpoints that people keep by hand, for Services without a selector, into EndpointSlices, so that whoever reads
// slices sees them too. Pure: what to create, update and delete.
import { isIPv6 } from 'node:net';
import { controllerReference } from '../../api/meta/owner-references.ts';
import type { EndpointAddress, EndpointSubset, Endpoints } from '../../api/schema/generated/core.v1.gen.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import type { Draft } from '../../api/schema/resource-type.ts';
import { semanticallyEqual } from '../semantic-equality.ts';
import { pack, portsKey } from './pack.ts';
import { MANAGED_BY, SERVICE_NAME } from './reconcile.ts';

export const MIRROR_MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';
/** Kubernetes' --mirroring-max-endpoints-per-subset. */
const MOST_PER_SUBSET = 1000;

export interface MirrorPlan {
  readonly create: readonly Draft<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

export function isMirrored(endpoints: Endpoints): boolean {
  const { labels, annotations } = endpoints.metadata;
  return labels?.[SKIP_MIRROR] !== 'true' && annotations?.[LEADER_ANNOTATION] === undefined;
}

/** `slices`: those mirrored before. */
export function planMirror(endpoints: Endpoints, slices: readonly EndpointSlice[]): MirrorPlan {
  const plan = { create: [] as Draft<EndpointSlice>[], update: [] as EndpointSlice[], remove: [] as EndpointSlice[] };
  const { [SKIP_MIRROR]: _skip, ...own } = endpoints.metadata.labels ?? {};
  const labels = { ...own, [SERVICE_NAME]: endpoints.metadata.name, [MANAGED_BY]: MIRROR_MANAGER };
  const groups = groupsOf(endpoints.subsets ?? []);
  plan.remove.push(...slices.filter((slice) => !groups.has(groupKey(slice.addressType, slice.ports))));
  for (const [key, group] of groups) {
    const same = slices.filter((slice) => groupKey(slice.addressType, slice.ports) === key);
    const packing = pack(same, group.endpoints);
    plan.remove.push(...packing.remove);
    const updates = new Map(packing.update.map((update) => [update.slice, update.endpoints]));
    for (const slice of same.filter((one) => !packing.remove.includes(one))) {
      const next = updates.get(slice);
      if (next === undefined && semanticallyEqual(slice.metadata.labels, labels)) continue;
      plan.update.push({
        ...slice,
        metadata: { ...slice.metadata, labels },
        endpoints: [...(next ?? slice.endpoints ?? [])],
      });
    }
    plan.create.push(...packing.create.map((part) => newSlice(endpoints, labels, group, part)));
  }
  return plan;
}

interface Group {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: EndpointPort[];
  readonly endpoints: Endpoint[];
}

function groupKey(addressType: string, ports: readonly EndpointPort[] | undefined): string {
  return `${addressType} ${portsKey(ports)}`;
}

function groupsOf(subsets: readonly EndpointSubset[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const subset of subsets) {
    const ports = (subset.ports ?? []).map((port) => ({ ...port, name: port.name ?? '' }));
    const addresses = [
      ...(subset.addresses ?? []).map((address) => ({ address, ready: true })),
      ...(subset.notReadyAddresses ?? []).map((address) => ({ address, ready: false })),
    ];
    for (const { address, ready } of addresses.slice(0, MOST_PER_SUBSET)) {
      const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4';
      const key = groupKey(addressType, ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
      groups.set(key, group);
      if (!group.endpoints.some((endpoint) => endpoint.addresses[0] === address.ip)) {
        group.endpoints.push(endpointOf(address, ready));
      }
    }
  }
  return groups;
}

function endpointOf(address: EndpointAddress, ready: boolean): Endpoint {
  const { ip, hostname, nodeName, targetRef } = address;
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname !== undefined && hostname !== '' && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(targetRef !== undefined && { targetRef }),
  };
}

function newSlice(
  endpoints: Endpoints,
  labels: Record<string, string>,
  group: Group,
  part: readonly Endpoint[],
): Draft<EndpointSlice> {
  const { namespace, name } = endpoints.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { generateName: `${name}-`, namespace, labels, ownerReferences: [controllerReference(endpoints)] },
    addressType: group.addressType,
    endpoints: [...part],
    ports: group.ports,
  };
}
