import { expect, test } from 'vitest';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { TokenBucket, WorkQueue, drain, type Ticket } from './work-queue.ts';

function setup(options: { retryRate?: number; retryBurst?: number } = {}) {
  const clock = new VirtualClock();
  const queue = new WorkQueue<string>({ clock, ...options });
  const reader = queue[Symbol.asyncIterator]();
  const take = async (): Promise<Ticket<string>> => {
    const next = await reader.next();
    if (next.done === true) throw new Error('the queue has ended');
    return next.value;
  };
  return { clock, queue, reader, take };
}

test('1: a key waits at most once', async () => {
  const { queue, take } = setup();
  queue.add('a');
  queue.add('a');
  queue.add('b');
  expect(queue.depth).toBe(2);
  expect((await take()).key).toBe('a');
  expect((await take()).key).toBe('b');
  expect(queue.depth).toBe(0);
});

test('2: a key on loan is not lent twice, and changes meanwhile queue it once more', async () => {
  const { queue, take } = setup();
  queue.add('a');
  const first = await take();
  queue.add('a');
  queue.add('a');
  expect(queue.depth).toBe(0);
  first[Symbol.dispose]();
  expect(queue.depth).toBe(1);
  const second = await take();
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  expect(queue.depth).toBe(0);
});

test('3: keys come in the order in which they began to wait', async () => {
  const { queue, take } = setup();
  for (const key of ['c', 'a', 'b', 'a']) queue.add(key);
  expect([(await take()).key, (await take()).key, (await take()).key]).toEqual(['c', 'a', 'b']);
});

test('4: failures pause a key for 5 ms, doubling to 1000 s; success forgets them', async () => {
  const { clock, queue, take } = setup({ retryRate: 1e9, retryBurst: 1e9 });
  queue.add('a');
  for (let failure = 0; failure < 20; failure++) {
    const ticket = await take();
    ticket.retry(new Error('no'));
    ticket[Symbol.dispose]();
    expect(queue.depth).toBe(0);
    const pause = Math.min(5 * 2 ** failure, 1_000_000);
    await clock.advance(pause - 1);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(queue.depth).toBe(1);
  }
  (await take())[Symbol.dispose]();
  expect(queue.failures('a')).toBe(0);
});

test('4: the shared bucket slows retries down once its burst is used', async () => {
  const { clock, queue, take } = setup({ retryRate: 1, retryBurst: 2 });
  for (const key of ['a', 'b', 'c']) {
    queue.add(key);
    const ticket = await take();
    ticket.retry(new Error('no'));
    ticket[Symbol.dispose]();
  }
  await clock.advance(10);
  expect(queue.depth).toBe(2);
  await clock.advance(1000);
  expect(queue.depth).toBe(3);
});

test('5: of several delays the earliest counts, and each key is added once', async () => {
  const { clock, queue } = setup();
  queue.addAfter('a', 100);
  queue.addAfter('a', 50);
  queue.addAfter('a', 200);
  await clock.advance(49);
  expect(queue.depth).toBe(0);
  await clock.advance(1);
  expect(queue.depth).toBe(1);
  expect(clock.pending).toBe(0);
});

test('6: close ends readers, drops what waits and stops timers', async () => {
  const { clock, queue, reader } = setup();
  const waiting = reader.next();
  queue.addAfter('later', 10);
  queue.close();
  queue.add('a');
  expect((await waiting).done).toBe(true);
  expect(queue.depth).toBe(0);
  expect(clock.pending).toBe(0);
  expect((await queue[Symbol.asyncIterator]().next()).done).toBe(true);
});

test('drain retries what rejects and runs no more workers than asked for', async () => {
  const { clock, queue } = setup();
  const tries = new Map<string, number>();
  let running = 0;
  let most = 0;
  const work = drain(
    queue,
    async (key) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      tries.set(key, (tries.get(key) ?? 0) + 1);
      if (key === 'bad' && tries.get(key) === 1) throw new Error('first time fails');
    },
    { workers: 2 },
  );
  for (const key of ['a', 'bad', 'b', 'c']) queue.add(key);
  await clock.advance(20);
  queue.close();
  await work;
  expect(Object.fromEntries(tries)).toEqual({ a: 1, bad: 2, b: 1, c: 1 });
  expect(most).toBe(2);
});

test('a token bucket lends on credit and says when', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(2, 1, clock);
  expect([bucket.reserve(), bucket.reserve(), bucket.reserve()]).toEqual([0, 500, 1000]);
  expect(bucket.take()).toBe(false);
  await clock.advance(2000);
  expect(bucket.take()).toBe(true);
});

test('a token bucket fills as time passes, whatever somebody sets the clock to', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket(2, 1, clock);
  bucket.reserve();
  clock.set(-3_600_000);
  expect(bucket.reserve()).toBe(500);
  await clock.advance(1000);
  expect(bucket.take()).toBe(true);
});
