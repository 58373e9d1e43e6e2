// From a container of a pod to what the runtime is asked for. Pure: environment, mounts and image facts come in ready.
import type { Container, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type {
  ContainerConfig,
  ContainerResources,
  ContainerSecurity,
  Mount,
  NamespaceOptions,
  PodIdentity,
  SandboxConfig,
} from '../runtime/runtime.ts';
import { isOnNodeNetwork } from './containers.ts';
import { expandAll } from './env.ts';
import { sandboxHostname } from './pod-files.ts';
import { oomScoreOf } from './qos.ts';
import { limitsOf } from './resize.ts';
import { BACKOFF_LABEL } from './restart.ts';
import { HASH_LABEL, hashOf } from './spec-hash.ts';

export function identityOf(pod: Pod): PodIdentity {
  return { uid: pod.metadata.uid, name: pod.metadata.name, namespace: pod.metadata.namespace ?? '' };
}

export function namespacesOf(pod: Pod): NamespaceOptions {
  return {
    network: isOnNodeNetwork(pod) ? 'node' : 'pod',
    pid: pod.spec.hostPID === true ? 'node' : pod.spec.shareProcessNamespace === true ? 'pod' : 'container',
    ipc: pod.spec.hostIPC === true ? 'node' : 'pod',
  };
}

export function sandboxConfigOf(pod: Pod, attempt: number, clusterDomain: string): SandboxConfig {
  const containers = [
    ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
    ...pod.spec.containers,
  ];
  return {
    pod: identityOf(pod),
    attempt,
    hostname: sandboxHostname(pod, clusterDomain),
    domainname: '',
    namespaces: namespacesOf(pod),
    portMappings: containers
      .flatMap(({ ports = [] }) => ports)
      .flatMap((port) =>
        port.hostPort === undefined || port.hostPort === 0
          ? []
          : [
              {
                containerPort: port.containerPort,
                hostPort: port.hostPort,
                protocol: port.protocol === 'UDP' || port.protocol === 'SCTP' ? port.protocol : ('TCP' as const),
                hostIp: port.hostIP ?? '',
              },
            ],
      ),
    sysctls: Object.fromEntries((pod.spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value])),
    labels: {},
  };
}

export interface ContainerParts {
  readonly attempt: number;
  readonly backoffMs: number;
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly security: ContainerSecurity;
  /** The running container whose processes this one joins. */
  readonly targetId: string | undefined;
  /** Bytes of the node. */
  readonly memoryCapacity: number;
}

export function containerConfigOf(pod: Pod, spec: Container, parts: ContainerParts): ContainerConfig {
  return {
    pod: identityOf(pod),
    name: spec.name,
    attempt: parts.attempt,
    image: spec.image ?? '',
    command: emptyIsUnset(expandAll(spec.command, parts.environment)),
    args: emptyIsUnset(expandAll(spec.args, parts.environment)),
    workingDir: spec.workingDir ?? '',
    env: [...parts.environment].map(([name, value]) => `${name}=${value}`),
    mounts: parts.mounts,
    tty: spec.tty ?? false,
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    stopSignal: spec.lifecycle?.stopSignal,
    namespaces: namespacesOf(pod),
    ...(parts.targetId !== undefined && { targetId: parts.targetId }),
    resources: resourcesOf(pod, spec, parts.memoryCapacity),
    security: parts.security,
    labels: { [HASH_LABEL]: hashOf(spec), [BACKOFF_LABEL]: String(parts.backoffMs) },
  };
}

function emptyIsUnset(texts: string[] | undefined): string[] | undefined {
  return texts === undefined || texts.length === 0 ? undefined : texts;
}

export function resourcesOf(pod: Pod, spec: Container, memoryCapacity: number): ContainerResources {
  return { ...limitsOf(spec), oomScoreAdj: oomScoreOf(pod, spec, memoryCapacity) };
}
