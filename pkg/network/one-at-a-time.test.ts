import { expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

test('runs once more for all who ask while it runs, and is idle after that', async () => {
  const ends: (() => void)[] = [];
  const task = oneAtATime(() => new Promise<void>((resolve) => ends.push(resolve)));
  task.request();
  task.request();
  task.request();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(ends).toHaveLength(2);
  const idle = task.idle();
  ends[1]?.();
  await idle;
  expect(ends).toHaveLength(2);
  task.request();
  expect(ends).toHaveLength(3);
  ends[2]?.();
  await task.idle();
});
