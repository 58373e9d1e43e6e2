// The few etcd calls that the store needs, over the etcd3 package: several endpoints, TLS, and retries of our own that
// last as long as an election or a restart of etcd takes. The package's own retries and circuit breakers are switched
// off: they give up too early and hide whether a write may have happened.
import { readFileSync } from 'node:fs';
import { noop } from 'cockatiel';
import {
  castGrpcError,
  EtcdError,
  Etcd3,
  GRPCAbortedError,
  GRPCCancelledError,
  GRPCDeadlineExceededError,
  GRPCInternalError,
  GRPCOutOfRangeError,
  GRPCResourceExhastedError,
  GRPCUnavailableError,
  GRPCUnknownError,
} from 'etcd3';
import type { Clock } from '../../clock/clock.ts';
import { StoreUnavailableError } from '../store.ts';

export interface EtcdOptions {
  /** `https://10.0.0.1:2379`, `http://127.0.0.1:2379`, ... */
  readonly endpoints: readonly string[];
  /** Paths of PEM files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly clock: Clock;
}

const CALL_TIMEOUT_MS = 5_000;
const RETRY_FOR_MS = 20_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

export function connectEtcd(options: EtcdOptions): Etcd3 {
  const { clock } = options;
  const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  const rootCertificate = read(options.caFile);
  const privateKey = read(options.keyFile);
  const certChain = read(options.certFile);
  return new Etcd3({
    hosts: [...options.endpoints],
    ...(rootCertificate !== undefined && {
      credentials: {
        rootCertificate,
        ...(privateKey !== undefined && certChain !== undefined && { privateKey, certChain }),
      },
    }),
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: clock.now() + CALL_TIMEOUT_MS }),
    faultHandling: { host: () => noop, global: noop },
    grpcOptions: {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.min_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 500,
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    },
  });
}

/** The asked revision is compacted or yet to come; gRPC has one code for both. */
export function isOutOfRange(error: unknown): boolean {
  return error instanceof GRPCOutOfRangeError;
}

/** Errors after which the same call may succeed: no leader, a restart, a broken connection, overload. */
export function isTransient(error: unknown): boolean {
  // Streams fail with gRPC's own errors, calls with those that the package made of them.
  const sorted = error instanceof Error ? castGrpcError(error) : error;
  return [
    GRPCUnavailableError,
    GRPCDeadlineExceededError,
    GRPCCancelledError,
    GRPCAbortedError,
    GRPCInternalError,
    GRPCUnknownError,
    GRPCResourceExhastedError,
    EtcdError,
  ].some((type) => sorted instanceof type);
}

/** Repeats a call that may be repeated, until it is answered or etcd has been away for long. */
export async function untilAnswered<T>(
  what: string,
  call: () => Promise<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal | undefined },
): Promise<T> {
  const giveUpAt = clock.now() + RETRY_FOR_MS;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (cause) {
      if (isOutOfRange(cause)) throw cause;
      if (!isTransient(cause) || clock.now() + pause > giveUpAt) {
        throw new StoreUnavailableError(`etcd does not answer: ${what}`, { cause });
      }
    }
    await clock.sleep(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}
