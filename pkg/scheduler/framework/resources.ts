// What a pod asks for and what a node has, as plain numbers: CPU in millicores, everything else in whole units, rounded
// up as Kubernetes does. Exact below 2^53, which is 8 PiB of memory.
// Rules: k8s.io/component-helpers/resource (PodRequests) and the scheduler's NodeInfo.
import type { Container, ContainerStatus, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { milliValue, wholeValue } from '../../api/meta/quantity.ts';

export interface Resources {
  milliCpu: number;
  memory: number;
  ephemeralStorage: number;
  /** Extended resources, huge pages and attachable volumes by name. */
  readonly scalars: Map<string, number>;
}

/** What scoring takes for a container that does not say what it needs, so that such pods spread over nodes all the same. */
export const ASSUMED_MILLI_CPU = 100;
export const ASSUMED_MEMORY = 200 * 1024 * 1024;

export function noResources(): Resources {
  return { milliCpu: 0, memory: 0, ephemeralStorage: 0, scalars: new Map() };
}

/** Adds `change` times `sign` to `total` in place. */
export function addResources(total: Resources, change: Resources, sign: 1 | -1): void {
  total.milliCpu += sign * change.milliCpu;
  total.memory += sign * change.memory;
  total.ephemeralStorage += sign * change.ephemeralStorage;
  for (const [name, amount] of change.scalars) {
    const left = (total.scalars.get(name) ?? 0) + sign * amount;
    if (left === 0) total.scalars.delete(name);
    else total.scalars.set(name, left);
  }
}

/** The amount of one resource by its API name. */
export function amountOf(resources: Resources, name: string): number {
  switch (name) {
    case 'cpu':
      return resources.milliCpu;
    case 'memory':
      return resources.memory;
    case 'ephemeral-storage':
      return resources.ephemeralStorage;
    default:
      return resources.scalars.get(name) ?? 0;
  }
}

function setAmount(resources: Resources, name: string, amount: number): void {
  if (name === 'cpu') resources.milliCpu = amount;
  else if (name === 'memory') resources.memory = amount;
  else if (name === 'ephemeral-storage') resources.ephemeralStorage = amount;
  else if (isScalar(name)) resources.scalars.set(name, amount);
}

function isScalar(name: string): boolean {
  return name.includes('/') || name.startsWith('hugepages-') || name.startsWith('attachable-volumes-');
}

export function parseAmount(name: string, quantity: string): number {
  return name === 'cpu' ? milliValue(quantity) : wholeValue(quantity);
}

/** Reads a resource list as `status.allocatable` has it; `pods` is read by the caller. */
export function parseResources(list: Readonly<Record<string, string>> | undefined): Resources {
  const resources = noResources();
  for (const [name, quantity] of Object.entries(list ?? {})) setAmount(resources, name, parseAmount(name, quantity));
  return resources;
}

export interface PodResources {
  readonly requested: Resources;
  /** Like `requested`, with an assumed amount for containers that name none; scoring works with these. */
  readonly assumedMilliCpu: number;
  readonly assumedMemory: number;
}

/**
 * What a pod takes from a node: the sum of its containers and sidecars or, where larger, what its init containers need at
 * their moment; pod-level requests take precedence; overhead comes on top.
 */
export function podResources(pod: Pod): PodResources {
  const { spec } = pod;
  const requested = noResources();
  const statuses = resizedStatuses(pod);
  const reads = (name: string, assumed: number) => (container: Container) => {
    const quantity = container.resources?.requests?.[name];
    const asked = quantity === undefined ? assumed : parseAmount(name, quantity);
    return Math.max(asked, resizedAmount(statuses?.get(container.name), name));
  };
  const podLevel = spec.resources?.requests;
  const total = (name: string, assumed: number): number => {
    const level = isPodLevel(name) ? podLevel?.[name] : undefined;
    const amount = level === undefined ? overTime(spec, reads(name, assumed)) : parseAmount(name, level);
    const overhead = spec.overhead?.[name];
    return overhead === undefined ? amount : amount + parseAmount(name, overhead);
  };
  for (const name of requestedNames(pod)) {
    const amount = total(name, 0);
    if (amount !== 0) setAmount(requested, name, amount);
  }
  return {
    requested,
    assumedMilliCpu: total('cpu', ASSUMED_MILLI_CPU),
    assumedMemory: total('memory', ASSUMED_MEMORY),
  };
}

function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function requestedNames({ spec }: Pod): Set<string> {
  const names = new Set<string>();
  for (const container of spec.containers) for (const name in container.resources?.requests) names.add(name);
  for (const container of spec.initContainers ?? []) for (const name in container.resources?.requests) names.add(name);
  for (const name in spec.overhead) names.add(name);
  for (const name in spec.resources?.requests) names.add(name);
  return names;
}

/** Init containers run one after another beside the sidecars started before them; then all containers with all sidecars. */
function overTime(spec: Pod['spec'], of: (container: Container) => number): number {
  let running = 0;
  for (const container of spec.containers) running += of(container);
  let sidecars = 0;
  let peak = 0;
  for (const container of spec.initContainers ?? []) {
    const amount = of(container);
    if (container.restartPolicy === 'Always') {
      sidecars += amount;
      peak = Math.max(peak, sidecars);
    } else peak = Math.max(peak, sidecars + amount);
  }
  return Math.max(running + sidecars, peak);
}

/** Statuses of containers whose allocation may differ from the spec while an in-place resize is under way. */
function resizedStatuses(pod: Pod): Map<string, ContainerStatus> | undefined {
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '') return undefined;
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const resized = all.filter((status) => status.allocatedResources ?? status.resources?.requests);
  return resized.length === 0 ? undefined : new Map(resized.map((status) => [status.name, status]));
}

function resizedAmount(status: ContainerStatus | undefined, name: string): number {
  if (status === undefined) return 0;
  const allocated = status.allocatedResources?.[name];
  const actual = status.resources?.requests?.[name];
  return Math.max(
    allocated === undefined ? 0 : parseAmount(name, allocated),
    actual === undefined ? 0 : parseAmount(name, actual),
  );
}
