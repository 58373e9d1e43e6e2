// Starts one container of a pod: image, environment, mounts, create, start, postStart. Every failure is a value with the
// reason that the container's status must show; every step may be repeated after a crash.
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { messageWithCauses } from '../../logging/logger.ts';
import { authFor } from '../images/registry-auth.ts';
import type { Tell } from '../images/image-puller.ts';
import type { Mount, SandboxState } from '../runtime/runtime.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { VolumeError } from '../volumes/payload.ts';
import { resolveSubPath } from '../volumes/volume-manager.ts';
import { podText, type PodContainer } from './containers.ts';
import { containerConfigOf } from './container-config.ts';
import { ReferenceError, type PodPlace } from './downward.ts';
import { environmentOf } from './env.ts';
import { expand } from './env-expansion.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { PodContext } from './pod-context.ts';
import { tellOfContainer } from './pod-events.ts';
import { securityOf } from './security.ts';
import { serviceVariables } from './service-env.ts';

export interface StartFailure {
  /** `CreateContainerConfigError`, `ErrImagePull`, ...: the waiting reason. */
  readonly reason: string;
  readonly message: string;
  readonly retryAt: Instant;
}

export interface StartRequest {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly sandbox: SandboxState;
  readonly attempt: number;
  readonly backoffMs: number;
  readonly place: PodPlace;
  /** Host paths of the pod's volumes by name. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Ids of the containers that run, by name. */
  readonly running: ReadonlyMap<string, string>;
  /** The container whose postStart hook is not over: it does not count as running yet. Undefined: the hook is over. */
  readonly hooking: (containerId: string | undefined) => void;
}

const RETRY_MS = 10_000;

/** Undefined: it runs, and its postStart hook has ended well. */
export async function startContainer(
  request: StartRequest,
  context: PodContext,
  signal: AbortSignal,
): Promise<StartFailure | undefined> {
  const { pod, container } = request;
  const { spec } = container;
  const tell = tellOfContainer(context.events, pod, container);
  const retryAt = () => context.clock.now() + RETRY_MS;
  const pullSecrets = (pod.spec.imagePullSecrets ?? []).flatMap(
    ({ name = '' }) => context.objects.secret(pod.metadata.namespace ?? '', name) ?? [],
  );
  const outcome = await context.images.ensure(pod, spec, (domain) => authFor(domain, pullSecrets), tell, signal);
  if (!outcome.ok) {
    tell('Warning', 'Failed', `Error: ${outcome.reason}`);
    return outcome;
  }
  const config = await configure(request, outcome.image.user, context, signal);
  if (!config.ok) {
    tell('Warning', 'Failed', `Error: ${config.message}`);
    return { reason: 'CreateContainerConfigError', message: config.message, retryAt: retryAt() };
  }
  let id: string;
  try {
    id = await context.runtime.createContainer(request.sandbox, config.config, signal);
  } catch (error) {
    return failed(error, 'CreateContainerError', tell, retryAt(), signal);
  }
  tell('Normal', 'Created', 'Container created');
  const hook = spec.lifecycle?.postStart;
  if (hook !== undefined) request.hooking(id);
  try {
    await context.runtime.startContainer(id, signal);
  } catch (error) {
    return failed(error, 'RunContainerError', tell, retryAt(), signal);
  }
  tell('Normal', 'Started', 'Container started');
  if (hook === undefined) return undefined;
  const podIp = request.place.podIps[0] ?? '';
  const hooked = await runHook(hook, { pod, container, containerId: id, podIp }, context, signal);
  request.hooking(undefined);
  if (hooked.ok) return undefined;
  tell('Warning', 'FailedPostStartHook', `PostStartHook failed`);
  tell('Normal', 'Killing', 'FailedPostStartHook');
  await context.runtime.stopContainer(id, pod.spec.terminationGracePeriodSeconds ?? 30, signal);
  return { reason: 'PostStartHookError', message: hooked.message, retryAt: context.clock.now() };
}

function failed(error: unknown, reason: string, tell: Tell, retryAt: Instant, signal: AbortSignal): StartFailure {
  signal.throwIfAborted();
  if (!(error instanceof RuntimeError)) throw error;
  tell('Warning', 'Failed', `Error: ${error.message}`);
  return { reason, message: error.message, retryAt };
}

type Configured =
  | { readonly ok: true; readonly config: ReturnType<typeof containerConfigOf> }
  | { readonly ok: false; readonly message: string };

