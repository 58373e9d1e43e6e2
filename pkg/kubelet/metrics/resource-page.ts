// /metrics/resource: CPU and memory of the node, its pods and containers, which metrics-server and the API server's own
// metrics.k8s.io read. Pure.
import type { ContainerStats } from '../runtime/runtime.ts';
import type { NodeUsage } from './node-usage.ts';
import { byPod, family, sum, type StatSample } from './stat-lines.ts';

export function resourcePage(stats: readonly ContainerStats[], node: NodeUsage): string {
  const containers = stats.filter(({ name }) => name !== '');
  const each = (value: (stats: ContainerStats) => number): StatSample[] =>
    containers.map((one) => ({
      labels: { container: one.name, namespace: one.pod.namespace, pod: one.pod.name },
      value: value(one),
      at: one.at,
    }));
  const eachPod = (value: (stats: ContainerStats) => number): StatSample[] =>
    [...byPod(stats).values()].flatMap((own) => {
      const pod = own[0]?.pod;
      if (pod === undefined) return [];
      const at = Math.max(...own.map((one) => one.at));
      return [{ labels: { namespace: pod.namespace, pod: pod.name }, value: sum(own, value), at }];
    });
  const one = (value: number): StatSample[] => [{ labels: {}, value }];
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      each(({ cpuNanoseconds }) => cpuNanoseconds / 1e9),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set of the container in bytes',
      each(({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds',
      each(({ startedAt = 0 }) => startedAt / 1000),
    ),
    family(
      'node_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the node in core-seconds',
      one(node.cpuSeconds),
    ),
    family(
      'node_memory_working_set_bytes',
      'gauge',
      'Current working set of the node in bytes',
      one(node.memoryWorkingSetBytes),
    ),
    family(
      'pod_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the pod in core-seconds',
      eachPod(({ cpuNanoseconds }) => cpuNanoseconds / 1e9),
    ),
    family(
      'pod_memory_working_set_bytes',
      'gauge',
      'Current working set of the pod in bytes',
      eachPod(({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
    ),
    family(
      'resource_scrape_error',
      'gauge',
      '1 if there was an error while getting container metrics, 0 otherwise',
      one(0),
    ),
  ].join('');
}
