import { describe, expect, test } from 'vitest';
import { formatTime } from '../../api/meta/time.ts';
import type { Lease } from '../../api/schema/generated/coordination.v1.gen.ts';
import type { Node, Taint } from '../../api/schema/generated/core.v1.gen.ts';
import { NOW, ago, meta, node } from '../testing/objects.ts';
import {
  monitorIntervalMs,
  observeHealth,
  readyStatus,
  silencedConditions,
  silentAt,
  type NodeHealth,
} from './health.ts';
import { nextTaints, wantsEviction } from './taints.ts';
import { zoneRates } from './zones.ts';

const PERIODS = { graceMs: 50_000, startupGraceMs: 60_000 };
const RATES = { normal: 0.1, degraded: 0.01, largeZone: 50, unhealthyShare: 0.55 };

function lease(renewTime: string): Lease {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: meta('n'), spec: { renewTime } };
}

const silencedAt = (one: Node, health: NodeHealth, now: number) =>
  now > silentAt(one, health, PERIODS) ? silencedConditions(one, now) : undefined;

test.each([
  { graceMs: 50_000, monitorPeriodMs: 5_000, want: 5_000 },
  { graceMs: 4_000, monitorPeriodMs: 5_000, want: 500 },
  { graceMs: 4_000, monitorPeriodMs: 100, want: 100 },
])('nodes with $graceMs ms of grace are looked at every $want ms', ({ want, ...options }) => {
  expect(monitorIntervalMs({ ...options, startupGraceMs: 60_000 })).toBe(want);
});

describe('a node', () => {
  const healthy = node('n', 'True');
  const first = observeHealth(undefined, healthy, lease('t1'), NOW);
  const silentFor = (one: Node, health: NodeHealth, ms: number) => silencedAt(one, health, health.seenAt + ms);

  test('is silent when nothing has been heard for the grace period, by our own clock', () => {
    expect(silentFor(healthy, first, 50_000)).toBeUndefined();
    const conditions = silentFor(healthy, first, 50_001);
    expect(conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['Ready', 'Unknown', 'NodeStatusUnknown'],
      ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
    ]);
    expect(conditions?.[0]?.message).toBe('Kubelet stopped posting node status.');
  });

  test('is heard by its lease alone, or its status alone', () => {
    expect(observeHealth(first, healthy, lease('t2'), NOW + 40_000).seenAt).toBe(NOW + 40_000);
    const reported = node('n', 'True', {
      status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: ago(-9) }] },
    });
    expect(observeHealth(first, reported, lease('t1'), NOW + 40_000).seenAt).toBe(NOW + 40_000);
    expect(observeHealth(first, healthy, lease('t1'), NOW + 40_000).seenAt).toBe(NOW);
  });

  test('is not heard by what we write about it ourselves', () => {
    const silenced = node('n', 'Unknown');
    const after = observeHealth(first, silenced, lease('t1'), NOW + 60_000);
    expect(after.seenAt).toBe(NOW);
    expect(silencedAt(silenced, after, NOW + 120_000)?.some(({ type }) => type === 'Ready')).toBe(true);
    expect(observeHealth(after, silenced, lease('t2'), NOW + 70_000).seenAt).toBe(NOW + 70_000);
  });

  test('that never reported has longer, counted from its creation', () => {
    const fresh = node('n', undefined);
    fresh.metadata.creationTimestamp = formatTime(NOW);
    const health = observeHealth(undefined, fresh, undefined, NOW + 10_000);
    expect(silencedAt(fresh, health, NOW + 60_000)).toBeUndefined();
    expect(silencedAt(fresh, health, NOW + 60_001)?.[0]).toMatchObject({
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
    });
  });

  test('that was made anew under its name begins anew', () => {
    const other = node('n', 'True');
    other.metadata.uid = 'another';
    expect(observeHealth(first, other, lease('t1'), NOW + 99_000).seenAt).toBe(NOW + 99_000);
    expect(readyStatus(node('n', undefined))).toBe('Unknown');
  });
});

