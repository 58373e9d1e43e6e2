// The volumes of pods as directories on the node: sets them up before the first container starts, rewrites those made of API
// objects when these change, and takes everything away with the pod. Safe to repeat after a crash at any line.
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { wholeValue } from '../../api/meta/quantity.ts';
import type { EmptyDirVolumeSource, Pod, Volume } from '../../api/schema/generated/core.v1.gen.ts';
import type { PodPlace } from '../pod/downward.ts';
import type { ObjectCache } from '../objects/object-cache.ts';
import { isMissing, writeAtomically } from './atomic-directory.ts';
import { ensureHostPath } from './host-path.ts';
import { namedByVolumes, payloadOf, VolumeError } from './payload.ts';
import type { TokenSource } from './token-source.ts';

const run = promisify(execFile);

/** One volume failed; the others may be fine. */
export interface VolumeFailure {
  readonly volume: string;
  readonly message: string;
}

export type VolumeOutcome =
  /** Host paths by volume name. */
  | { readonly ok: true; readonly paths: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly failures: readonly VolumeFailure[] };

export class VolumeManager {
  readonly #podsDirectory: string;
  readonly #objects: ObjectCache;
  readonly #tokens: TokenSource;

  constructor(rootDirectory: string, objects: ObjectCache, tokens: TokenSource) {
    this.#podsDirectory = join(rootDirectory, 'pods');
    this.#objects = objects;
    this.#tokens = tokens;
  }

