// What a pod needs before its first container: its objects, volumes, files and sandbox. Failures are values; events tell of them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { messageWithCauses } from '../../logging/logger.ts';
import type { ObjectNeed } from '../objects/object-cache.ts';
import { RuntimeError, type SandboxState } from '../runtime/runtime.ts';
import { namedByVolumes } from '../volumes/payload.ts';
import type { VolumeOutcome } from '../volumes/volume-manager.ts';
import { containersOf } from './containers.ts';
import { sandboxConfigOf } from './container-config.ts';
import type { PodPlace } from './downward.ts';
import { namedByEnv } from './env.ts';
import type { PodContext } from './pod-context.ts';
import { tellOfPod } from './pod-events.ts';
import { dnsConfigOf, hostsText, parseResolvConf, resolvConfText } from './pod-files.ts';

export function objectNeeds(pod: Pod): ObjectNeed[] {
  const namespace = pod.metadata.namespace ?? '';
  const needs = new Map<string, ObjectNeed>();
  const add = (kind: ObjectNeed['kind'], names: readonly string[]) => {
    for (const name of names) needs.set(`${kind}/${name}`, { kind, namespace, name });
  };
  const byVolumes = namedByVolumes(pod);
  add('ConfigMap', byVolumes.configMaps);
  add('Secret', byVolumes.secrets);
  for (const { spec } of containersOf(pod)) {
    const byEnv = namedByEnv(spec);
    add('ConfigMap', byEnv.configMaps);
    add('Secret', byEnv.secrets);
  }
  add(
    'Secret',
    (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []),
  );
  return [...needs.values()];
}

export function placeOf(podIps: readonly string[], context: PodContext): PodPlace {
  return {
    podIps,
    hostIps: context.node.ips,
    nodeName: context.node.name,
    allocatable: context.node.allocatable,
  };
}

/** Sets up the volumes and tells of those that fail. */
export async function prepareVolumes(
  pod: Pod,
  podIps: readonly string[],
  context: PodContext,
  signal: AbortSignal,
): Promise<VolumeOutcome> {
  await context.objects.need(pod.metadata.uid, objectNeeds(pod), signal);
  const outcome = await context.volumes.setUp(pod, placeOf(podIps, context), signal);
  if (!outcome.ok) {
    const tell = tellOfPod(context.events, pod);
    for (const { volume, message } of outcome.failures) {
      tell('Warning', 'FailedMount', `MountVolume.SetUp failed for volume "${volume}" : ${message}`);
    }
  }
  return outcome;
}

export type SandboxOutcome =
  | { readonly ok: true; readonly sandbox: SandboxState }
  | { readonly ok: false; readonly message: string };

export async function createSandbox(
  pod: Pod,
  attempt: number,
  context: PodContext,
  signal: AbortSignal,
): Promise<SandboxOutcome> {
  try {
    return {
      ok: true,
      sandbox: await context.runtime.runPodSandbox(sandboxConfigOf(pod, attempt, context.dns.domain), signal),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RuntimeError)) throw error;
    const message = `Failed to create pod sandbox: ${messageWithCauses(error)}`;
    tellOfPod(context.events, pod)('Warning', 'FailedCreatePodSandBox', message);
    return { ok: false, message };
  }
}

/** resolv.conf and hosts of the pod, mounted into each of its containers. Rewritten in place: the mounts are of the files. */
export async function writePodFiles(pod: Pod, podIps: readonly string[], context: PodContext): Promise<void> {
  const directory = context.volumes.podDirectory(pod.metadata.uid);
  await mkdir(directory, { recursive: true });
  const [hostResolv, hostHosts] = await Promise.all([textOf('/etc/resolv.conf'), textOf('/etc/hosts')]);
  const dns = dnsConfigOf(pod, context.dns, parseResolvConf(hostResolv));
  await Promise.all([
    writeFile(join(directory, 'resolv.conf'), resolvConfText(dns)),
    writeFile(join(directory, 'etc-hosts'), hostsText(pod, podIps, context.dns.domain, hostHosts)),
  ]);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return ''; // a machine without the file: the pod gets none of the host's entries
  }
}
