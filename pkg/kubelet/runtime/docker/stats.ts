// What the containers use, read from the engine when somebody asks.
import type Docker from 'dockerode';
import { Limiter } from '../../limiter.ts';
import type { ContainerStats, ObservedPod } from '../runtime.ts';
import { httpStatusOf, runtimeErrorOf } from './engine-errors.ts';

const ASKED_AT_ONCE = 8;

interface Subject {
  readonly id: string;
  readonly pod: ObservedPod['pod'];
  /** '' for the sandbox, which owns the network. */
  readonly name: string;
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
      .map((sandbox) => ({ id: sandbox.id, pod, name: '', startedAt: sandbox.createdAt })),
    ...containers
      .filter((container) => container.state === 'running')
      .map(({ id, name, startedAt }) => ({ id, pod, name, startedAt })),
  ]);
  const limiter = new Limiter(ASKED_AT_ONCE);
  const answers = await Promise.all(subjects.map((subject) => limiter.run(() => read(docker, subject), signal)));
  return answers.filter((answer) => answer !== undefined);
}

async function read(docker: Docker, subject: Subject): Promise<ContainerStats | undefined> {
  try {
    const stats = await docker.getContainer(subject.id).stats({ stream: false, 'one-shot': true });
    const memory = stats.memory_stats;
    // cgroup v1 has total_ names for the whole hierarchy, v2 has only one name.
    const counters: Readonly<Record<string, number>> = { ...memory.stats };
    const inactive = counters['total_inactive_file'] ?? counters['inactive_file'] ?? 0;
    const usage = memory.usage ?? 0;
    const networks = Object.values(stats.networks ?? {});
    return {
      ...subject,
      at: Date.parse(stats.read),
      cpuNanoseconds: stats.cpu_stats.cpu_usage.total_usage,
      memoryUsageBytes: usage,
      memoryWorkingSetBytes: Math.max(0, usage - inactive),
      memoryRssBytes: counters['total_rss'] ?? counters['anon'] ?? 0,
      pageFaults: counters['total_pgfault'] ?? counters['pgfault'] ?? 0,
      majorPageFaults: counters['total_pgmajfault'] ?? counters['pgmajfault'] ?? 0,
      network:
        subject.name === '' && networks.length > 0
          ? {
              receivedBytes: networks.reduce((sum, one) => sum + one.rx_bytes, 0),
              sentBytes: networks.reduce((sum, one) => sum + one.tx_bytes, 0),
            }
          : undefined,
    };
  } catch (cause) {
    const status = httpStatusOf(cause);
    if (status === 404 || status === 409) return undefined; // it ended meanwhile
    throw runtimeErrorOf('read statistics', cause);
  }
}