async function configure(
  request: StartRequest,
  imageUser: string,
  context: PodContext,
  signal: AbortSignal,
): Promise<Configured> {
  const { pod, container, place } = request;
  const { spec } = container;
  const namespace = pod.metadata.namespace ?? '';
  try {
    const environment = environmentOf(pod, spec, {
      configMap: (name) => context.objects.configMap(namespace, name),
      secret: (name) => context.objects.secret(namespace, name),
      services: serviceVariables(await context.services(signal), namespace, pod.spec.enableServiceLinks ?? true),
      place,
    });
    const security = securityOf(pod, spec, {
      imageUser,
      podText: podText(pod),
      seccompProfile: await seccompProfile(pod, spec, context),
    });
    if (!security.ok) return security;
    return {
      ok: true,
      config: containerConfigOf(pod, spec, {
        attempt: request.attempt,
        backoffMs: request.backoffMs,
        environment,
        mounts: await mountsOf(request, environment, context),
        security: security.security,
        targetId: targetOf(request),
        memoryCapacity: context.node.memoryCapacity,
      }),
    };
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof VolumeError) return { ok: false, message: error.message };
    if (error instanceof Error && 'code' in error) return { ok: false, message: messageWithCauses(error) };
    throw error;
  }
}

/** Of a container for debugging: the one it looks at. */
function targetOf({ pod, container, running }: StartRequest): string | undefined {
  const own = (pod.spec.ephemeralContainers ?? []).find(({ name }) => name === container.spec.name);
  return running.get(own?.targetContainerName ?? '');
}

async function seccompProfile(pod: Pod, spec: Container, context: PodContext): Promise<string | undefined> {
  const profile = spec.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
  if (profile?.type !== 'Localhost') return undefined;
  return await readFile(join(context.seccompDirectory, profile.localhostProfile ?? ''), 'utf8');
}

async function mountsOf(
  request: StartRequest,
  environment: ReadonlyMap<string, string>,
  context: PodContext,
): Promise<Mount[]> {
  const { pod, container, attempt } = request;
  const { spec } = container;
  const mounts: Mount[] = [];
  for (const mount of spec.volumeMounts ?? []) {
    const path = request.volumes.get(mount.name);
    if (path === undefined)
      throw new VolumeError(`cannot find volume "${mount.name}" to mount into container "${spec.name}"`);
    const subPath =
      mount.subPathExpr !== undefined && mount.subPathExpr !== ''
        ? expand(mount.subPathExpr, (name) => environment.get(name))
        : (mount.subPath ?? '');
    mounts.push({
      hostPath: subPath === '' ? path : await resolveSubPath(path, subPath),
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: mount.readOnly === true || isReadOnlyVolume(pod, mount.name),
      propagation:
        mount.mountPropagation === 'HostToContainer' || mount.mountPropagation === 'Bidirectional'
          ? mount.mountPropagation
          : 'None',
    });
  }
  const directory = context.volumes.podDirectory(pod.metadata.uid);
  const mounted = new Set(mounts.map(({ containerPath }) => containerPath));
  const own = [
    ['/etc/hosts', join(directory, 'etc-hosts')],
    ['/etc/resolv.conf', join(directory, 'resolv.conf')],
  ] as const;
  for (const [containerPath, hostPath] of own) {
    if (!mounted.has(containerPath)) mounts.push({ hostPath, containerPath, readOnly: false, propagation: 'None' });
  }
  const messagePath = spec.terminationMessagePath ?? '/dev/termination-log';
  if (messagePath !== '') {
    const hostPath = terminationLogPath(directory, spec.name, attempt);
    await mkdir(join(hostPath, '..'), { recursive: true });
    const file = await open(hostPath, 'w', 0o666);
    await file.chmod(0o666); // any user of the container may write it, whatever the umask here
    await file.close();
    mounts.push({ hostPath, containerPath: messagePath, readOnly: false, propagation: 'None' });
  }
  return mounts;
}

export function terminationLogPath(podDirectory: string, container: string, attempt: number): string {
  return join(podDirectory, 'containers', container, `termination-log-${attempt}`);
}

/** Volumes made of API objects are the kubelet's to write, whatever the mount says. */
function isReadOnlyVolume(pod: Pod, name: string): boolean {
  const volume = (pod.spec.volumes ?? []).find((one) => one.name === name);
  return (volume?.configMap ?? volume?.secret ?? volume?.downwardAPI ?? volume?.projected) !== undefined;
}
