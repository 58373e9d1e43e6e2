// Pure translation of what the kubelet wants into the bodies of the engine's create calls.
import type Docker from 'dockerode';
import type { ContainerConfig, ContainerSecurity, EnforcedLimits, SandboxConfig, SandboxState } from '../runtime.ts';
import { engineNameOf, labelsOf, SANDBOX } from './labels.ts';

/** A container's log is cut into files like Kubernetes' defaults: containerLogMaxSize 10Mi, containerLogMaxFiles 5. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };

const PROPAGATION = { None: 'rprivate', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

const CPU_PERIOD_MICROSECONDS = 100_000;

export interface EngineFacts {
  readonly owner: string;
  readonly network: string;
  readonly pauseImage: string;
  /** The engine may not lower a process' oom score below its own (no CAP_SYS_RESOURCE). */
  readonly lowestOomScore: number;
}

/** The sandbox must die last: what Kubernetes gives its pause containers. */
const SANDBOX_OOM_SCORE = -998;

export function sandboxBody(config: SandboxConfig, facts: EngineFacts): Docker.ContainerCreateOptions {
  const identity = { type: 'podsandbox', pod: config.pod, container: '', attempt: config.attempt } as const;
  const onNode = config.namespaces.network === 'node';
  const published = onNode ? [] : config.portMappings;
  return {
    name: engineNameOf(identity),
    Image: facts.pauseImage,
    Entrypoint: ['/pause'],
    Labels: { ...config.labels, ...labelsOf(identity, facts.owner) },
    ...(!onNode && { Hostname: config.hostname, Domainname: config.domainname }),
    ExposedPorts: Object.fromEntries(published.map((port) => [portKey(port), {}])),
    HostConfig: {
      NetworkMode: onNode ? 'host' : facts.network,
      IpcMode: config.namespaces.ipc === 'node' ? 'host' : 'shareable',
      ...(config.namespaces.pid === 'node' && { PidMode: 'host' }),
      PortBindings: portBindings(published),
      OomScoreAdj: Math.max(SANDBOX_OOM_SCORE, facts.lowestOomScore),
      CpuShares: 2,
      LogConfig: { Type: 'none', Config: {} },
      SecurityOpt: ['no-new-privileges'],
      ...(Object.keys(config.sysctls).length > 0 && { Sysctls: { ...config.sysctls } }),
    },
  };
}

export function containerBody(
  sandbox: SandboxState,
  config: ContainerConfig,
  facts: EngineFacts,
): Docker.ContainerCreateOptions {
  const identity = { type: 'container', pod: config.pod, container: config.name, attempt: config.attempt } as const;
  const { resources, security, namespaces } = config;
  return {
    name: engineNameOf(identity),
    Image: config.image,
    ...(config.command !== undefined && { Entrypoint: [...config.command] }),
    ...(config.args !== undefined && { Cmd: [...config.args] }),
    Env: [...config.env],
    ...(config.workingDir !== '' && { WorkingDir: config.workingDir }),
    ...(security.user !== '' && { User: security.user }),
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    ...(config.stopSignal !== undefined && { StopSignal: config.stopSignal }),
    Healthcheck: { Test: ['NONE'] }, // the image's own would run besides the pod's probes
    Labels: { ...config.labels, ...labelsOf(identity, facts.owner), [SANDBOX]: sandbox.id },
    HostConfig: {
      NetworkMode: `container:${sandbox.id}`,
      IpcMode: namespaces.ipc === 'node' ? 'host' : `container:${sandbox.id}`,
      ...(namespaces.pid === 'node' && { PidMode: 'host' }),
      ...(namespaces.pid === 'pod' && { PidMode: `container:${sandbox.id}` }),
      ...(config.targetId !== undefined && { PidMode: `container:${config.targetId}` }),
      LogConfig: LOG_CONFIG,
      Mounts: config.mounts.map((mount) => ({
        Type: 'bind' as const,
        Source: mount.hostPath,
        Target: mount.containerPath,
        ReadOnly: mount.readOnly,
        BindOptions: { Propagation: PROPAGATION[mount.propagation] },
      })),
      ...limitsPart(resources),
      OomScoreAdj: Math.max(resources.oomScoreAdj, facts.lowestOomScore),
      ...securityPart(security),
    },
  };
}

function limitsPart({ cpuShares, cpuQuota, memoryLimit }: EnforcedLimits): Docker.HostConfig {
  return {
    CpuShares: cpuShares,
    ...(cpuQuota !== undefined && { CpuPeriod: CPU_PERIOD_MICROSECONDS, CpuQuota: cpuQuota }),
    // Swap equal to memory is no swap at all: what a limit means in Kubernetes.
    ...(memoryLimit !== undefined && { Memory: memoryLimit, MemorySwap: memoryLimit }),
  };
}

/** Of a container that runs. What is left out stays as it is; the engine knows no way to take a limit of memory away. */
export function updateBody(limits: EnforcedLimits): Docker.HostConfig {
  return { CpuPeriod: CPU_PERIOD_MICROSECONDS, CpuQuota: -1, ...limitsPart(limits) };
}

function securityPart(security: ContainerSecurity): Docker.HostConfig {
  const options = [];
  if (security.noNewPrivileges) options.push('no-new-privileges');
  if (!security.privileged) {
    if (security.seccomp === undefined) options.push('seccomp=unconfined');
    else if (security.seccomp !== 'runtime-default') options.push(`seccomp=${security.seccomp.profile}`);
  }
  return {
    Privileged: security.privileged,
    ReadonlyRootfs: security.readOnlyRootFilesystem,
    GroupAdd: security.supplementalGroups.map(String),
    ...(security.addCapabilities.length > 0 && { CapAdd: [...security.addCapabilities] }),
    ...(security.dropCapabilities.length > 0 && { CapDrop: [...security.dropCapabilities] }),
    ...(security.unmaskedPaths && { MaskedPaths: [], ReadonlyPaths: [] }),
    SecurityOpt: options,
  };
}

function portKey(port: { containerPort: number; protocol: string }): string {
  return `${port.containerPort}/${port.protocol.toLowerCase()}`;
}

function portBindings(ports: SandboxConfig['portMappings']): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    (bindings[portKey(port)] ??= []).push({ HostIp: port.hostIp, HostPort: String(port.hostPort) });
  }
  return bindings;
}
