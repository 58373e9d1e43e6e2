// Fits endpoints into slices with as few writes as possible, as Kubernetes does: what is in a slice stays there, slices
// that must change anyway are filled up first, then the fullest one with room, and new slices come last. Pure.
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { canonicalText, semanticallyEqual } from '../semantic-equality.ts';

export const MOST_ENDPOINTS = 100;

/** What slices are grouped by: endpoints with the same ports share slices. */
export function portsKey(ports: readonly EndpointPort[] | undefined): string {
  const texts = (ports ?? []).map((port) =>
    canonicalText([port.name ?? '', port.protocol ?? 'TCP', port.port ?? null, port.appProtocol ?? null]),
  );
  return texts.toSorted().join('|');
}

/** Tells endpoints apart: a pod keeps its place when only its conditions change. */
function identityOf(endpoint: Endpoint): string {
  const { targetRef, addresses } = endpoint;
  return `${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}/${targetRef?.uid ?? ''}/${addresses.join(',')}`;
}

export interface Packing {
  readonly create: readonly (readonly Endpoint[])[];
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[];
  /** Nothing is left in them. */
  readonly remove: readonly EndpointSlice[];
}

/** `slices` all have the ports of `desired`. */
export function pack(slices: readonly EndpointSlice[], desired: readonly Endpoint[], most = MOST_ENDPOINTS): Packing {
  const waiting = new Map(desired.map((endpoint) => [identityOf(endpoint), endpoint]));
  const kept = slices.map((slice) => {
    let changed = false;
    const endpoints: Endpoint[] = [];
    for (const before of slice.endpoints ?? []) {
      const now = waiting.get(identityOf(before));
      if (now === undefined) {
        changed = true;
        continue;
      }
      waiting.delete(identityOf(before));
      const same = semanticallyEqual(now, before);
      changed ||= !same;
      endpoints.push(same ? before : now);
    }
    return { slice, endpoints, changed };
  });
  const left = [...waiting.values()];
  const changing = kept.filter((one) => one.changed && one.endpoints.length > 0);
  for (const one of changing.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
    one.endpoints.push(...left.splice(0, Math.max(0, most - one.endpoints.length)));
  }
  // Emptied slices are filled before others are touched: that saves deleting them.
  for (const one of kept.filter((other) => other.endpoints.length === 0)) {
    if (left.length === 0) break;
    one.endpoints.push(...left.splice(0, most));
    one.changed = true;
  }
  const create: Endpoint[][] = [];
  while (left.length >= most) create.push(left.splice(0, most));
  if (left.length > 0) {
    const fitting = kept
      .filter((one) => !one.changed && one.endpoints.length + left.length <= most)
      .toSorted((a, b) => b.endpoints.length - a.endpoints.length)[0];
    if (fitting === undefined) create.push(left);
    else {
      fitting.endpoints.push(...left);
      fitting.changed = true;
    }
  }
  return {
    create,
    update: kept.filter((one) => one.changed && one.endpoints.length > 0),
    remove: kept.filter((one) => one.endpoints.length === 0).map((one) => one.slice),
  };
}
