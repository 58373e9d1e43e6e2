import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { Retry } from './retry.ts';

test('pauses double up to a minute, and begin anew after a success', () => {
  const clock = new VirtualClock();
  const retry = new Retry(clock);
  const pauses = Array.from({ length: 9 }, () => {
    retry.failed();
    return retry.at - clock.now();
  });
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  retry.succeeded();
  retry.failed();
  expect(retry.at - clock.now()).toBe(500);
  retry.hurry();
  expect(retry.at).toBeLessThanOrEqual(clock.now());
});

test('a pause is as long as it was when somebody sets the clock back', async () => {
  const clock = new VirtualClock();
  const retry = new Retry(clock);
  retry.failed();
  clock.set(-3_600_000);
  expect(retry.at - clock.now()).toBe(500);
  await clock.advance(500);
  expect(retry.at).toBeLessThanOrEqual(clock.now());
});
