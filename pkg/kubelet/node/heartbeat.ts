// How often a node shows that it lives, and how long it waits for an answer when it does.
import type { Clock } from '../../clock/clock.ts';
import { deadlineOf } from '../../clock/deadline.ts';
import { UnreachableError } from '../../client/transport.ts';

/** How often the node shows that it lives. */
export interface Heartbeat {
  /** After which others may take the node for lost; a Lease counts in whole seconds. */
  readonly leaseSeconds: number;
  /** How often the machine is looked at, and how old a status that did not change may grow. */
  readonly statusUpdateMs: number;
  readonly statusReportMs: number;
}

export const DEFAULT_HEARTBEAT: Heartbeat = { leaseSeconds: 40, statusUpdateMs: 10_000, statusReportMs: 300_000 };

/** As long as Kubernetes' kubelets wait. */
const HEARTBEAT_LIMIT_MS = 10_000;

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly heartbeat: Heartbeat;
  /** The API server gave no answer to a heartbeat, and in time: whatever waits for it now may wait on dead connections. */
  readonly heartbeatLost: () => void;
}

/** What `write` answers; gives up when a node would have to be taken for dead before a slower answer counted. */
export async function inTime<T>(
  { clock, heartbeat, heartbeatLost }: HeartbeatOptions,
  write: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const limitMs = Math.min(HEARTBEAT_LIMIT_MS, heartbeat.leaseSeconds * 1000);
  using late = deadlineOf(clock, limitMs, () => new UnreachableError(`no answer within ${limitMs} ms`));
  try {
    return await write(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (error instanceof UnreachableError && !signal.aborted) heartbeatLost();
    throw error;
  }
}
