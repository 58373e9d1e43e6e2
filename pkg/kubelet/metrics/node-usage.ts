// What the whole node uses. A machine is asked through /proc; a node that is itself a container uses what its cgroup does, which
// is what the engine that holds it says of it, too.
import { readFile } from 'node:fs/promises';
import { cpus, freemem } from 'node:os';

export interface NodeUsage {
  readonly cpuSeconds: number;
  readonly memoryUsageBytes: number;
  readonly memoryWorkingSetBytes: number;
}

const CGROUPS = '/sys/fs/cgroup';

export async function readNodeUsage(memoryBytes: number): Promise<NodeUsage> {
  const own = await readContainerUsage({ cgroups: CGROUPS, init: '/proc/1/cgroup' });
  if (own !== undefined) return own;
  const used = memoryBytes - freemem();
  const cpuSeconds =
    cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0) / 1000;
  return { cpuSeconds, memoryUsageBytes: used, memoryWorkingSetBytes: used };
}

/**
 * Of the container that this is; undefined: it is none. `cgroups`: where they are mounted, the container's own at the root;
 * `init`: in which groups its first process is.
 */
export async function readContainerUsage(paths: { cgroups: string; init: string }): Promise<NodeUsage | undefined> {
  const { cgroups } = paths;
  // The root group of version 2 has no such file: where it is, this is the root of a container's own namespace.
  const memory = await number(`${cgroups}/memory.current`);
  const micros = await counter(`${cgroups}/cpu.stat`, 'usage_usec');
  if (memory !== undefined && micros !== undefined) {
    return usageOf(micros / 1e6, memory, await counter(`${cgroups}/memory.stat`, 'inactive_file'));
  }
  if (!(await startedInGroup(paths.init))) return undefined;
  const nanos = await number(`${cgroups}/cpuacct/cpuacct.usage`);
  const usage = await number(`${cgroups}/memory/memory.usage_in_bytes`);
  if (nanos === undefined || usage === undefined) return undefined;
  return usageOf(nanos / 1e9, usage, await counter(`${cgroups}/memory/memory.stat`, 'total_inactive_file'));
}

/** Version 1: whether the first process is in a memory group of its own, as that of a container is. */
async function startedInGroup(path: string): Promise<boolean> {
  const lines = (await content(path))?.split('\n') ?? [];
  return lines.some((line) => /^\d+:memory:\/.+/.test(line));
}

function usageOf(cpuSeconds: number, memoryUsageBytes: number, inactive = 0): NodeUsage {
  return { cpuSeconds, memoryUsageBytes, memoryWorkingSetBytes: Math.max(0, memoryUsageBytes - inactive) };
}

async function number(path: string): Promise<number | undefined> {
  const text = await content(path);
  return text === undefined ? undefined : Number(text);
}

/** A line `name value` of a file of such lines. */
async function counter(path: string, name: string): Promise<number | undefined> {
  const line = (await content(path))?.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

/** Undefined: there is no such file. Which files there are depends on the version of cgroups. */
async function content(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
