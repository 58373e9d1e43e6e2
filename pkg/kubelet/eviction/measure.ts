// What is left on the node, and what pods take of its disk. Read only when somebody asks.
import { lstat, readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { isMissing } from '../volumes/atomic-directory.ts';
import type { DiskUsage } from './storage-limits.ts';
import type { Observations } from './thresholds.ts';

export async function observeNode(rootDirectory: string): Promise<Observations> {
  const [memory, disk, load, pidMax] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'),
    statfs(rootDirectory),
    readFile('/proc/loadavg', 'utf8'),
    readFile('/proc/sys/kernel/pid_max', 'utf8'),
  ]);
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(memory)?.[1] ?? '0');
  const processes = Number(/\d+\/(\d+)/.exec(load)?.[1] ?? '0');
  return {
    'memory.available': { available: kibibytes('MemAvailable') * 1024, capacity: kibibytes('MemTotal') * 1024 },
    'nodefs.available': { available: disk.bavail * disk.bsize, capacity: disk.blocks * disk.bsize },
    // A file system that counts no inodes has enough.
    ...(disk.files > 0 && { 'nodefs.inodesFree': { available: disk.ffree, capacity: disk.files } }),
    'pid.available': { available: Number(pidMax) - processes, capacity: Number(pidMax) },
  };
}

/** `directory`: where the pod's volumes lie. */
export async function diskUsageOf(
  pod: Pod,
  directory: string,
  writtenBytes: ReadonlyMap<string, number>,
): Promise<DiskUsage> {
  const volumes = new Map<string, number>();
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (emptyDir === undefined || (emptyDir.medium ?? '') !== '') continue;
    volumes.set(name, await sizeOf(join(directory, 'volumes/kubernetes.io~empty-dir', name)));
  }
  return { volumes, containers: writtenBytes };
}

/** Bytes of what each container of each pod has written, by uid and name. */
export async function writtenByContainers(
  runtime: ContainerRuntime,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const byPod = new Map<string, Map<string, number>>();
  for (const { pod, name, bytes } of await runtime.writtenBytes(signal)) {
    const own = byPod.get(pod.uid) ?? new Map<string, number>();
    own.set(name, (own.get(name) ?? 0) + bytes);
    byPod.set(pod.uid, own);
  }
  return byPod;
}

const BYTES_PER_BLOCK = 512;

/** As `du` counts, without following links. What disappears meanwhile takes nothing. */
async function sizeOf(path: string): Promise<number> {
  try {
    const state = await lstat(path);
    let bytes = state.blocks * BYTES_PER_BLOCK;
    if (state.isDirectory()) for (const name of await readdir(path)) bytes += await sizeOf(join(path, name));
    return bytes;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
