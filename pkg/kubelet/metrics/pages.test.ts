// What the pages say of one pod with its sandbox and one container.
import { describe, expect, test } from 'vitest';
import { Registry } from 'prom-client';
import { parseExposition } from '../../metrics/parse-exposition.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { FakeRuntime } from '../runtime/fake/fake-runtime.ts';
import { statsOf } from '../runtime/docker/stats.ts';
import type { ContainerStats } from '../runtime/runtime.ts';
import { cadvisorPage } from './cadvisor-page.ts';
import { registerKubeletMetrics } from './kubelet-metrics.ts';
import { meteredRuntime } from './metered-runtime.ts';
import { resourcePage } from './resource-page.ts';
import { summaryStats } from './summary.ts';

const pod = { uid: 'u', name: 'p', namespace: 'n' };
const engine = {
  read: '2026-01-01T00:00:10.5Z',
  pids_stats: { current: 3 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 1, minor: 1, op: 'Read', value: 10 },
      { major: 1, minor: 2, op: 'Read', value: 5 },
      { major: 1, minor: 1, op: 'Write', value: 7 },
      { major: 1, minor: 1, op: 'Total', value: 22 },
    ],
  },
  cpu_stats: {
    cpu_usage: { total_usage: 2_000_000_000, usage_in_usermode: 1_500_000_000, usage_in_kernelmode: 500_000_000 },
    throttling_data: { periods: 9, throttled_periods: 4, throttled_time: 3_000_000_000 },
  },
  memory_stats: { usage: 1000, limit: 5000, stats: { total_inactive_file: 300, total_rss: 200, total_cache: 350 } },
  networks: { eth0: { rx_bytes: 11, rx_packets: 1, rx_errors: 0, rx_dropped: 2, tx_bytes: 22, tx_packets: 3 } },
} as unknown as Parameters<typeof statsOf>[1]; // the engine says more, which nobody reads

function stats(name: string): ContainerStats {
  const subject = { id: `id-${name}`, pod, name, image: name === '' ? '' : 'app:1', startedAt: 1000 };
  const found = statsOf(subject, engine);
  if (found === undefined) throw new Error('no stats');
  return found;
}

const both = [stats(''), stats('main')];
const AT = Date.parse('2026-01-01T00:00:10.5Z');
const node = { cpuSeconds: 100, memoryUsageBytes: 4096, memoryWorkingSetBytes: 2048 };

function values(text: string, name: string): [Readonly<Record<string, string>>, number][] {
  return parseExposition(text, new Set([name])).map(({ labels, value }) => [labels, value]);
}

describe('the figures of the engine', () => {
  test('of a container that has ended are none', () => {
    expect(statsOf({ ...stats('main') }, { ...engine, read: '0001-01-01T00:00:00Z' })).toBeUndefined();
  });

  test('of a pod on the network of its node have no network', () => {
    const { networks: _, ...rest } = engine;
    expect(statsOf({ ...stats('') }, rest)?.networks).toEqual([]);
  });

  test('may lack what the kernel does not count', () => {
    const nothing = { ...engine, blkio_stats: { io_service_bytes_recursive: null } } as unknown as typeof engine;
    expect(statsOf({ ...stats('main') }, nothing)?.blockIo).toEqual({ readBytes: 0, writtenBytes: 0 });
  });
});

test('/metrics/resource tells of containers, and of pods with their sandboxes', () => {
  const text = resourcePage(both, node);
  expect(values(text, 'container_cpu_usage_seconds_total')).toEqual([
    [{ container: 'main', namespace: 'n', pod: 'p' }, 2],
  ]);
  expect(values(text, 'container_memory_working_set_bytes')).toEqual([
    [{ container: 'main', namespace: 'n', pod: 'p' }, 700],
  ]);
  expect(values(text, 'pod_memory_working_set_bytes')).toEqual([[{ namespace: 'n', pod: 'p' }, 1400]]);
  expect(values(text, 'node_cpu_usage_seconds_total')).toEqual([[{}, 100]]);
  expect(text).toContain(`container_cpu_usage_seconds_total{container="main",namespace="n",pod="p"} 2 ${AT}\n`);
});

