// /metrics/cadvisor: what containers use, under cAdvisor's names and labels, from the engine's own figures. Pure.
import type { ContainerStats, NetworkCounters, TrafficCounters } from '../runtime/runtime.ts';
import type { Machine } from '../node/machine.ts';
import { family, type StatSample } from './stat-lines.ts';

/** What cAdvisor calls the container that holds a pod's network. */
const SANDBOX = 'POD';

function labelsOf({ id, image, name, pod }: ContainerStats): Record<string, string> {
  return {
    container: name === '' ? SANDBOX : name,
    id: `/kubepods/pod${pod.uid}/${id}`,
    image,
    name: `k8s_${name === '' ? SANDBOX : name}_${pod.name}_${pod.namespace}_${pod.uid}`,
    namespace: pod.namespace,
    pod: pod.name,
  };
}

type Type = 'gauge' | 'counter';
/** `[name, type, help, how it is read, further labels]`. */
type Row = readonly [string, Type, string, (stats: ContainerStats) => number, Readonly<Record<string, string>>?];

const SECONDS = 1e-9;
const CONTAINER_ROWS: readonly Row[] = [
  [
    'container_cpu_usage_seconds_total',
    'counter',
    'Cumulative cpu time consumed in seconds.',
    (one) => one.cpuNanoseconds * SECONDS,
    { cpu: 'total' },
  ],
  [
    'container_cpu_user_seconds_total',
    'counter',
    'Cumulative user cpu time consumed in seconds.',
    (one) => one.cpuUserNanoseconds * SECONDS,
  ],
  [
    'container_cpu_system_seconds_total',
    'counter',
    'Cumulative system cpu time consumed in seconds.',
    (one) => one.cpuSystemNanoseconds * SECONDS,
  ],
  [
    'container_cpu_cfs_periods_total',
    'counter',
    'Number of elapsed enforcement period intervals.',
    (one) => one.throttling.periods,
  ],
  [
    'container_cpu_cfs_throttled_periods_total',
    'counter',
    'Number of throttled period intervals.',
    (one) => one.throttling.throttledPeriods,
  ],
  [
    'container_cpu_cfs_throttled_seconds_total',
    'counter',
    'Total time duration the container has been throttled.',
    (one) => one.throttling.throttledNanoseconds * SECONDS,
  ],
  [
    'container_memory_usage_bytes',
    'gauge',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    (one) => one.memoryUsageBytes,
  ],
  ['container_memory_working_set_bytes', 'gauge', 'Current working set in bytes.', (one) => one.memoryWorkingSetBytes],
  ['container_memory_rss', 'gauge', 'Size of RSS in bytes.', (one) => one.memoryRssBytes],
  ['container_memory_cache', 'gauge', 'Number of bytes of page cache memory.', (one) => one.memoryCacheBytes],
  ['container_spec_memory_limit_bytes', 'gauge', 'Memory limit for the container.', (one) => one.memoryLimitBytes],
  ['container_processes', 'gauge', 'Number of processes running inside the container.', (one) => one.processes],
  ['container_fs_reads_bytes_total', 'counter', 'Cumulative count of bytes read', (one) => one.blockIo.readBytes],
  [
    'container_fs_writes_bytes_total',
    'counter',
    'Cumulative count of bytes written',
    (one) => one.blockIo.writtenBytes,
  ],
  [
    'container_start_time_seconds',
    'gauge',
    'Start time of the container since unix epoch in seconds.',
    (one) => (one.startedAt ?? 0) / 1000,
  ],
  ['container_last_seen', 'gauge', 'Last time a container was seen by the exporter', (one) => one.at / 1000],
];

const TRAFFIC: readonly (readonly [string, string, keyof TrafficCounters])[] = [
  ['bytes', 'bytes', 'bytes'],
  ['packets', 'packets', 'packets'],
  ['errors', 'errors encountered while', 'errors'],
  ['packets_dropped', 'packets dropped while', 'dropped'],
];

export function cadvisorPage(stats: readonly ContainerStats[], machine: Pick<Machine, 'cpus' | 'memoryBytes'>): string {
  const failures = stats.flatMap((one): StatSample[] => {
    const labels = { ...labelsOf(one), scope: 'container' };
    return [
      { labels: { ...labels, failure_type: 'pgfault' }, value: one.pageFaults, at: one.at },
      { labels: { ...labels, failure_type: 'pgmajfault' }, value: one.majorPageFaults, at: one.at },
    ];
  });
  return [
    ...CONTAINER_ROWS.map(([name, type, help, read, more]) =>
      family(
        name,
        type,
        help,
        stats.map((one) => ({ labels: { ...labelsOf(one), ...more }, value: read(one), at: one.at })),
      ),
    ),
    family('container_memory_failures_total', 'counter', 'Cumulative count of memory allocation failures.', failures),
    ...TRAFFIC.flatMap(([suffix, what, field]) => [
      family(
        `container_network_receive_${suffix}_total`,
        'counter',
        `Cumulative count of ${what} received`,
        traffic(stats, ({ received }) => received[field]),
      ),
      family(
        `container_network_transmit_${suffix}_total`,
        'counter',
        `Cumulative count of ${what} transmitted`,
        traffic(stats, ({ sent }) => sent[field]),
      ),
    ]),
    family('machine_cpu_cores', 'gauge', 'Number of logical CPU cores.', [{ labels: {}, value: machine.cpus }]),
    family('machine_memory_bytes', 'gauge', 'Amount of memory installed on the machine.', [
      { labels: {}, value: machine.memoryBytes },
    ]),
  ].join('');
}

function traffic(stats: readonly ContainerStats[], read: (network: NetworkCounters) => number): StatSample[] {
  return stats.flatMap((one) =>
    one.networks.map((network) => ({
      labels: { ...labelsOf(one), interface: network.name },
      value: read(network),
      at: one.at,
    })),
  );
}
