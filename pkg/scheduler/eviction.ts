// Carries out a preemption: marks the victims, deletes them, and says so in an event on each.
import { isApiError } from '../api/meta/status.ts';
import { formatTime } from '../api/meta/time.ts';
import { pods } from '../api/resources.ts';
import type { Clock } from '../clock/clock.ts';
import type { Client } from '../client/client.ts';
import { referenceTo, type EventRecorder } from '../client/event-recorder.ts';
import type { Logger } from '../logging/logger.ts';
import type { PodInfo } from './framework/pod-info.ts';

export interface EvictionContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
}

/** A victim that cannot be deleted is logged; the pod that it was to make room for is tried again in any case. */
export async function evict(
  context: EvictionContext,
  victims: readonly PodInfo[],
  preemptor: PodInfo,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(victims.map((victim) => evictOne(context, victim, preemptor, nodeName, signal)));
}

async function evictOne(
  { client, clock, log, events }: EvictionContext,
  victim: PodInfo,
  preemptor: PodInfo,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace, uid, deletionTimestamp } = victim.pod.metadata;
  if (deletionTimestamp !== undefined) return;
  const key = namespace === undefined ? { name } : { namespace, name };
  const scheduler = preemptor.pod.spec.schedulerName ?? 'default-scheduler';
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${scheduler}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: formatTime(clock.now()),
  };
  try {
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await client.resource(pods).patch(key, body, 'strategic', { subresource: 'status' }, signal);
    await client.resource(pods).delete(key, { preconditions: { uid } }, signal);
  } catch (error) {
    if (signal.aborted || isApiError(error, 'NotFound') || isApiError(error, 'Conflict')) return;
    log.warn('could not evict a pod', { pod: victim.key, for: preemptor.key, error });
    return;
  }
  events.record(victim.pod, {
    type: 'Normal',
    reason: 'Preempted',
    action: 'Preempting',
    message: `Preempted by pod ${preemptor.uid} on node ${nodeName}`,
    related: referenceTo(preemptor.pod),
  });
}
