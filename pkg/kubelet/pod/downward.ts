// What a pod may know of itself: fieldRef and resourceFieldRef, for env and for volumes.
import { milliValue, wholeValue } from '../../api/meta/quantity.ts';
import type {
  Container,
  ObjectFieldSelector,
  Pod,
  ResourceFieldSelector,
} from '../../api/schema/generated/core.v1.gen.ts';

/** What is true where the pod runs, beyond what its object says yet. */
export interface PodPlace {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  readonly nodeName: string;
  /** Of the node, as quantities: what a container without limits may use. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Thrown for a reference that cannot be resolved: the container cannot be configured. */
export class ReferenceError extends Error {
  override readonly name = 'ReferenceError';
}

export function fieldValue(pod: Pod, selector: ObjectFieldSelector, place: PodPlace): string {
  const path = selector.fieldPath;
  const subscript = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'metadata.labels':
      return mapText(pod.metadata.labels);
    case 'metadata.annotations':
      return mapText(pod.metadata.annotations);
    case 'spec.nodeName':
      return place.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return place.hostIps[0] ?? '';
    case 'status.hostIPs':
      return place.hostIps.join(',');
    case 'status.podIP':
      return place.podIps[0] ?? '';
    case 'status.podIPs':
      return place.podIps.join(',');
    default:
      throw new ReferenceError(`unsupported fieldPath: ${path}`);
  }
}

/** `key="value"` lines in the order of keys, values quoted as Go's %q does. */
function mapText(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map?.[key] ?? '')}`)
    .join('\n');
}

export function resourceValue(pod: Pod, own: Container, selector: ResourceFieldSelector, place: PodPlace): string {
  const named = selector.containerName;
  const container =
    named === undefined || named === ''
      ? own
      : [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((one) => one.name === named);
  if (container === undefined) throw new ReferenceError(`container ${named} not found`);
  const dot = selector.resource.indexOf('.');
  const kind = selector.resource.slice(0, dot);
  const resource = selector.resource.slice(dot + 1);
  if (kind !== 'limits' && kind !== 'requests') {
    throw new ReferenceError(`unsupported container resource : ${selector.resource}`);
  }
  const divisor = selector.divisor === undefined || milliValue(selector.divisor) === 0 ? '1' : selector.divisor;
  // Without a limit a container may use all that pods may use of the node.
  const fallback = kind === 'limits' ? (place.allocatable[resource] ?? '0') : '0';
  const quantity = container.resources?.[kind]?.[resource] ?? fallback;
  if (resource === 'cpu') return String(Math.ceil(milliValue(quantity) / milliValue(divisor)));
  return String(Math.ceil(wholeValue(quantity) / wholeValue(divisor)));
}
