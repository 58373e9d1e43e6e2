import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import type { Scrape } from './usage.ts';
import { UsageCollector } from './usage-collector.ts';

const never = new AbortController().signal;
let clock: VirtualClock;
let collector: UsageCollector;
let nodes: string[];
let asked: string[];
/** Nodes that take their time: they answer when this is called. */
let silent: Map<string, () => void>;

/** Half a core since the beginning of time. */
function scrapeAt(now: number): Scrape {
  const point = { at: now, startedAt: 0, cpuSeconds: now / 2000, memoryBytes: 64 };
  return { node: point, pods: new Map([['n/p', new Map([['c', point]])]]) };
}

beforeEach(() => {
  clock = new VirtualClock();
  nodes = ['a', 'b'];
  asked = [];
  silent = new Map();
  collector = new UsageCollector({
    clock,
    log: silentLogger,
    nodes: () => nodes,
    scrape(node, signal) {
      asked.push(node);
      if (node === 'broken') return Promise.reject(new Error('refused'));
      if (!silent.has(node)) return Promise.resolve(scrapeAt(clock.now()));
      return new Promise((resolve, reject) => {
        silent.set(node, () => resolve(scrapeAt(clock.now())));
        signal.addEventListener('abort', () => reject(new Error('late')));
      });
    },
  });
});
afterEach(() => collector[Symbol.dispose]());

describe('the usage collector', () => {
  test('asks nobody until somebody wants to know', async () => {
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    expect(collector.node('a')).toBeUndefined();
  });

  test('answers the first question after two looks', async () => {
    const ready = collector.ready(never);
    await clock.advance(2_000);
    await ready;
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
    expect(collector.node('a')).toMatchObject({ cpuNanos: 500_000_000, windowMs: 2_000 });
    expect(collector.pod({ namespace: 'n', name: 'p', node: 'b' }).get('c')).toMatchObject({ memoryBytes: 64 });
    expect(collector.pod({ namespace: 'n', name: 'other', node: 'b' }).size).toBe(0);
  });

  test('looks every 15 s while it is asked, and stops two minutes after', async () => {
    void collector.ready(never);
    await clock.advance(17_500);
    expect(collector.node('a')).toMatchObject({ windowMs: 15_000 });
    await clock.advance(150_000);
    const before = asked.length;
    await clock.advance(60_000);
    expect(asked).toHaveLength(before);
    expect(collector.node('a')).toBeUndefined();
    void collector.ready(never);
    await clock.advance(2_000);
    expect(collector.node('a')).toMatchObject({ windowMs: 2_000 });
  });

  test('does not let a node that is silent keep the others from answering', async () => {
    nodes = ['a', 'dead', 'broken'];
    silent.set('dead', () => undefined);
    const ready = collector.ready(never);
    await clock.advance(5_000);
    await ready;
    expect(collector.node('a')).toBeDefined();
    expect([collector.node('dead'), collector.node('broken')]).toEqual([undefined, undefined]);
    await clock.advance(15_000);
    expect(collector.node('a')).toMatchObject({ windowMs: 15_000 });
  });

  test('forgets a node that fails or goes', async () => {
    void collector.ready(never);
    await clock.advance(2_000);
    nodes = ['a'];
    silent.set('a', () => undefined);
    await clock.advance(26_000);
    expect([collector.node('a'), collector.node('b')]).toEqual([undefined, undefined]);
  });

  test('lets a caller go who does not want to wait any more', async () => {
    const gone = new AbortController();
    const ready = collector.ready(gone.signal);
    gone.abort();
    await ready;
    expect(collector.node('a')).toBeUndefined();
  });
});
