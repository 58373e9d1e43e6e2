// The containers and the network of a cluster in the engine: found by their labels, made when missing. Node containers get
// what an engine, a packet filter and control groups inside need, and no more.
import type Docker from 'dockerode';
import type { Clock } from '../../clock/clock.ts';
import { ClusterError } from '../cluster-record.ts';
import { httpStatusOf, stopContainer } from '../engine.ts';
import type { PortMapping } from './cluster-config.ts';
import type { ContainerPlan, NodesRecord } from './nodes-record.ts';
import { publishedPorts } from './published-ports.ts';

export const CLUSTER_LABEL = 'typekube.dev/cluster';
export const ROLE_LABEL = 'typekube.dev/role';
const ID_LABEL = 'typekube.dev/cluster-id';

/**
 * Beyond what the engine gives every container: mounts and namespaces (SYS_ADMIN), network devices and rules (NET_ADMIN), the
 * namespaces of processes in pods (SYS_PTRACE), and what containers of pods may ask for without owning the machine.
 */
const CAPABILITIES = ['SYS_ADMIN', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH', 'IPC_LOCK', 'SYS_NICE', 'SYSLOG'];
const LOG_LIMITS = { 'max-size': '10m', 'max-file': '2' };
const STOP_WITHIN_SECONDS = 30;
const CREATED_WITHIN_MS = 30_000;
const POLL_MS = 100;
/** When a container started that never has. */
const NEVER = '0001-01-01T00:00:00Z';
/**
 * Not unless-stopped: an engine that was killed stops what it finds running at its next start, and takes that for a wish. So
 * a cluster that is stopped takes the policy away, and gives it back at its next start.
 */
const RESTARTED = { Name: 'always' };
const LEFT_STOPPED = { Name: 'no' };

export interface EngineFacts {
  readonly cgroupVersion: 1 | 2;
}

export async function engineFacts(engine: Docker): Promise<EngineFacts> {
  const info = (await engine.info()) as { CgroupVersion?: string }; // the types leave it out
  return { cgroupVersion: info.CgroupVersion === '2' ? 2 : 1 };
}

export interface ContainerSource {
  readonly engine: Docker;
  readonly record: NodesRecord;
  readonly image: () => Promise<string>;
  readonly clock: Clock;
}

export interface FoundContainer {
  readonly plan: ContainerPlan;
  readonly container: Docker.Container;
  /** `new`: it has never run, so that its volumes are empty. */
  readonly state: 'new' | 'ended' | 'running';
}

/** Created, not started. The one that is there under this name is taken if it is of this cluster. */
export async function ensureContainer(
  { engine, record, image, clock }: ContainerSource,
  plan: ContainerPlan,
  signal: AbortSignal,
): Promise<FoundContainer> {
  const deadline = clock.now() + CREATED_WITHIN_MS;
  for (;;) {
    const existing = await findContainer(engine, record, plan);
    if (existing !== undefined) return existing;
    try {
      const [name, facts] = await Promise.all([image(), engineFacts(engine)]);
      const container = await engine.createContainer(containerOptions(record, plan, name, facts));
      return { plan, container, state: 'new' };
    } catch (cause) {
      // Taken, but not there yet: the engine still makes what a process that was killed has asked for, or another one asks for.
      if (httpStatusOf(cause) !== 409 || clock.now() > deadline) throw cause;
      await clock.sleep(POLL_MS, signal);
    }
  }
}

async function findContainer(
  engine: Docker,
  record: NodesRecord,
  plan: ContainerPlan,
): Promise<FoundContainer | undefined> {
  const container = engine.getContainer(plan.name);
  try {
    const { Config, State } = await container.inspect();
    const state = State.Running ? 'running' : State.StartedAt === NEVER ? 'new' : 'ended';
    if (Config.Labels[ID_LABEL] === record.id) return { plan, container, state };
  } catch (cause) {
    if (httpStatusOf(cause) === 404) return undefined;
    throw cause;
  }
  throw new ClusterError(`a container ${plan.name} that is not of this cluster is in the way`);
}

export function containerOptions(
  record: NodesRecord,
  plan: ContainerPlan,
  image: string,
  facts: EngineFacts,
): Docker.ContainerCreateOptions {
  const isNode = plan.role !== 'load-balancer';
  const published = publishedPorts(record, plan);
  const key = ({ containerPort, protocol }: PortMapping) => `${containerPort}/${protocol.toLowerCase()}`;
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const mapping of published) {
    (bindings[key(mapping)] ??= []).push({
      HostIp: mapping.listenAddress,
      HostPort: mapping.hostPort === 0 ? '' : String(mapping.hostPort),
    });
  }
  return {
    name: plan.name,
    Hostname: plan.name,
    Image: image,
    Labels: { [CLUSTER_LABEL]: record.name, [ID_LABEL]: record.id, [ROLE_LABEL]: plan.role },
    Env: [`TYPEKUBE_ROLE=${plan.role}`],
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((port) => [port, {}])),
    Volumes: { '/var/lib/typekube': {}, ...(isNode && { '/var/lib/docker': {} }) },
    StopTimeout: STOP_WITHIN_SECONDS,
    HostConfig: {
      NetworkMode: record.network,
      PortBindings: bindings,
      RestartPolicy: RESTARTED,
      LogConfig: { Type: 'json-file', Config: LOG_LIMITS },
      Tmpfs: { '/run': '', '/tmp': 'exec' },
      ...(isNode && nodePrivileges(record, facts)),
    },
    NetworkingConfig: { EndpointsConfig: { [record.network]: { IPAMConfig: { IPv4Address: plan.address } } } },
  };
}

/** The types of dockerode lack CgroupnsMode. */
function nodePrivileges(
  record: NodesRecord,
  { cgroupVersion }: EngineFacts,
): Docker.HostConfig & { CgroupnsMode: string } {
  return {
    // The groups of containers in the node lie below the node's own; under cgroup 1 only the host's view makes runc find them.
    CgroupnsMode: cgroupVersion === 1 ? 'host' : 'private',
    ...(record.privilegedNodes
      ? { Privileged: true }
      : {
          CapAdd: CAPABILITIES,
          SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
          MaskedPaths: [],
          ReadonlyPaths: [],
          DeviceCgroupRules: ['a *:* rwm'],
        }),
  };
}

export function containersOf(engine: Docker, cluster: string): Promise<Docker.ContainerInfo[]> {
  return engine.listContainers({ all: true, filters: { label: [`${CLUSTER_LABEL}=${cluster}`] } });
}

export function networksOf(engine: Docker, cluster: string): Promise<Docker.NetworkInspectInfo[]> {
  return engine.listNetworks({ filters: { label: [`${CLUSTER_LABEL}=${cluster}`] } });
}

export async function startContainer(container: Docker.Container): Promise<void> {
  await container.update({ RestartPolicy: RESTARTED });
  try {
    await container.start();
  } catch (cause) {
    if (httpStatusOf(cause) !== 304) throw cause; // it runs already
  }
}

/** So that nothing but `startContainer` starts it again. One that is gone is no fault. */
export async function stopForGood(container: Docker.Container): Promise<void> {
  try {
    await container.update({ RestartPolicy: LEFT_STOPPED });
  } catch (cause) {
    if (httpStatusOf(cause) === 404) return;
    throw cause;
  }
  await stopContainer(container);
}
