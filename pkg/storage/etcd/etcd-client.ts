// The few etcd calls that the store needs, by gRPC on HTTP/2: several endpoints, TLS, and retries that last as long as an
// election or a restart of etcd takes.
import { readFileSync } from 'node:fs';
import type { Clock } from '../../clock/clock.ts';
import { StoreUnavailableError, type Revision } from '../store.ts';
import { endpointOf } from './endpoint.ts';
import {
  decodeDatabaseSize,
  decodeLeaseGrant,
  decodeRange,
  decodeSwap,
  decodeWatch,
  encodeCompaction,
  encodeEmpty,
  encodeLeaseGrant,
  encodeRange,
  encodeSwap,
  encodeWatch,
  type RangeAnswer,
  type RangeRequest,
  type SwapAnswer,
  type SwapRequest,
  type WatchAnswer,
} from './etcd-messages.ts';
import { RpcChannel } from './rpc-channel.ts';
import { hasCode, RPC_CODE, RpcError } from './rpc-error.ts';

export interface EtcdOptions {
  /** `https://10.0.0.1:2379`, `http://127.0.0.1:2379`, ... */
  readonly endpoints: readonly string[];
  /** Paths of PEM files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly clock: Clock;
}

const RETRY_FOR_MS = 20_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** Every method is one call, made once; throws RpcError. Connects when it is first used. */
export class EtcdClient {
  readonly #channel: RpcChannel;

  constructor(options: EtcdOptions) {
    const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
    const tls = { ca: read(options.caFile), cert: read(options.certFile), key: read(options.keyFile) };
    this.#channel = new RpcChannel(
      options.endpoints.map((url) => endpointOf(url, tls)),
      options.clock,
    );
  }

  async range(request: RangeRequest): Promise<RangeAnswer> {
    return decodeRange(await this.#channel.call('/etcdserverpb.KV/Range', encodeRange(request)));
  }

  async swap(request: SwapRequest): Promise<SwapAnswer> {
    return decodeSwap(await this.#channel.call('/etcdserverpb.KV/Txn', encodeSwap(request)));
  }

  async compact(revision: Revision): Promise<void> {
    await this.#channel.call('/etcdserverpb.KV/Compact', encodeCompaction(revision));
  }

  /** Of the database of the member that answers. */
  async databaseSize(): Promise<number> {
    return decodeDatabaseSize(await this.#channel.call('/etcdserverpb.Maintenance/Status', encodeEmpty()));
  }

  async grantLease(seconds: number): Promise<bigint> {
    return decodeLeaseGrant(await this.#channel.call('/etcdserverpb.Lease/LeaseGrant', encodeLeaseGrant(seconds)));
  }

  /** One watch, until the server ends it or the signal is aborted. */
  async *watch(
    { key, rangeEnd, start }: { key: Uint8Array; rangeEnd: Uint8Array; start: Revision },
    signal: AbortSignal,
  ): AsyncGenerator<WatchAnswer> {
    const stream = await this.#channel.stream('/etcdserverpb.Watch/Watch', encodeWatch(key, rangeEnd, start));
    for await (const message of stream.messages(signal)) yield decodeWatch(message);
  }

  close(): void {
    this.#channel.close();
  }
}

/** The asked revision is compacted or yet to come; gRPC has one code for both. */
export function isOutOfRange(error: unknown): boolean {
  return hasCode(error, RPC_CODE.OutOfRange);
}

/** Errors after which the same call may succeed: no leader, a restart, a broken connection, overload. */
export function isTransient(error: unknown): boolean {
  const { Unavailable, DeadlineExceeded, Cancelled, Aborted, Internal, Unknown, ResourceExhausted } = RPC_CODE;
  return hasCode(error, Unavailable, DeadlineExceeded, Cancelled, Aborted, Internal, Unknown, ResourceExhausted);
}

/** Repeats a call that may be repeated, until it is answered or etcd has been away for long. */
export async function untilAnswered<T>(
  what: string,
  call: () => Promise<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal | undefined },
): Promise<T> {
  const giveUpAt = clock.elapsed() + RETRY_FOR_MS;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (cause) {
      if (isOutOfRange(cause)) throw cause;
      if (!isTransient(cause) || clock.elapsed() + pause > giveUpAt) {
        const why = cause instanceof RpcError ? cause.message : String(cause);
        throw new StoreUnavailableError(`etcd does not answer: ${what}: ${why}`, { cause });
      }
    }
    await clock.sleep(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}