test('/metrics/cadvisor tells of containers, of their sandbox and its network', () => {
  const text = cadvisorPage(both, { cpus: 2, memoryBytes: 8192 });
  const cpu = values(text, 'container_cpu_usage_seconds_total');
  expect(
    cpu.map(([{ container, cpu: which, image, namespace, pod: name }, value]) => [
      container,
      which,
      image,
      namespace,
      name,
      value,
    ]),
  ).toEqual([
    ['POD', 'total', '', 'n', 'p', 2],
    ['main', 'total', 'app:1', 'n', 'p', 2],
  ]);
  const one = (name: string) => values(text, name).map(([{ container }, value]) => [container, value]);
  expect(one('container_memory_working_set_bytes')).toEqual([
    ['POD', 700],
    ['main', 700],
  ]);
  expect(one('container_cpu_cfs_throttled_seconds_total')).toContainEqual(['main', 3]);
  expect(one('container_fs_reads_bytes_total')).toContainEqual(['main', 15]);
  expect(one('container_network_receive_bytes_total')).toEqual([['POD', 11]]);
  expect(one('container_network_receive_packets_dropped_total')).toEqual([['POD', 2]]);
  expect(one('container_network_transmit_bytes_total')).toEqual([['POD', 22]]);
  expect(values(text, 'machine_cpu_cores')).toEqual([[{}, 2]]);
});

test('/stats/summary has the shape that its readers know', () => {
  const usage = { name: 'node-1', startedAt: AT, memoryBytes: 8192, usage: node };
  expect(summaryStats(both, usage, AT)).toMatchObject({
    node: { nodeName: 'node-1', cpu: { usageCoreNanoSeconds: 1e11 }, memory: { availableBytes: 6144 } },
    pods: [
      {
        podRef: pod,
        containers: [{ name: 'main', memory: { workingSetBytes: 700 } }],
        cpu: { usageCoreNanoSeconds: 4e9 },
        network: { name: 'eth0', rxBytes: 11, txBytes: 22 },
      },
    ],
  });
});

describe('what the kubelet counts', () => {
  const registries = { own: new Registry(), probes: new Registry() };
  const metrics = registerKubeletMetrics(registries, { now: () => 1_700_000_000_000 });

  test('calls of the runtime, by the names of the CRI, with their failures', async () => {
    const runtime = meteredRuntime(new FakeRuntime({ clock: new VirtualClock() }), metrics, new VirtualClock());
    await runtime.listImages();
    await expect(runtime.startContainer('none')).rejects.toThrow();
    const text = await registries.own.metrics();
    const total = values(text, 'kubelet_runtime_operations_total').map(([{ operation_type: name }, value]) => [
      name,
      value,
    ]);
    expect(total).toEqual([
      ['list_images', 1],
      ['start_container', 1],
    ]);
    expect(values(text, 'kubelet_runtime_operations_errors_total')).toEqual([
      [{ operation_type: 'start_container' }, 1],
    ]);
    expect(values(text, 'kubelet_started_containers_total')).toEqual([]);
    expect(values(text, 'kubelet_started_containers_errors_total')).toEqual([
      [{ container_type: 'container', code: 'start_container' }, 1],
    ]);
  });

  test('how often the engine is asked what there is', async () => {
    let now = 100_000;
    const own = new Registry();
    const counted = registerKubeletMetrics({ own, probes: new Registry() }, { now: () => now });
    counted.runtimeCalled('list_podsandbox', 0.01, false);
    now += 2000;
    counted.runtimeCalled('list_podsandbox', 0.01, false);
    const text = await own.metrics();
    expect(values(text, 'kubelet_pleg_relist_interval_seconds_sum')).toEqual([[{}, 2]]);
    expect(values(text, 'kubelet_pleg_last_seen_seconds')).toEqual([[{}, 102]]);
  });

  test('results of probes, until the pod is gone', async () => {
    const container = { namespace: 'n', pod: 'p', podUid: 'u', container: 'main', kind: 'Liveness' } as const;
    metrics.probed(container, 'successful', 0.01);
    metrics.probed(container, 'failed', 0.01);
    metrics.probed({ ...container, podUid: 'other', pod: 'other' }, 'successful', 0.01);
    metrics.forgetProbes('u');
    const text = await registries.probes.metrics();
    expect(
      values(text, 'prober_probe_total').map(([{ pod_uid: uid, probe_type: type, result }]) => [uid, type, result]),
    ).toEqual([['other', 'Liveness', 'successful']]);
    expect(text).not.toContain('pod="p"');
  });
});
