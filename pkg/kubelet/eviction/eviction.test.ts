import { expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../api/schema/generated/core.v1.gen.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import type { EndVerdict } from '../pod/deadline.ts';
import { FakeRuntime } from '../runtime/fake/fake-runtime.ts';
import { container, pod } from '../testing/pods.ts';
import { EvictionManager } from './eviction-manager.ts';
import { storageFault } from './storage-limits.ts';
import { crossed, parseThresholds, type Observations } from './thresholds.ts';
import { evictionMessage, ranked } from './victims.ts';

const MI = 1 << 20;
const named = (name: string, spec: Partial<PodSpec> = {}, memory?: string): Pod =>
  pod(
    { containers: [container('c', memory === undefined ? {} : { resources: { requests: { memory } } })], ...spec },
    {
      metadata: {
        name,
        namespace: 'default',
        uid: name,
        creationTimestamp: '2026-01-01T00:00:00Z',
        resourceVersion: '1',
      },
    },
  );
const using = (of: Pod, mib: number) => ({ pod: of, used: new Map([['c', mib * MI]]) });
const [memory] = parseThresholds({ 'memory.available': '100Mi' });

test('thresholds are amounts or shares, and those of nothing are none', () => {
  const thresholds = parseThresholds({ 'memory.available': '100Mi', 'nodefs.available': '10%', 'pid.available': '0%' });
  const observed: Observations = {
    'memory.available': { available: 99 * MI, capacity: 1000 * MI },
    'nodefs.available': { available: 11, capacity: 100 },
    'pid.available': { available: 0, capacity: 100 },
  };
  expect(crossed(thresholds, observed).map(({ signal }) => signal)).toEqual(['memory.available']);
});

test.each<{ name: string; values: Record<string, string>; want: string }>([
  { name: 'a signal', values: { 'disk.available': '1Gi' }, want: 'unknown eviction signal "disk.available"' },
  { name: 'an amount', values: { 'memory.available': 'much' }, want: 'neither a quantity nor a percentage' },
  { name: 'a share', values: { 'memory.available': '101%' }, want: 'more than there is' },
])('$name that is none is refused in one sentence', ({ values, want }) => {
  expect(() => parseThresholds(values)).toThrow(want);
});

test('who uses more than was asked for goes first, then the less important, then the greediest; critical ones stay', () => {
  const order = ranked(
    [
      using(named('modest', {}, '64Mi'), 32),
      using(named('important', { priority: 1000 }), 500),
      using(named('greedy'), 90),
      using(named('over', {}, '64Mi'), 70),
      using(named('critical', { priority: 2_000_000_000 }), 900),
    ],
    memory ?? expect.fail('no threshold'),
  );
  expect(order.map((usage) => usage.pod.metadata.name)).toEqual(['greedy', 'over', 'important', 'modest']);
});

test('the message says what was short and who was greedy', () => {
  const threshold = memory ?? expect.fail('no threshold');
  const now = { available: 50 * MI, capacity: 1000 * MI };
  expect(evictionMessage(using(named('greedy', {}, '64Mi'), 90), threshold, now)).toBe(
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ' +
      'Container c was using 90Mi, request is 64Mi, has larger consumption of memory. ',
  );
});

test('pods must keep to what they may write', () => {
  const limited = named('limited', {
    containers: [container('c', { resources: { limits: { 'ephemeral-storage': '10Mi' } } })],
    volumes: [
      { name: 'data', emptyDir: { sizeLimit: '5Mi' } },
      { name: 'fast', emptyDir: { sizeLimit: '1Mi', medium: 'Memory' } },
    ],
  });
  const used = (data: number, own: number) => ({
    volumes: new Map([['data', data * MI]]),
    containers: new Map([['c', own * MI]]),
  });
  expect(storageFault(limited, used(4, 1))).toBeUndefined();
  expect(storageFault(limited, used(6, 0))).toBe('Usage of EmptyDir volume "data" exceeds the limit "5Mi". ');
  expect(storageFault(limited, used(4, 7))).toMatch(/^Pod ephemeral local storage usage exceeds the total limit/);
});

test('one pod at a time is ended while memory is short, and the condition stays for a while', async () => {
  const clock = new VirtualClock();
  let available = 50 * MI;
  const evicted: [string, EndVerdict][] = [];
  const gone = new Set<string>();
  let changes = 0;
  const evictable = (of: Pod) => ({
    pod: of,
    get isOver() {
      return gone.has(of.metadata.name);
    },
    evict: (verdict: EndVerdict) => void evicted.push([of.metadata.name, verdict]),
  });
  const signals: string[] = [];
  const pods = [evictable(named('first')), evictable(named('second', { priority: 5 }))];
  const manager = new EvictionManager({
    clock,
    log: silentLogger,
    runtime: new FakeRuntime({ clock }),
    rootDirectory: '/',
    podDirectory: (uid) => `/none/${uid}`,
    thresholds: parseThresholds({ 'memory.available': '100Mi' }),
    transitionMs: 60_000,
    pods: () => pods,
    changed: () => void changes++,
    evicted: (signal) => void signals.push(signal),
    reclaimDisk: () => Promise.resolve(false),
    observe: () => Promise.resolve({ 'memory.available': { available, capacity: 1000 * MI } }),
  });
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  await clock.advance(5_000);
  expect(signals).toEqual(['memory.available']);
  expect(evicted.map(([name]) => name)).toEqual(['first']);
  expect(evicted[0]?.[1]).toMatchObject({ reason: 'Evicted', isDisruption: true, graceSeconds: 0 });
  gone.add('first');
  await clock.advance(2_000);
  expect(evicted.map(([name]) => name)).toEqual(['first', 'second']);
  available = 500 * MI;
  gone.add('second');
  await clock.advance(30_000);
  expect([...manager.pressures]).toEqual(['MemoryPressure']);
  expect(manager.refusal(named('new'))?.message).toBe('Pod was rejected: The node had condition: [MemoryPressure]. ');
  expect(manager.refusal(named('asks', {}, '1Mi'))).toBeUndefined();
  await clock.advance(60_000);
  expect([...manager.pressures]).toEqual([]);
  expect(changes).toBe(2);
  stop.abort();
  await running;
});
