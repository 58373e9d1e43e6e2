// /stats/summary (k8s.io/kubelet/pkg/apis/stats/v1alpha1). Pure.
import { formatTime } from '../../api/meta/time.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ContainerStats } from '../runtime/runtime.ts';
import type { NodeUsage } from './node-usage.ts';
import { byPod, sum } from './stat-lines.ts';

export interface NodeOfSummary {
  readonly name: string;
  readonly startedAt: Instant;
  readonly memoryBytes: number;
  readonly usage: NodeUsage;
}

export function summaryStats(stats: readonly ContainerStats[], node: NodeOfSummary, now: Instant): object {
  const time = formatTime(now);
  const { usage } = node;
  return {
    node: {
      nodeName: node.name,
      startTime: formatTime(node.startedAt),
      cpu: { time, usageCoreNanoSeconds: Math.round(usage.cpuSeconds * 1e9) },
      memory: {
        time,
        availableBytes: Math.max(0, node.memoryBytes - usage.memoryWorkingSetBytes),
        usageBytes: usage.memoryUsageBytes,
        workingSetBytes: usage.memoryWorkingSetBytes,
      },
    },
    pods: [...byPod(stats).values()].map((own) => podSummary(own, time)),
  };
}

function podSummary(own: readonly ContainerStats[], time: string): object {
  const networks = own.flatMap((one) => one.networks);
  const [first] = networks;
  return {
    podRef: own[0]?.pod,
    startTime: formatTime(Math.min(...own.map(({ startedAt, at }) => startedAt ?? at))),
    containers: own.filter(({ name }) => name !== '').map(containerSummary),
    cpu: { time, usageCoreNanoSeconds: sum(own, (one) => one.cpuNanoseconds) },
    memory: {
      time,
      usageBytes: sum(own, (one) => one.memoryUsageBytes),
      workingSetBytes: sum(own, (one) => one.memoryWorkingSetBytes),
      rssBytes: sum(own, (one) => one.memoryRssBytes),
    },
    ...(first !== undefined && {
      network: {
        time,
        name: first.name,
        rxBytes: sum(networks, ({ received }) => received.bytes),
        rxErrors: sum(networks, ({ received }) => received.errors),
        txBytes: sum(networks, ({ sent }) => sent.bytes),
        txErrors: sum(networks, ({ sent }) => sent.errors),
      },
    }),
    process_stats: { process_count: sum(own, (one) => one.processes) },
  };
}

function containerSummary(one: ContainerStats): object {
  const time = formatTime(one.at);
  return {
    name: one.name,
    startTime: formatTime(one.startedAt ?? one.at),
    cpu: { time, usageCoreNanoSeconds: one.cpuNanoseconds },
    memory: {
      time,
      usageBytes: one.memoryUsageBytes,
      workingSetBytes: one.memoryWorkingSetBytes,
      rssBytes: one.memoryRssBytes,
      pageFaults: one.pageFaults,
      majorPageFaults: one.majorPageFaults,
    },
  };
}
