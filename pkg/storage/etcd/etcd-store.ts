// The store on etcd 3.4 or newer. Every write is one transaction that compares the key's mod revision; a write whose answer
// was lost is repeated, and recognised as done when the value found there is the one it wrote.
import type { Clock } from '../../clock/clock.ts';
import {
  CompactedError,
  FutureRevisionError,
  StoreUnavailableError,
  type Entry,
  type Key,
  type ListOptions,
  type Page,
  type Revision,
  type Store,
  type Swap,
  type WatchBatch,
  type WriteOptions,
} from '../store.ts';
import { EtcdClient, isOutOfRange, untilAnswered, type EtcdOptions } from './etcd-client.ts';
import type { RangeAnswer, SwapRequest } from './etcd-messages.ts';
import { watchEtcd } from './etcd-watch.ts';
import { LeasePool } from './lease-pool.ts';

/** Entries asked for at once; a list of everything is read in pages of one revision. */
const RANGE_PAGE = 5_000;

/** Connects lazily: the first call fails with StoreUnavailableError when no endpoint answers. */
export function openEtcdStore(options: EtcdOptions): Store {
  return new EtcdStore(new EtcdClient(options), options.clock);
}

class EtcdStore implements Store {
  readonly #etcd: EtcdClient;
  readonly #clock: Clock;
  readonly #leases: LeasePool;
  readonly #closing = new AbortController();

  constructor(etcd: EtcdClient, clock: Clock) {
    this.#etcd = etcd;
    this.#clock = clock;
    this.#leases = new LeasePool(etcd, clock);
  }

  async get(key: Key, signal?: AbortSignal): Promise<Entry | undefined> {
    const { entries } = await this.#call(`get ${key}`, () => this.#etcd.range({ key: Buffer.from(key) }), signal);
    return entries[0];
  }

  async list(prefix: Key, options: ListOptions = {}, signal?: AbortSignal): Promise<Page> {
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const entries: Entry[] = [];
    let revision = options.revision ?? 0;
    let start = options.after === undefined ? Buffer.from(prefix) : keyAfter(options.after);
    for (;;) {
      const answer = await this.#range(
        start,
        prefixEnd(prefix),
        revision,
        Math.min(RANGE_PAGE, limit - entries.length),
        signal,
      );
      if (revision === 0) revision = answer.revision;
      for (const entry of answer.entries) entries.push(entry);
      const remaining = answer.count - answer.entries.length;
      const last = entries.at(-1);
      if (remaining === 0 || entries.length >= limit || last === undefined) return { entries, revision, remaining };
      start = keyAfter(last.key);
    }
  }

  async create(key: Key, value: Uint8Array, options?: WriteOptions, signal?: AbortSignal): Promise<Swap> {
    return this.#put(key, 0, value, options, signal);
  }

  async compareAndSwap(
    key: Key,
    expected: Revision,
    value: Uint8Array,
    options?: WriteOptions,
    signal?: AbortSignal,
  ): Promise<Swap> {
    return this.#put(key, expected, value, options, signal);
  }

  async delete(key: Key, expected: Revision, signal?: AbortSignal): Promise<Swap> {
    const { swap } = await this.#swap(`delete ${key}`, { key: Buffer.from(key), expected, value: undefined }, signal);
    return swap;
  }

  async *watch(prefix: Key, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    yield* watchEtcd({ etcd: this.#etcd, clock: this.#clock, prefix, from, end: prefixEnd(prefix) }, either);
  }

  async revision(signal?: AbortSignal): Promise<Revision> {
    const answer = await this.#call('revision', () => this.#etcd.range({ key: Buffer.from('/'), limit: 1 }), signal);
    return answer.revision;
  }

  size(signal?: AbortSignal): Promise<number> {
    return this.#call('size', () => this.#etcd.databaseSize(), signal);
  }

  async compact(revision: Revision): Promise<void> {
    try {
      await this.#call('compact', () => this.#etcd.compact(revision), undefined);
    } catch (cause) {
      if (!isOutOfRange(cause)) throw cause;
      const current = await this.revision();
      if (revision > current) throw new FutureRevisionError(revision, current);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new StoreUnavailableError('the store is closed'));
    this.#etcd.close();
  }

  async #put(
    key: Key,
    expected: Revision,
    value: Uint8Array,
    options: WriteOptions | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Swap> {
    const ttl = options?.ttlSeconds;
    const lease = ttl === undefined ? undefined : await this.#call('lease', () => this.#leases.leaseFor(ttl), signal);
    const request = { key: Buffer.from(key), expected, value, lease };
    const { swap, repeated } = await this.#swap(`write ${key}`, request, signal);
    // A repeated write may have lost to itself: it is ours when these very bytes stand there.
    if (repeated && !swap.ok && swap.current !== undefined && Buffer.compare(swap.current.value, value) === 0) {
      return { ok: true, revision: swap.current.revision };
    }
    return swap;
  }

  async #swap(
    what: string,
    request: SwapRequest,
    signal: AbortSignal | undefined,
  ): Promise<{ swap: Swap; repeated: boolean }> {
    let attempts = 0;
    const attempt = () => {
      attempts++;
      return this.#etcd.swap(request);
    };
    const { succeeded, revision, found } = await this.#call(what, attempt, signal);
    return { swap: succeeded ? { ok: true, revision } : { ok: false, current: found }, repeated: attempts > 1 };
  }

  async #range(
    key: Buffer,
    rangeEnd: Buffer,
    revision: Revision,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<RangeAnswer> {
    try {
      return await this.#call(
        `list ${key.toString()}`,
        () => this.#etcd.range({ key, rangeEnd, revision, limit }),
        signal,
      );
    } catch (cause) {
      if (!isOutOfRange(cause)) throw cause;
      const current = await this.revision(signal);
      if (revision > current) throw new FutureRevisionError(revision, current);
      throw new CompactedError(revision, revision + 1);
    }
  }

  #call<T>(what: string, call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const closing = this.#closing.signal;
    return untilAnswered(what, call, {
      clock: this.#clock,
      signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
    });
  }
}

function keyAfter(key: Key): Buffer {
  return Buffer.concat([Buffer.from(key), Buffer.from([0])]);
}

/** The first key behind all keys with this prefix. */
function prefixEnd(prefix: Key): Buffer {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last--) {
    const byte = end[last] ?? 0;
    if (byte < 0xff) {
      end[last] = byte + 1;
      return end.subarray(0, last + 1);
    }
  }
  return Buffer.from([0]);
}
