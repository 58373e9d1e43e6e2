import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { NodeProbes } from './node-probe.ts';

function scene() {
  const clock = new VirtualClock();
  const silent = new Set<string>();
  let changes = 0;
  const asked: string[] = [];
  const probes = new NodeProbes({
    clock,
    probe: (address) => {
      asked.push(address);
      return Promise.resolve(!silent.has(address));
    },
    changed: () => changes++,
  });
  const stop = new AbortController();
  const running = probes.run(stop.signal);
  return { clock, silent, asked, probes, changes: () => changes, end: () => (stop.abort(), running) };
}

test('a node that falls silent is dead after three questions, and alive with the first answer', async () => {
  const { clock, silent, probes, changes, end } = scene();
  probes.watch(
    new Map([
      ['a', '192.0.2.1'],
      ['b', '192.0.2.2'],
    ]),
  );
  await clock.advance(1_000);
  silent.add('192.0.2.1');
  await clock.advance(2_000);
  expect([...probes.dead]).toEqual([]);
  await clock.advance(2_000);
  expect([...probes.dead]).toEqual(['a']);
  silent.delete('192.0.2.1');
  await clock.advance(1_000);
  expect([...probes.dead]).toEqual([]);
  expect(changes()).toBe(2);
  await end();
  expect(clock.pending).toBe(0);
});

test('a node that never answered is not judged', async () => {
  const { clock, silent, probes, end } = scene();
  silent.add('192.0.2.1');
  probes.watch(new Map([['a', '192.0.2.1']]));
  await clock.advance(20_000);
  expect([...probes.dead]).toEqual([]);
  await end();
});

test('nobody is asked, and nothing waits, while there is nobody to look after', async () => {
  const { clock, asked, probes, end } = scene();
  await clock.advance(10_000);
  expect([asked.length, clock.pending]).toEqual([0, 0]);
  probes.watch(new Map([['a', '192.0.2.1']]));
  await clock.advance(1_500);
  expect(asked).toEqual(['192.0.2.1', '192.0.2.1']);
  probes.watch(new Map());
  await clock.advance(5_000);
  expect(asked).toHaveLength(2);
  await end();
});

test('a dead node with another address is somebody new', async () => {
  const { clock, silent, probes, end } = scene();
  probes.watch(new Map([['a', '192.0.2.1']]));
  await clock.advance(1_000);
  silent.add('192.0.2.1');
  await clock.advance(4_000);
  expect([...probes.dead]).toEqual(['a']);
  probes.watch(new Map([['a', '192.0.2.9']]));
  expect([...probes.dead]).toEqual([]);
  await end();
});
