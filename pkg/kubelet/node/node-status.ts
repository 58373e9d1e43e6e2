// The Node object of this machine. Pure: facts in, object parts out; names and texts are Kubernetes' own
// (k8s.io/kubernetes/pkg/kubelet/nodestatus).
import type { Node, NodeCondition, NodeStatus, Taint } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ImageInfo, RuntimeStatus } from '../runtime/runtime.ts';
import { formatTime } from '../../api/meta/time.ts';
import type { Pressure } from '../eviction/thresholds.ts';
import type { Machine } from './machine.ts';

export const KUBELET_VERSION = 'v1.35.0';

export interface NodeIdentity {
  readonly name: string;
  readonly ips: readonly string[];
  readonly podCidr: string | undefined;
  readonly maxPods: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly serverPort: number;
}

export interface NodeHealth {
  /** What is wrong with the runtime; undefined: it answers. */
  readonly runtimeFault: string | undefined;
  /** Why pods can have no network of their own. */
  readonly networkFault: string | undefined;
  readonly pressures: ReadonlySet<Pressure>;
}

const MOST_IMAGES = 50;

export function labelsOf(identity: NodeIdentity, machine: Machine): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': identity.name,
    'kubernetes.io/os': 'linux',
    ...identity.labels,
  };
}

export function capacityOf(identity: NodeIdentity, machine: Machine): Record<string, string> {
  return {
    cpu: String(machine.cpus),
    'ephemeral-storage': `${Math.floor(machine.storageBytes / 1024)}Ki`,
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: String(identity.maxPods),
  };
}

/** The part of a disk that must stay free (evictionHard's default nodefs.available). */
const DISK_RESERVE = 0.1;
/** evictionHard's default memory.available. */
export const MEMORY_RESERVE_BYTES = 100 * 1024 * 1024;

export function allocatableOf(identity: NodeIdentity, machine: Machine): Record<string, string> {
  return {
    cpu: String(machine.cpus),
    'ephemeral-storage': String(Math.floor(machine.storageBytes * (1 - DISK_RESERVE))),
    memory: `${Math.floor((machine.memoryBytes - MEMORY_RESERVE_BYTES) / 1024)}Ki`,
    pods: String(identity.maxPods),
  };
}

export function nodeStatusOf(parts: {
  identity: NodeIdentity;
  machine: Machine;
  runtime: Pick<RuntimeStatus, 'name' | 'version'>;
  images: readonly ImageInfo[];
  health: NodeHealth;
  before: Node | undefined;
  now: Instant;
}): NodeStatus {
  const { identity, machine, runtime, images, health, before, now } = parts;
  return {
    addresses: [
      ...identity.ips.map((address) => ({ address, type: 'InternalIP' })),
      { address: machine.hostname, type: 'Hostname' },
    ],
    allocatable: allocatableOf(identity, machine),
    capacity: capacityOf(identity, machine),
    conditions: conditionsOf(health, before, now),
    daemonEndpoints: { kubeletEndpoint: { Port: identity.serverPort } },
    images: images
      .filter(({ names }) => names.length > 0)
      .toSorted((a, b) => b.size - a.size)
      .slice(0, MOST_IMAGES)
      .map(({ names, size }) => ({ names: [...names], sizeBytes: size })),
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: KUBELET_VERSION,
      machineID: machine.machineId,
      operatingSystem: 'linux',
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
    },
  };
}

/** Why the node is not ready. */
export function unreadiness({ runtimeFault, networkFault }: NodeHealth): string | undefined {
  if (runtimeFault !== undefined) return `container runtime is down: ${runtimeFault}`;
  return networkFault === undefined ? undefined : networkNotReady(networkFault);
}

export function networkNotReady(fault: string): string {
  const state = `NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: ${fault}`;
  return `container runtime network not ready: ${state}`;
}

function conditionsOf(health: NodeHealth, before: Node | undefined, now: Instant): NodeCondition[] {
  const fault = unreadiness(health);
  const drafts: (readonly [type: string, status: string, reason: string, message: string])[] = [
    health.pressures.has('MemoryPressure')
      ? ['MemoryPressure', 'True', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available']
      : ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    health.pressures.has('DiskPressure')
      ? ['DiskPressure', 'True', 'KubeletHasDiskPressure', 'kubelet has disk pressure']
      : ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    health.pressures.has('PIDPressure')
      ? ['PIDPressure', 'True', 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available']
      : ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    fault === undefined
      ? ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status']
      : ['Ready', 'False', 'KubeletNotReady', fault],
  ];
  const at = formatTime(now);
  return drafts.map(([type, status, reason, message]) => {
    const old = before?.status?.conditions?.find((condition) => condition.type === type);
    return {
      lastHeartbeatTime: at,
      lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? at) : at,
      message,
      reason,
      status,
      type,
    };
  });
}

/** Whether two statuses differ in more than the times of their heartbeats. */
export function differs(a: NodeStatus | undefined, b: NodeStatus): boolean {
  return JSON.stringify(timeless(a)) !== JSON.stringify(timeless(b));
}

function timeless(status: NodeStatus | undefined): unknown {
  if (status === undefined) return undefined;
  const { addresses, allocatable, capacity, conditions, daemonEndpoints, images, nodeInfo } = status;
  return [
    addresses?.map(({ type, address }) => [type, address]),
    sortedEntries(allocatable),
    sortedEntries(capacity),
    conditions?.map(({ type, status: state, reason, message }) => [type, state, reason, message]),
    daemonEndpoints?.kubeletEndpoint?.Port,
    images?.map(({ names, sizeBytes }) => [names, sizeBytes]),
    sortedEntries(nodeInfo),
  ];
}

function sortedEntries(map: object | undefined): [string, unknown][] {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