describe('taints', () => {
  const taint = (key: string, effect: string): Taint => ({
    key: key.includes('/') ? key : `node.kubernetes.io/${key}`,
    effect,
  });
  const tainted = (one: Node, ...taints: Taint[]): Node => ({ ...one, spec: { ...one.spec, taints } });
  const show = (taints: readonly Taint[] | undefined) =>
    taints?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`).toSorted();
  const ready = node('n', 'True');
  const pressed = node('n', 'True', {
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'DiskPressure', status: 'True' },
      ],
    },
  });
  test.each([
    { name: 'a healthy node has none', one: ready, evict: 'now' as const, want: undefined },
    {
      name: 'a healthy node loses those of its illness',
      one: tainted(
        ready,
        taint('not-ready', 'NoSchedule'),
        taint('unreachable', 'NoExecute'),
        taint('mine/x', 'NoSchedule'),
      ),
      evict: 'now' as const,
      want: ['mine/x:NoSchedule'],
    },
    {
      name: 'a node that is not ready',
      one: node('n', 'False'),
      evict: 'now' as const,
      want: ['not-ready:NoExecute', 'not-ready:NoSchedule'],
    },
    {
      name: 'an unreachable node',
      one: node('n', 'Unknown'),
      evict: 'now' as const,
      want: ['unreachable:NoExecute', 'unreachable:NoSchedule'],
    },
    {
      name: 'an unreachable node whose turn has not come',
      one: node('n', 'Unknown'),
      evict: 'wait' as const,
      want: ['unreachable:NoSchedule'],
    },
    {
      name: 'one that turns from not ready to unreachable changes over',
      one: tainted(node('n', 'Unknown'), taint('not-ready', 'NoExecute'), taint('not-ready', 'NoSchedule')),
      evict: 'wait' as const,
      want: ['unreachable:NoExecute', 'unreachable:NoSchedule'],
    },
    {
      name: 'one that nobody may be evicted from',
      one: tainted(node('n', 'Unknown'), taint('unreachable', 'NoExecute'), taint('unreachable', 'NoSchedule')),
      evict: 'never' as const,
      want: ['unreachable:NoSchedule'],
    },
    { name: 'a node under pressure', one: pressed, evict: 'now' as const, want: ['disk-pressure:NoSchedule'] },
    {
      name: 'a cordoned node',
      one: node('n', 'True', { spec: { unschedulable: true } }),
      evict: 'now' as const,
      want: ['unschedulable:NoSchedule'],
    },
    {
      name: 'a node that has not reported keeps what it was admitted with',
      one: tainted(node('n', undefined), taint('not-ready', 'NoSchedule')),
      evict: 'wait' as const,
      want: undefined,
    },
  ])('of $name', ({ one, evict, want }) => {
    const next = nextTaints(one, evict, NOW);
    expect(show(next)).toEqual(want);
    if (next !== undefined)
      expect(nextTaints({ ...one, spec: { ...one.spec, taints: next } }, evict, NOW)).toBeUndefined();
  });

  test('that evict are wanted once', () => {
    expect([
      wantsEviction(ready),
      wantsEviction(node('n', 'False')),
      wantsEviction(tainted(node('n', 'False'), taint('not-ready', 'NoExecute'))),
    ]).toEqual([false, true, false]);
  });
});

describe('how fast nodes are given up', () => {
  const zone = (name: string, ready: number, down: number) =>
    Array.from({ length: ready + down }, (_, i) => {
      const one = node(`${name}${i}`, i < ready ? 'True' : 'Unknown');
      one.metadata.labels = { 'topology.kubernetes.io/zone': name };
      return one;
    });
  test.each([
    { name: 'as usual while most are well', nodes: zone('a', 5, 2), want: { a: 0.1 }, allDown: false },
    { name: 'not at all in a small zone that is partly down', nodes: zone('a', 2, 4), want: { a: 0 }, allDown: false },
    { name: 'slowly in a large one', nodes: zone('a', 20, 40), want: { a: 0.01 }, allDown: false },
    {
      name: 'as usual in a dead zone while others live',
      nodes: [...zone('a', 0, 3), ...zone('b', 2, 0)],
      want: { a: 0.1, b: 0.1 },
      allDown: false,
    },
    {
      name: 'not at all when nothing answers',
      nodes: [...zone('a', 0, 3), ...zone('b', 0, 1)],
      want: { a: 0, b: 0 },
      allDown: true,
    },
  ])('$name', ({ nodes, want, allDown }) => {
    const result = zoneRates(nodes, RATES);
    const rates = Object.fromEntries([...result.rates].map(([key, rate]) => [key.replace(':', ''), rate]));
    expect([rates, result.allDown]).toEqual([want, allDown]);
  });
});
