// Leases for keys that vanish by themselves. Granting one costs a round of consensus, so keys of one lifetime written within
// a minute share a lease and may live that much longer, as Kubernetes does with its events.
import type { Clock } from '../../clock/clock.ts';
import type { EtcdClient } from './etcd-client.ts';

const SHARE_FOR_SECONDS = 60;
/** A lease with very many keys expires in one long transaction. */
const KEYS_PER_LEASE = 1000;

interface SharedLease {
  readonly id: Promise<bigint>;
  readonly freshUntil: number;
  keys: number;
}

export class LeasePool {
  readonly #etcd: EtcdClient;
  readonly #clock: Clock;
  readonly #byLifetime = new Map<number, SharedLease>();

  constructor(etcd: EtcdClient, clock: Clock) {
    this.#etcd = etcd;
    this.#clock = clock;
  }

  /** A lease under which a key lives at least `seconds` from now. */
  async leaseFor(seconds: number): Promise<bigint> {
    const now = this.#clock.elapsed();
    const shared = this.#byLifetime.get(seconds);
    if (shared !== undefined && shared.freshUntil > now && shared.keys < KEYS_PER_LEASE) {
      shared.keys++;
      return shared.id;
    }
    const shareFor = Math.min(SHARE_FOR_SECONDS, Math.ceil(seconds * 0.05));
    const id = this.#etcd.grantLease(seconds + shareFor);
    const lease: SharedLease = { id, freshUntil: now + shareFor * 1000, keys: 1 };
    this.#byLifetime.set(seconds, lease);
    try {
      return await lease.id;
    } catch (cause) {
      if (this.#byLifetime.get(seconds) === lease) this.#byLifetime.delete(seconds);
      throw cause;
    }
  }
}
