// Writes what the scheduler has to say into pods' status: why a pod is not scheduled, and the node being cleared for it.
// Only the newest word about a pod is written, a few at a time; what says nothing new is not written at all. A write that
// fails is logged and left: the next attempt to place the pod says it again.
import { isApiError } from '../api/meta/status.ts';
import { formatTime } from '../api/meta/time.ts';
import { pods } from '../api/resources.ts';
import type { Pod, PodCondition } from '../api/schema/generated/core.v1.gen.ts';
import type { Clock } from '../clock/clock.ts';
import type { Client } from '../client/client.ts';
import type { Logger } from '../logging/logger.ts';
import { InFlight } from './in-flight.ts';

export interface StatusChange {
  readonly condition?: { readonly reason: string; readonly message: string };
  /** Empty: takes back the nomination. Undefined: leaves it. */
  readonly nominatedNodeName?: string;
}

const WRITES_AT_ONCE = 8;

export class PodStatusWriter {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  /** By uid: at most one entry for every pod that waits for a node. */
  readonly #pending = new Map<string, { pod: Pod; change: StatusChange }>();
  readonly #flight = new InFlight(WRITES_AT_ONCE);

  constructor(context: { client: Client; clock: Clock; log: Logger }, signal: AbortSignal) {
    this.#client = context.client;
    this.#clock = context.clock;
    this.#log = context.log;
    this.#signal = signal;
  }

  write(pod: Pod, change: StatusChange): void {
    if (statusPatch(pod, change, this.#clock.now()) === undefined) return;
    this.#pending.set(pod.metadata.uid, { pod, change });
    this.#startMore();
  }

  /** The pod is scheduled or gone: what was to be said about it is void. */
  cancel(uid: string): void {
    this.#pending.delete(uid);
  }

  idle(): Promise<void> {
    return this.#flight.idle();
  }

  #startMore(): void {
    for (const [uid, { pod, change }] of this.#pending) {
      if (this.#flight.isFull || this.#signal.aborted) return;
      this.#pending.delete(uid);
      this.#flight.start(() => this.#send(pod, change).finally(() => queueMicrotask(() => this.#startMore())));
    }
  }

  async #send(pod: Pod, change: StatusChange): Promise<void> {
    const patch = statusPatch(pod, change, this.#clock.now());
    const { name, namespace, uid } = pod.metadata;
    const key = namespace === undefined ? { name } : { namespace, name };
    try {
      // The uid makes the write fail for another pod of the same name.
      const body = { metadata: { uid }, status: patch };
      await this.#client.resource(pods).patch(key, body, 'strategic', { subresource: 'status' }, this.#signal);
    } catch (error) {
      if (this.#signal.aborted || isApiError(error, 'NotFound') || isApiError(error, 'Conflict')) return;
      this.#log.warn('could not write the status of a pod', { pod: `${namespace}/${name}`, error });
    }
  }
}

/** The change as a strategic merge patch of the status; undefined when the status says so already. */
export function statusPatch(pod: Pod, change: StatusChange, now: number): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  if (change.condition !== undefined) {
    const before = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
    const next = scheduledCondition(pod, change.condition, before, now);
    if (
      before?.status !== next.status ||
      before.reason !== next.reason ||
      before.message !== next.message ||
      before.observedGeneration !== next.observedGeneration
    ) {
      patch['conditions'] = [next];
    }
  }
  const { nominatedNodeName } = change;
  if (nominatedNodeName !== undefined && nominatedNodeName !== (pod.status?.nominatedNodeName ?? '')) {
    patch['nominatedNodeName'] = nominatedNodeName === '' ? null : nominatedNodeName;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function scheduledCondition(
  pod: Pod,
  { reason, message }: { readonly reason: string; readonly message: string },
  before: PodCondition | undefined,
  now: number,
): PodCondition {
  const { generation } = pod.metadata;
  const unchanged = before?.status === 'False' ? before.lastTransitionTime : undefined;
  return {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastTransitionTime: unchanged ?? formatTime(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
}
