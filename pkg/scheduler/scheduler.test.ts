import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Registry } from 'prom-client';
import { ApiError } from '../api/meta/status.ts';
import type { PodDisruptionBudget } from '../api/schema/generated/policy.v1.gen.ts';
import { UnreachableError } from '../client/transport.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { silentLogger } from '../logging/logger.ts';
import { runScheduler } from './scheduler.ts';
import { MemoryApi } from './testing/memory-api.ts';
import { node, pod } from './testing/objects.ts';

let api: MemoryApi;
let clock: VirtualClock;
let stop: AbortController;
let running: Promise<void>;
const metrics = new Registry();

function start(): void {
  stop = new AbortController();
  metrics.clear();
  const options = { client: api.client, clock, random: () => 0.5, log: silentLogger, metrics };
  running = runScheduler(options, stop.signal);
}

async function restart(): Promise<void> {
  stop.abort(new Error('restart'));
  await running;
  start();
}

const condition = (name: string) => api.pod(name).status?.conditions?.find(({ type }) => type === 'PodScheduled');

beforeEach(() => {
  api = new MemoryApi();
  clock = new VirtualClock();
  start();
});

afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await clock.advance(5000);
  await running;
});

describe('the scheduler', () => {
  test('binds a pod and says so', async () => {
    api.putNode(node('a'));
    api.putPod(pod('x'));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBe('a');
    expect(api.events).toMatchObject([
      {
        type: 'Normal',
        reason: 'Scheduled',
        action: 'Binding',
        message: 'Successfully assigned default/x to a',
        reportingComponent: 'default-scheduler',
        involvedObject: { kind: 'Pod', name: 'x' },
      },
    ]);
    const told = await metrics.metrics();
    expect(told).toContain('scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"} 1');
    expect(told).toContain('scheduler_cache_size{type="pods"} 1');
    const extended = 'scheduler_framework_extension_point_duration_seconds_count';
    for (const point of ['Filter', 'Bind']) {
      expect(told).toContain(`${extended}{extension_point="${point}",status="Success",profile="default-scheduler"} 1`);
    }
    expect(told).toContain('scheduler_queue_incoming_pods_total{queue="active",event="PodAdd"} 1');
  });

  test('leaves pods of other schedulers alone', async () => {
    api.putNode(node('a'));
    api.putPod(pod('x', { spec: { schedulerName: 'other' } }));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBeUndefined();
  });

  test('says why a pod fits nowhere, and places it when a node comes that takes it', async () => {
    api.putNode(node('a', { cpu: '1' }));
    api.putPod(pod('x', { requests: { cpu: '2' } }));
    await clock.advance(10);
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. ' +
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    expect(condition('x')).toMatchObject({ status: 'False', reason: 'Unschedulable', message });
    expect(api.events).toMatchObject([{ type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', message }]);
    const told = await metrics.metrics();
    expect(told).toContain('scheduler_pending_pods{queue="unschedulable"} 1');
    expect(told).toContain('_count{extension_point="PostFilter",status="Unschedulable",profile="default-scheduler"} 1');
    expect(told).toContain('scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"} 1');
    api.putNode(node('small', { cpu: '1' }));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBeUndefined();
    api.putNode(node('large', { cpu: '2' }));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBe('large');
  });

  test.each([
    { name: 'is uncordoned', before: { unschedulable: true }, after: {} },
    { name: 'loses a taint', before: { taints: [{ key: 'k', effect: 'NoSchedule' }] }, after: {} },
    { name: 'gets a label', before: {}, after: { labels: { disk: 'ssd' } }, spec: { nodeSelector: { disk: 'ssd' } } },
    { name: 'grows', before: { cpu: '0' }, after: { cpu: '1' }, requests: { cpu: '1' } },
  ])('places a waiting pod when a node $name', async ({ before, after, spec = {}, requests = {} }) => {
    api.putNode(node('a', before));
    api.putPod(pod('x', { spec, requests }));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBeUndefined();
    api.putNode(node('a', after));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBe('a');
  });

  test('places a waiting pod when another leaves', async () => {
    api.putNode(node('a', { cpu: '1' }));
    api.putPod(pod('p', { requests: { cpu: '1' } }));
    await clock.advance(10);
    api.putPod(pod('x', { requests: { cpu: '1' } }));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBeUndefined();
    api.delete('pods', { namespace: 'default', name: 'p' });
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBe('a');
  });

  test('tries a refused binding again after a pause, and gives the place back meanwhile', async () => {
    let refusals = 1;
    api.beforeBinding = () => {
      if (refusals-- > 0) throw new ApiError('InternalError', 'etcd is away');
    };
    api.putNode(node('a', { cpu: '1' }));
    api.putPod(pod('x', { requests: { cpu: '1' } }));
    await clock.advance(500);
    expect(condition('x')).toMatchObject({ reason: 'SchedulerError', message: 'binding rejected: etcd is away' });
    expect(api.pod('x').spec.nodeName).toBeUndefined();
    await clock.advance(1000);
    expect(api.pod('x').spec.nodeName).toBe('a');
  });

  test.each([
    { answer: 'no answer', error: new UnreachableError('connection reset') },
    { answer: 'an answer that leaves it open', error: new ApiError('InternalError', 'etcdserver: request timed out') },
  ])('does not give away the place of a pod whose binding got $answer', async ({ error }) => {
    let lost = 1;
    api.afterBinding = () => {
      if (lost-- > 0) throw error;
    };
    api.putNode(node('a', { cpu: '1' }));
    api.putPod(pod('x', { requests: { cpu: '1' } }));
    api.putPod(pod('y', { requests: { cpu: '1' } }));
    await clock.advance(20_000);
    expect(['x', 'y'].filter((name) => api.pod(name).spec.nodeName === 'a')).toHaveLength(1);
    expect(api.bindings).toBe(1);
  });

  test('goes on where it was killed', async () => {
    for (const name of ['a', 'b']) api.putNode(node(name, { cpu: '2' }));
    for (const name of ['p', 'q']) api.putPod(pod(name, { requests: { cpu: '1' } }));
    await clock.advance(10);
    await restart();
    for (const name of ['r', 's', 't']) api.putPod(pod(name, { requests: { cpu: '1' } }));
    await clock.advance(10);
    const placed = ['p', 'q', 'r', 's', 't'].map((name) => api.pod(name).spec.nodeName);
    expect(placed.filter((name) => name === 'a')).toHaveLength(2);
    expect(placed.filter((name) => name === 'b')).toHaveLength(2);
  });

  test('evicts less important pods for a more important one, names the node, and places it there', async () => {
    api.putNode(node('a', { cpu: '1' }));
    api.putPod(pod('low', { requests: { cpu: '1' }, spec: { priority: 1 } }));
    await clock.advance(10);
    api.putPod(pod('high', { requests: { cpu: '1' }, spec: { priority: 100 } }));
    await clock.advance(10);
    expect(() => api.pod('low')).toThrow('not found');
    expect(api.events.map(({ reason }) => reason)).toContain('Preempted');
    await clock.advance(2000);
    expect(api.pod('high').spec.nodeName).toBe('a');
  });

  test('spares pods that a disruption budget protects while others can go', async () => {
    api.putNode(node('a', { cpu: '2' }));
    const budget: PodDisruptionBudget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: pod('web').metadata,
      spec: { selector: { matchLabels: { app: 'web' } } },
      status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    };
    api.put('poddisruptionbudgets', budget);
    api.putPod(pod('web', { labels: { app: 'web' }, requests: { cpu: '1' }, spec: { priority: 1 } }));
    api.putPod(pod('other', { requests: { cpu: '1' }, spec: { priority: 2 } }));
    await clock.advance(10);
    api.putPod(pod('high', { requests: { cpu: '1' }, spec: { priority: 100 } }));
    await clock.advance(10);
    expect(() => api.pod('other')).toThrow('not found');
    expect(api.pod('web').spec.nodeName).toBe('a');
  });

  test('does not schedule a pod with gates until they are gone', async () => {
    api.putNode(node('a'));
    api.putPod(pod('x', { spec: { schedulingGates: [{ name: 'wait' }] } }));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBeUndefined();
    expect(api.events).toEqual([]);
    api.putPod(pod('x', { spec: { schedulingGates: [] } }));
    await clock.advance(10);
    expect(api.pod('x').spec.nodeName).toBe('a');
  });
});
