// Leases for keys that vanish by themselves. Granting one costs a round of consensus, so keys of one lifetime written within
// a minute share a lease and may live that much longer, as Kubernetes does with its events.
import type { Etcd3 } from 'etcd3';
import type { Clock } from '../../clock/clock.ts';

const SHARE_FOR_SECONDS = 60;
/** A lease with very many keys expires in one long transaction. */
const KEYS_PER_LEASE = 1000;

interface SharedLease {
  readonly id: Promise<string>;
  readonly freshUntil: number;
  keys: number;
}

export class LeasePool {
  readonly #etcd: Etcd3;
  readonly #clock: Clock;
  readonly #byLifetime = new Map<number, SharedLease>();

  constructor(etcd: Etcd3, clock: Clock) {
    this.#etcd = etcd;
    this.#clock = clock;
  }

  /** A lease under which a key lives at least `seconds` from now. */
  async leaseFor(seconds: number): Promise<string> {
    const now = this.#clock.now();
    const shared = this.#byLifetime.get(seconds);
    if (shared !== undefined && shared.freshUntil > now && shared.keys < KEYS_PER_LEASE) {
      shared.keys++;
      return shared.id;
    }
    const shareFor = Math.min(SHARE_FOR_SECONDS, Math.ceil(seconds * 0.05));
    const granted = this.#etcd.leaseClient.leaseGrant({ TTL: seconds + shareFor });
    const lease: SharedLease = { id: granted.then(({ ID }) => ID), freshUntil: now + shareFor * 1000, keys: 1 };
    this.#byLifetime.set(seconds, lease);
    try {
      return await lease.id;
    } catch (cause) {
      if (this.#byLifetime.get(seconds) === lease) this.#byLifetime.delete(seconds);
      throw cause;
    }
  }
}
