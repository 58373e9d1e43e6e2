// What the containers use, read from the engine when somebody asks.
import type Docker from 'dockerode';
import { Limiter } from '../../limiter.ts';
import type { ContainerStats, NetworkCounters, ObservedPod } from '../runtime.ts';
import { httpStatusOf, runtimeErrorOf } from './engine-errors.ts';

const ASKED_AT_ONCE = 8;

interface Subject {
  readonly id: string;
  readonly pod: ObservedPod['pod'];
  /** '' for the sandbox, which owns the network. */
  readonly name: string;
  readonly image: string;
  readonly startedAt: number | undefined;
}

export async function containerStats(
  docker: Docker,
  pods: readonly ObservedPod[],
  signal?: AbortSignal,
): Promise<ContainerStats[]> {
  const subjects: Subject[] = pods.flatMap(({ pod, sandboxes, containers }) => [
    ...sandboxes
      .filter((sandbox) => sandbox.ready)
      .map((sandbox) => ({ id: sandbox.id, pod, name: '', image: '', startedAt: sandbox.createdAt })),
    ...containers
      .filter((container) => container.state === 'running')
      .map(({ id, name, image, startedAt }) => ({ id, pod, name, image, startedAt })),
  ]);
  const limiter = new Limiter(ASKED_AT_ONCE);
  const answers = await Promise.all(subjects.map((subject) => limiter.run(() => read(docker, subject), signal)));
  return answers.filter((answer) => answer !== undefined);
}

async function read(docker: Docker, subject: Subject): Promise<ContainerStats | undefined> {
  try {
    return statsOf(subject, await docker.getContainer(subject.id).stats({ stream: false, 'one-shot': true }));
  } catch (cause) {
    const status = httpStatusOf(cause);
    if (status === 404 || status === 409) return undefined; // it ended meanwhile
    throw runtimeErrorOf('read statistics', cause);
  }
}

type EngineStats = Pick<Docker.ContainerStats, 'read' | 'pids_stats' | 'blkio_stats' | 'cpu_stats' | 'memory_stats'> & {
  readonly networks?: Docker.ContainerStats['networks'];
};

/** Undefined: the container did not run any more, which the engine says by zeros and a time before the epoch. */
export function statsOf(subject: Subject, stats: EngineStats): ContainerStats | undefined {
  const at = Date.parse(stats.read);
  if (at <= 0) return undefined;
  const memory = stats.memory_stats;
  // cgroup v1 has total_ names for the whole hierarchy, v2 has only one name.
  const counters: Readonly<Record<string, number>> = { ...memory.stats };
  const counter = (v1: string, v2: string) => counters[v1] ?? counters[v2] ?? 0;
  const usage = memory.usage ?? 0;
  const { cpu_usage: cpu, throttling_data: throttling } = stats.cpu_stats;
  return {
    ...subject,
    at,
    cpuNanoseconds: cpu.total_usage,
    cpuUserNanoseconds: cpu.usage_in_usermode,
    cpuSystemNanoseconds: cpu.usage_in_kernelmode,
    throttling: {
      periods: throttling?.periods ?? 0,
      throttledPeriods: throttling?.throttled_periods ?? 0,
      throttledNanoseconds: throttling?.throttled_time ?? 0,
    },
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: Math.max(0, usage - counter('total_inactive_file', 'inactive_file')),
    memoryRssBytes: counter('total_rss', 'anon'),
    memoryCacheBytes: counter('total_cache', 'file'),
    memoryLimitBytes: memory.limit ?? 0,
    pageFaults: counter('total_pgfault', 'pgfault'),
    majorPageFaults: counter('total_pgmajfault', 'pgmajfault'),
    processes: stats.pids_stats?.current ?? 0,
    blockIo: { readBytes: blockBytes(stats, 'read'), writtenBytes: blockBytes(stats, 'write') },
    networks: subject.name === '' ? networksOf(stats) : [],
  };
}

function blockBytes({ blkio_stats: stats }: EngineStats, operation: 'read' | 'write'): number {
  // Null where the kernel counts nothing; the names begin with a capital on cgroup v1.
  const entries: readonly { readonly op: string; readonly value: number }[] = stats?.io_service_bytes_recursive ?? [];
  return entries.filter(({ op }) => op.toLowerCase() === operation).reduce((sum, { value }) => sum + value, 0);
}

function networksOf({ networks = {} }: EngineStats): NetworkCounters[] {
  return Object.entries(networks).map(([name, each]) => ({
    name,
    received: { bytes: each.rx_bytes, packets: each.rx_packets, errors: each.rx_errors, dropped: each.rx_dropped },
    sent: { bytes: each.tx_bytes, packets: each.tx_packets, errors: each.tx_errors, dropped: each.tx_dropped },
  }));
}
