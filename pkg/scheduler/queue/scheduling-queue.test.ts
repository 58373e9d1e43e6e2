import { describe, expect, test } from 'vitest';
import { NodeInfo } from '../framework/node-info.ts';
import { podInfoOf } from '../framework/pod-info.ts';
import { node, pod, type PodWishes } from '../testing/objects.ts';
import type { ClusterEvent } from './cluster-event.ts';
import { LONGEST_UNSCHEDULABLE_MS, SchedulingQueue, type QueueRules } from './scheduling-queue.ts';

const info = (name: string, wishes: PodWishes = {}) => podInfoOf(pod(name, wishes));
const priority = (value: number): PodWishes => ({ spec: { priority: value } });

function nodeAdded(name = 'n'): ClusterEvent {
  const added = new NodeInfo(name, 0);
  added.setNode(node(name));
  return { on: 'node-added', node: added };
}

function queueWith(rules: Partial<QueueRules> = {}): SchedulingQueue {
  return new SchedulingQueue({ gate: () => undefined, helps: () => true, ...rules });
}

function popped(queue: SchedulingQueue, now: number): string | undefined {
  return queue.pop(now)?.pod.pod.metadata.name;
}

function failOnce(queue: SchedulingQueue, rejectors: string[], now: number): void {
  const entry = queue.pop(now);
  if (entry === undefined) throw new Error('nothing to pop');
  queue.setAside(entry, new Set(rejectors), now);
}

describe('the scheduling queue', () => {
  test('hands out pods by priority, then by age, then by order of arrival', () => {
    const queue = queueWith();
    queue.add(info('late'), 20);
    queue.add(info('early'), 10);
    queue.add(info('twin'), 10);
    queue.add(info('urgent', priority(5)), 30);
    expect([popped(queue, 40), popped(queue, 40), popped(queue, 40), popped(queue, 40), popped(queue, 40)]).toEqual([
      'urgent',
      'early',
      'twin',
      'late',
      undefined,
    ]);
  });

  test('keeps a gated pod out until its last gate is gone', () => {
    const queue = queueWith({ gate: ({ pod: { spec } }) => (spec.schedulingGates?.length ? 'gated' : undefined) });
    queue.add(info('a', { spec: { schedulingGates: [{ name: 'x' }, { name: 'y' }] } }), 0);
    expect(popped(queue, 0)).toBeUndefined();
    queue.update(info('a', { spec: { schedulingGates: [{ name: 'y' }] } }), 1);
    expect(popped(queue, 1)).toBeUndefined();
    queue.update(info('a', { spec: { schedulingGates: [] } }), 2);
    expect(popped(queue, 2)).toBe('a');
  });

  test('leaves a pod aside that no event can help', () => {
    const queue = queueWith({ helps: (plugin) => plugin === 'Helpful' });
    queue.add(info('a'), 0);
    failOnce(queue, ['Stubborn'], 0);
    queue.onEvent(nodeAdded(), 5000);
    expect(queue.whereIs('uid-a')).toBe('unschedulable');
  });

  test('brings a pod back when one of the plugins that turned it down can be helped', () => {
    const queue = queueWith({ helps: (plugin) => plugin === 'Helpful' });
    queue.add(info('a'), 0);
    failOnce(queue, ['Stubborn', 'Helpful'], 0);
    queue.onEvent(nodeAdded(), 5000);
    expect(popped(queue, 5000)).toBe('a');
  });

  test('brings back a pod that nobody in particular turned down at any event', () => {
    const queue = queueWith({ helps: () => false });
    queue.add(info('a'), 0);
    failOnce(queue, [], 0);
    queue.onEvent(nodeAdded(), 5000);
    expect(popped(queue, 5000)).toBe('a');
  });

  test('prefers ready pods to those whose pause is not over, and takes the latter when nothing else is to do', () => {
    const queue = queueWith();
    queue.add(info('failed', priority(9)), 0);
    failOnce(queue, ['X'], 0);
    queue.onEvent(nodeAdded(), 10);
    queue.add(info('fresh'), 20);
    expect(queue.whereIs('uid-failed')).toBe('backoff');
    expect(popped(queue, 20)).toBe('fresh');
    expect(popped(queue, 20)).toBe('failed');
  });

  test('keeps the pause after an error, and says when it ends', () => {
    const queue = queueWith();
    queue.add(info('a'), 0);
    const entry = queue.pop(0);
    if (entry !== undefined) queue.retryLater(entry, 0);
    expect(popped(queue, 999)).toBeUndefined();
    expect(queue.nextReady(999)).toBe(1000);
    expect(popped(queue, 1000)).toBe('a');
  });

  test('doubles the pause from one second to ten', () => {
    const queue = queueWith();
    queue.add(info('a'), 0);
    const pauses: number[] = [];
    for (let now = 0, round = 0; round < 6; round++) {
      const entry = queue.pop(now);
      if (entry === undefined) throw new Error('nothing to pop');
      queue.retryLater(entry, now);
      const ready = queue.nextReady(now) ?? 0;
      pauses.push(ready - now);
      now = ready;
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  test('tries a pod again after five minutes even if nothing happened', () => {
    const queue = queueWith({ helps: () => false });
    queue.add(info('a'), 0);
    failOnce(queue, ['X'], 0);
    queue.flush(LONGEST_UNSCHEDULABLE_MS);
    expect(queue.whereIs('uid-a')).toBe('unschedulable');
    queue.flush(LONGEST_UNSCHEDULABLE_MS + 1);
    expect(popped(queue, LONGEST_UNSCHEDULABLE_MS + 1)).toBe('a');
  });

  test.each([
    { name: 'its labels change', after: { labels: { a: 'b' } }, back: true },
    { name: 'it asks for less', after: { requests: { cpu: '1' } }, back: true },
    {
      name: 'it tolerates more',
      after: { requests: { cpu: '2' }, spec: { tolerations: [{ operator: 'Exists' }] } },
      back: true,
    },
    {
      name: 'only its status changes',
      after: { requests: { cpu: '2' }, status: { phase: 'Pending', reason: 'x' } },
      back: false,
    },
  ])('brings a pod back when $name: $back', ({ after, back }) => {
    const queue = queueWith();
    queue.add(info('a', { requests: { cpu: '2' } }), 0);
    failOnce(queue, ['X'], 0);
    queue.update(info('a', after), 5000);
    expect(popped(queue, 5000) === 'a').toBe(back);
  });

  test('forgets a deleted pod wherever it waits', () => {
    const queue = queueWith({ gate: ({ pod: { spec } }) => (spec.schedulingGates ? 'gated' : undefined) });
    queue.add(info('aside'), 0);
    failOnce(queue, ['X'], 0);
    queue.add(info('gated', { spec: { schedulingGates: [{ name: 'x' }] } }), 0);
    queue.add(info('ready'), 0);
    for (const name of ['aside', 'gated', 'ready']) queue.delete(`uid-${name}`);
    expect(queue.sizes).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 0 });
    queue.onEvent(nodeAdded(), 10_000);
    expect(popped(queue, 10_000)).toBeUndefined();
  });
});