  podDirectory(uid: string): string {
    return join(this.#podsDirectory, uid);
  }

  /** Sets up all volumes, or brings them up to date. */
  async setUp(pod: Pod, place: PodPlace, signal: AbortSignal): Promise<VolumeOutcome> {
    const tokens = new Map<object, string>();
    const paths = new Map<string, string>();
    const failures: VolumeFailure[] = [];
    for (const projection of namedByVolumes(pod).tokens) {
      try {
        tokens.set(projection, await this.#tokens.token(pod, projection, signal));
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        failures.push({ volume: volumeOfToken(pod, projection), message: error.message });
      }
    }
    if (failures.length > 0) return { ok: false, failures };
    for (const volume of pod.spec.volumes ?? []) {
      try {
        paths.set(volume.name, await this.#setUpOne(pod, volume, place, tokens));
      } catch (error) {
        if (error instanceof VolumeError) failures.push({ volume: volume.name, message: error.message });
        else if (error instanceof Error && 'code' in error)
          failures.push({ volume: volume.name, message: error.message });
        else throw error;
      }
    }
    return failures.length > 0 ? { ok: false, failures } : { ok: true, paths };
  }

  async #setUpOne(pod: Pod, volume: Volume, place: PodPlace, tokens: ReadonlyMap<object, string>): Promise<string> {
    if (volume.hostPath !== undefined) return await ensureHostPath(volume.hostPath);
    const group = pod.spec.securityContext?.fsGroup;
    if (volume.emptyDir !== undefined) {
      const directory = await this.#directory(pod, 'kubernetes.io~empty-dir', volume.name);
      await setUpEmptyDir(directory, volume.emptyDir, group);
      return directory;
    }
    const namespace = pod.metadata.namespace ?? '';
    const payload = payloadOf(pod, volume, {
      configMap: (name) => this.#objects.configMap(namespace, name),
      secret: (name) => this.#objects.secret(namespace, name),
      token: (projection) => tokens.get(projection) ?? '',
      place,
    });
    if (payload === undefined) {
      const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
      throw new VolumeError(`volumes of the kind ${kind} are not supported on this node`);
    }
    for (const path of payload.keys()) checkPath(path);
    const plugin = volume.configMap
      ? 'configmap'
      : volume.secret
        ? 'secret'
        : volume.projected
          ? 'projected'
          : 'downward-api';
    const directory = await this.#directory(pod, `kubernetes.io~${plugin}`, volume.name);
    await writeAtomically(directory, payload, group);
    return directory;
  }

  async #directory(pod: Pod, plugin: string, volume: string): Promise<string> {
    const directory = join(this.podDirectory(pod.metadata.uid), 'volumes', plugin, volume);
    await mkdir(directory, { recursive: true });
    return directory;
  }

  /** The pods of which something is on the disk. */
  async podsOnDisk(): Promise<string[]> {
    try {
      return await readdir(this.#podsDirectory);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Takes away the volumes of a pod that has ended; what its status still tells of stays. */
  async tearDown(uid: string): Promise<void> {
    await this.#removeDirectory(uid, join(this.podDirectory(uid), 'volumes'));
  }

  /** Takes away everything of a pod, file systems in memory included. */
  async remove(uid: string): Promise<void> {
    await this.#removeDirectory(uid, this.podDirectory(uid));
  }

  async #removeDirectory(uid: string, directory: string): Promise<void> {
    this.#tokens.forget(uid);
    const mounted = (await mountPoints()).filter((path) => path.startsWith(`${directory}${sep}`));
    for (const path of mounted.reverse()) await run('umount', [path]);
    await rm(directory, { recursive: true, force: true });
  }
}

async function setUpEmptyDir(
  directory: string,
  { medium = '', sizeLimit }: EmptyDirVolumeSource,
  group: number | undefined,
): Promise<void> {
  if (medium === 'Memory') {
    if (!(await mountPoints()).includes(directory)) {
      const size = sizeLimit === undefined ? [] : [`size=${wholeValue(sizeLimit)}`];
      await run('mount', ['-t', 'tmpfs', '-o', ['rw', 'mode=1777', ...size].join(','), 'tmpfs', directory]);
    }
  } else if (medium !== '') throw new VolumeError(`unknown storage medium "${medium}"`);
  const state = await lstat(directory);
  if (group !== undefined && state.gid !== group) await chown(directory, state.uid, group);
  await chmod(directory, group === undefined ? 0o777 : 0o2777);
}

async function mountPoints(): Promise<string[]> {
  const table = await readFile('/proc/self/mounts', 'utf8');
  return table
    .split('\n')
    .map((line) =>
      (line.split(' ')[1] ?? '').replaceAll(/\\([0-7]{3})/g, (_all, code: string) =>
        String.fromCharCode(parseInt(code, 8)),
      ),
    );
}

function checkPath(path: string): void {
  if (path === '' || path.startsWith('/') || path.split('/').includes('..') || path.startsWith('..')) {
    throw new VolumeError(`invalid path: ${path}`);
  }
}

function volumeOfToken(pod: Pod, projection: object): string {
  const volume = (pod.spec.volumes ?? []).find(({ projected }) =>
    projected?.sources?.some((source) => source.serviceAccountToken === projection),
  );
  return volume?.name ?? '';
}

/**
 * The directory or file inside a volume that a subPath names; a directory is made when there is nothing. Throws VolumeError
 * for a path that leads out of the volume, also by a link that a container put there.
 */
export async function resolveSubPath(volumePath: string, subPath: string): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw new VolumeError(`subPath "${subPath}" must be a relative path inside the volume`);
  }
  const root = await realpath(volumePath);
  const target = normalize(join(root, subPath));
  try {
    return inside(root, await realpath(target));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  let parent = root;
  for (const part of subPath.split('/').filter((one) => one !== '' && one !== '.')) {
    const next = join(parent, part);
    try {
      parent = inside(root, await realpath(next));
    } catch (error) {
      if (!isMissing(error)) throw error;
      await mkdir(next, { mode: 0o750 });
      const { uid, gid, mode } = await lstat(parent);
      await chown(next, uid, gid);
      await chmod(next, mode & 0o7777);
      parent = next;
    }
  }
  return parent;
}

function inside(root: string, path: string): string {
  if (path === root || path.startsWith(root + sep)) return path;
  throw new VolumeError(`subPath leads out of the volume`);
}
