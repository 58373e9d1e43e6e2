// Metrics and statistics of the node's pods, under Kubernetes' names, made when somebody asks.
import { cpus, freemem } from 'node:os';
import { formatTime } from '../../api/meta/time.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ContainerStats } from '../runtime/runtime.ts';
import type { ServerParts } from './server.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** When it was measured, if that is not now. */
  readonly at?: Instant;
}

/** /metrics: the kubelet itself. */
export function metricsText({ manager, context }: ServerParts): Promise<string> {
  const states = { running: 0, exited: 0, created: 0 };
  let sandboxes = 0;
  for (const pod of manager.pods()) {
    const observed = manager.worker(pod.metadata.uid)?.observed;
    if (observed?.sandboxes.some(({ ready }) => ready) === true) sandboxes++;
    for (const { state } of observed?.containers ?? []) states[state]++;
  }
  return Promise.resolve(
    [
      family('kubelet_node_name', 'gauge', "The node's name. The count is always 1.", [
        { labels: { node: context.node.name }, value: 1 },
      ]),
      family('kubelet_running_pods', 'gauge', 'Number of pods that have a running pod sandbox', [
        { labels: {}, value: sandboxes },
      ]),
      family(
        'kubelet_running_containers',
        'gauge',
        'Number of containers currently running',
        Object.entries(states).map(([state, value]) => ({ labels: { container_state: state }, value })),
      ),
      family('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', [
        { labels: {}, value: process.memoryUsage.rss() },
      ]),
      family('process_cpu_seconds_total', 'counter', 'Total user and system CPU time spent in seconds.', [
        { labels: {}, value: (process.cpuUsage().user + process.cpuUsage().system) / 1e6 },
      ]),
    ].join(''),
  );
}

/** /metrics/resource: what metrics-server reads. */
export async function resourceMetricsText({ context, machine }: ServerParts, signal: AbortSignal): Promise<string> {
  const stats = await context.runtime.stats(signal);
  const containers = stats.filter(({ name }) => name !== '');
  const labelsOf = ({ name, pod }: ContainerStats) => ({ container: name, namespace: pod.namespace, pod: pod.name });
  const each = (value: (stats: ContainerStats) => number): Sample[] =>
    containers.map((one) => ({ labels: labelsOf(one), value: value(one), at: one.at }));
  const pods = byPod(stats);
  const eachPod = (value: (stats: readonly ContainerStats[]) => number): Sample[] =>
    [...pods.values()].flatMap((own) => {
      const pod = own[0]?.pod;
      return pod === undefined
        ? []
        : [{ labels: { namespace: pod.namespace, pod: pod.name }, value: value(own), at: latest(own) }];
    });
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      each((one) => one.cpuNanoseconds / 1e9),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set of the container in bytes',
      each((one) => one.memoryWorkingSetBytes),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds',
      each((one) => (one.startedAt ?? 0) / 1000),
    ),
    family('node_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the node in core-seconds', [
      { labels: {}, value: nodeCpuSeconds() },
    ]),
    family('node_memory_working_set_bytes', 'gauge', 'Current working set of the node in bytes', [
      { labels: {}, value: machine.memoryBytes - freemem() },
    ]),
    family(
      'pod_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the pod in core-seconds',
      eachPod((own) => sum(own, (one) => one.cpuNanoseconds) / 1e9),
    ),
    family(
      'pod_memory_working_set_bytes',
      'gauge',
      'Current working set of the pod in bytes',
      eachPod((own) => sum(own, (one) => one.memoryWorkingSetBytes)),
    ),
    family('resource_scrape_error', 'gauge', '1 if there was an error while getting container metrics, 0 otherwise', [
      { labels: {}, value: 0 },
    ]),
  ].join('');
}

/** /stats/summary (k8s.io/kubelet/pkg/apis/stats/v1alpha1). */
export async function summaryStats({ context, machine }: ServerParts, signal: AbortSignal): Promise<object> {
  const stats = await context.runtime.stats(signal);
  const now = formatTime(context.clock.now());
  const used = machine.memoryBytes - freemem();
  return {
    node: {
      nodeName: context.node.name,
      startTime: now,
      cpu: { time: now, usageCoreNanoSeconds: Math.round(nodeCpuSeconds() * 1e9) },
      memory: { time: now, availableBytes: freemem(), usageBytes: used, workingSetBytes: used },
    },
    pods: [...byPod(stats).values()].map((own) => ({
      podRef: own[0]?.pod,
      startTime: formatTime(Math.min(...own.map(({ startedAt, at }) => startedAt ?? at))),
      containers: own
        .filter(({ name }) => name !== '')
        .map((one) => ({
          name: one.name,
          startTime: formatTime(one.startedAt ?? one.at),
          cpu: { time: formatTime(one.at), usageCoreNanoSeconds: one.cpuNanoseconds },
          memory: {
            time: formatTime(one.at),
            usageBytes: one.memoryUsageBytes,
            workingSetBytes: one.memoryWorkingSetBytes,
            rssBytes: one.memoryRssBytes,
            pageFaults: one.pageFaults,
            majorPageFaults: one.majorPageFaults,
          },
        })),
      cpu: { time: now, usageCoreNanoSeconds: sum(own, (one) => one.cpuNanoseconds) },
      memory: {
        time: now,
        usageBytes: sum(own, (one) => one.memoryUsageBytes),
        workingSetBytes: sum(own, (one) => one.memoryWorkingSetBytes),
      },
      network: {
        time: now,
        name: 'eth0',
        rxBytes: sum(own, (one) => one.network?.receivedBytes ?? 0),
        txBytes: sum(own, (one) => one.network?.sentBytes ?? 0),
      },
    })),
  };
}

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value, at }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}${at === undefined ? '' : ` ${at}`}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function byPod(stats: readonly ContainerStats[]): Map<string, ContainerStats[]> {
  return Map.groupBy(stats, ({ pod }) => pod.uid);
}

function sum(stats: readonly ContainerStats[], value: (one: ContainerStats) => number): number {
  return stats.reduce((total, one) => total + value(one), 0);
}

function latest(stats: readonly ContainerStats[]): Instant {
  return Math.max(...stats.map(({ at }) => at));
}

function nodeCpuSeconds(): number {
  return cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}
