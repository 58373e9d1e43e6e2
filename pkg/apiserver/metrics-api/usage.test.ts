import { describe, expect, test } from 'vitest';
import { readScrape, usageOf, type Point } from './usage.ts';

const point = (at: number, cpuSeconds: number, startedAt?: number): Point => ({
  at: at * 1000,
  cpuSeconds,
  memoryBytes: 100,
  startedAt: startedAt === undefined ? undefined : startedAt * 1000,
});

describe('usage', () => {
  test.each([
    { name: 'is the rate between two looks', before: point(0, 10), after: point(10, 15), want: [500_000_000, 10_000] },
    { name: 'of what rests is nothing', before: point(0, 10), after: point(10, 10), want: [0, 10_000] },
    { name: 'is not known after one look', before: undefined, after: point(10, 15), want: undefined },
    { name: 'is not known of the same look twice', before: point(10, 15), after: point(10, 15), want: undefined },
    { name: 'is not known when counters fell', before: point(0, 10), after: point(10, 5), want: undefined },
    {
      name: 'of a container restarted in between is not known',
      before: point(0, 10, -50),
      after: point(15, 11, 10),
      want: undefined,
    },
    {
      name: 'of a young container is its average since the start',
      before: undefined,
      after: point(15, 3, 3),
      want: [250_000_000, 12_000],
    },
    {
      name: 'of a container that is too young is not known',
      before: undefined,
      after: point(15, 3, 6),
      want: undefined,
    },
    {
      name: 'of an old container goes by the looks',
      before: point(100, 10, 0),
      after: point(110, 12, 0),
      want: [200_000_000, 10_000],
    },
  ])('$name', ({ before, after, want }) => {
    const usage = usageOf(before, after, 15_000);
    expect(usage === undefined ? undefined : [usage.cpuNanos, usage.windowMs]).toEqual(want);
  });
});

test('a scrape gives the points of the node and of every container', () => {
  const text = [
    'container_cpu_usage_seconds_total{container="a",namespace="n",pod="p"} 1.5 5000',
    'container_memory_working_set_bytes{container="a",namespace="n",pod="p"} 1024 5000',
    'container_start_time_seconds{container="a",namespace="n",pod="p"} 2.5',
    'container_cpu_usage_seconds_total{container="half",namespace="n",pod="p"} 1.5 5000',
    'node_cpu_usage_seconds_total 100',
    'node_memory_working_set_bytes 2048',
    'pod_cpu_usage_seconds_total{namespace="n",pod="p"} 1.5 5000',
  ].join('\n');
  const { node, pods } = readScrape(text, 9000);
  expect(node).toEqual({ at: 9000, startedAt: undefined, cpuSeconds: 100, memoryBytes: 2048 });
  expect([...pods.keys()]).toEqual(['n/p']);
  // What lacks its memory is not known whole, and is left out.
  expect([...(pods.get('n/p') ?? [])]).toEqual([
    ['a', { at: 5000, startedAt: 2500, cpuSeconds: 1.5, memoryBytes: 1024 }],
  ]);
});
