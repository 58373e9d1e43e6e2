import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import type { EtcdClient } from './etcd-client.ts';
import { LeasePool } from './lease-pool.ts';

const HOUR = 3600;

function poolOn(clock: VirtualClock) {
  let granted = 0n;
  const etcd = { grantLease: () => Promise.resolve(++granted) } as Partial<EtcdClient> as EtcdClient; // nothing else is asked for
  return new LeasePool(etcd, clock);
}

test('keys of one lifetime share a lease for a minute', async () => {
  const clock = new VirtualClock();
  const pool = poolOn(clock);
  const first = await pool.leaseFor(HOUR);
  await clock.advance(59_000);
  expect(await pool.leaseFor(HOUR)).toBe(first);
  await clock.advance(1000);
  expect(await pool.leaseFor(HOUR)).not.toBe(first);
});

test('a lease is shared no longer when somebody sets the clock back', async () => {
  const clock = new VirtualClock();
  const pool = poolOn(clock);
  const first = await pool.leaseFor(HOUR);
  clock.set(-HOUR * 1000);
  await clock.advance(60_000);
  expect(await pool.leaseFor(HOUR)).not.toBe(first);
});
