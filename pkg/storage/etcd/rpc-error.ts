// Calls that failed, by gRPC's status codes. What went wrong below gRPC has the code that gRPC would give it.
import type { Headers } from './hpack.ts';

export const RPC_CODE = {
  Cancelled: 1,
  Unknown: 2,
  DeadlineExceeded: 4,
  NotFound: 5,
  ResourceExhausted: 8,
  Aborted: 10,
  OutOfRange: 11,
  Internal: 13,
  Unavailable: 14,
} as const;

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;

  constructor(code: number, message: string, more?: { cause?: unknown }) {
    super(message, more);
    this.code = code;
  }
}

export function unavailable(message: string, cause?: unknown): RpcError {
  return new RpcError(RPC_CODE.Unavailable, message, { cause });
}

export function hasCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof RpcError && codes.includes(error.code);
}

/** What the last headers of an answer say; undefined: it went well. */
export function failureOf(headers: Headers): RpcError | undefined {
  const status = headers.get('grpc-status');
  if (status === '0') return undefined;
  if (status === undefined) {
    const http = headers.get(':status') ?? 'none';
    return new RpcError(
      http === '200' ? RPC_CODE.Unknown : RPC_CODE.Unavailable,
      `not an answer of gRPC (HTTP ${http})`,
    );
  }
  return new RpcError(Number(status), textOf(headers.get('grpc-message') ?? ''));
}

/** Messages are percent-encoded, more or less. */
function textOf(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
