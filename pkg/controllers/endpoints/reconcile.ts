// The Endpoints object that a Service is to have: its backends grouped into subsets, at most 1000 addresses. Pure.
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '../../api/schema/generated/core.v1.gen.ts';
import { isPodReady } from '../pods.ts';
import { canonicalText, semanticallyEqual } from '../semantic-equality.ts';
import {
  HEADLESS_LABEL,
  addressTypesOf,
  canBeBackend,
  hasClusterIp,
  hostnameIn,
  lastChangeOf,
  podIpsOf,
  targetPortOf,
} from '../service-backends.ts';

export const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
export const MANAGER = 'endpoint-controller';
const LAST_CHANGE = 'endpoints.kubernetes.io/last-change-trigger-time';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
const MOST_ADDRESSES = 1000;

/** What a write needs: everything but what the server fills in. */
export interface EndpointsPlan {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subsets: EndpointSubset[];
}

/** Undefined: `current` says it already. */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  current: Endpoints | undefined,
): EndpointsPlan | undefined {
  const backends = pods.filter((pod) => canBeBackend(pod, service.spec.publishNotReadyAddresses === true));
  const { subsets, truncated } = limited(subsetsOf(service, backends));
  const { [HEADLESS_LABEL]: _headless, ...own } = service.metadata.labels ?? {};
  const labels = { ...own, [MANAGED_BY]: MANAGER, ...(!hasClusterIp(service) && { [HEADLESS_LABEL]: '' }) };
  const saysTruncated = current?.metadata.annotations?.[OVER_CAPACITY] !== undefined;
  if (
    current !== undefined &&
    semanticallyEqual(current.subsets, subsets) &&
    semanticallyEqual(current.metadata.labels ?? {}, labels) &&
    saysTruncated === truncated
  ) {
    return undefined;
  }
  const annotations: Record<string, string> = { ...current?.metadata.annotations };
  const lastChange = lastChangeOf(service, backends);
  if (lastChange === undefined) delete annotations[LAST_CHANGE];
  else annotations[LAST_CHANGE] = lastChange;
  if (truncated) annotations[OVER_CAPACITY] = 'truncated';
  else delete annotations[OVER_CAPACITY];
  return { labels, annotations, subsets };
}

interface Backend {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

/** Ports that lead to exactly the same addresses share a subset. */
function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const byPort = new Map<string, { port: EndpointPort | undefined; backends: Backend[] }>();
  const add = (port: EndpointPort | undefined, backend: Backend) => {
    const key = canonicalText(port ?? null);
    const group = byPort.get(key) ?? { port, backends: [] };
    byPort.set(key, group);
    group.backends.push(backend);
  };
  for (const pod of pods) {
    const backend = backendOf(service, pod);
    if (backend === undefined) continue;
    const ports = service.spec.ports ?? [];
    // A headless Service may have no ports at all.
    if (ports.length === 0 && !hasClusterIp(service)) add(undefined, backend);
    for (const port of ports) {
      const target = targetPortOf(pod, port);
      if (target === undefined) continue;
      const { name, appProtocol } = port;
      add(
        {
          ...(name !== undefined && name !== '' && { name }),
          port: target,
          protocol: port.protocol ?? 'TCP',
          ...(appProtocol !== undefined && { appProtocol }),
        },
        backend,
      );
    }
  }
  const byAddresses = new Map<string, { ports: EndpointPort[]; backends: readonly Backend[] }>();
  for (const { port, backends } of byPort.values()) {
    const sorted = backends.toSorted(byAddress);
    const key = canonicalText(sorted);
    const group = byAddresses.get(key) ?? { ports: [], backends: sorted };
    byAddresses.set(key, group);
    if (port !== undefined) group.ports.push(port);
  }
  return [...byAddresses]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, backends }]) => subset(backends, ports.toSorted(byPortText)));
}

function subset(backends: readonly Backend[], ports: EndpointPort[]): EndpointSubset {
  const addresses = backends.filter(({ ready }) => ready).map(({ address }) => address);
  const notReadyAddresses = backends.filter(({ ready }) => !ready).map(({ address }) => address);
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports }),
  };
}

function byAddress(a: Backend, b: Backend): number {
  if (a.address.ip !== b.address.ip) return a.address.ip < b.address.ip ? -1 : 1;
  return (a.address.targetRef?.uid ?? '') < (b.address.targetRef?.uid ?? '') ? -1 : 1;
}

function byPortText(a: EndpointPort, b: EndpointPort): number {
  return canonicalText(a) < canonicalText(b) ? -1 : 1;
}

function backendOf(service: Service, pod: Pod): Backend | undefined {
  const type = addressTypesOf(service)[0] ?? 'IPv4';
  const ip = podIpsOf(pod, type)[0];
  if (ip === undefined) return undefined;
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameIn(service, pod);
  const nodeName = pod.spec.nodeName;
  return {
    address: {
      ip,
      ...(hostname !== undefined && { hostname }),
      ...(nodeName !== undefined && nodeName !== '' && { nodeName }),
      targetRef: { kind: 'Pod', namespace, name, uid },
    },
    ready: service.spec.publishNotReadyAddresses === true || isPodReady(pod),
  };
}

/** Ready addresses come before those that are not; each subset keeps its share. */
function limited(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const count = (of: (subset: EndpointSubset) => readonly unknown[] | undefined) =>
    subsets.reduce((sum, subset) => sum + (of(subset)?.length ?? 0), 0);
  const ready = count((subset) => subset.addresses);
  const notReady = count((subset) => subset.notReadyAddresses);
  if (ready + notReady <= MOST_ADDRESSES) return { subsets, truncated: false };
  const cutReady = ready > MOST_ADDRESSES;
  const room = cutReady ? MOST_ADDRESSES : MOST_ADDRESSES - ready;
  const total = cutReady ? ready : notReady;
  let left = room;
  const share = (addresses: readonly EndpointAddress[] = []) => {
    const part = addresses.slice(0, Math.min(left, Math.ceil((addresses.length / total) * room)));
    left -= part.length;
    return part;
  };
  const cut = subsets.map((one): EndpointSubset => {
    const { addresses, notReadyAddresses, ...rest } = one;
    if (cutReady) return { ...rest, addresses: share(addresses) };
    const kept = share(notReadyAddresses);
    return {
      ...rest,
      ...(addresses !== undefined && { addresses }),
      ...(kept.length > 0 && { notReadyAddresses: kept }),
    };
  });
  return { subsets: cut, truncated: true };
}
