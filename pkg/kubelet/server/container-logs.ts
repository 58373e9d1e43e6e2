// GET /containerLogs/{namespace}/{pod}/{container}: the log of the container's newest attempt, or of the one before.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ContainerStatus, PodStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { LogOptions } from '../runtime/runtime.ts';
import { HttpError } from './http-error.ts';
import { attemptsOf, podOf } from './pod-lookup.ts';
import type { ServerParts } from './server.ts';

export async function sendLogs(
  segments: readonly string[],
  query: URLSearchParams,
  response: ServerResponse,
  { manager, context }: ServerParts,
  signal: AbortSignal,
): Promise<void> {
  const [namespace = '', name = '', container = ''] = segments;
  const worker = podOf(manager, namespace, name);
  const attempts = attemptsOf(worker, container).filter(({ state }) => state !== 'created');
  const previous = flag(query, 'previous');
  // As in the status: the previous one is the one before the state that is told of now.
  const heldBack = attempts[0]?.state === 'exited' && waits(worker.pod.status, container);
  const record = attempts[previous && !heldBack ? 1 : 0];
  if (record === undefined) {
    if (previous) throw new HttpError(400, `previous terminated container "${container}" in pod "${name}" not found`);
    const why = waitingReason(worker.pod.status, container);
    throw new HttpError(400, `container "${container}" in pod "${name}" is waiting to start: ${why}`);
  }
  const options: LogOptions = {
    follow: flag(query, 'follow'),
    timestamps: flag(query, 'timestamps'),
    tailLines: numberOf(query, 'tailLines'),
    since: sinceOf(query, context.clock.now()),
  };
  const only = query.get('stream')?.toLowerCase();
  let left = numberOf(query, 'limitBytes') ?? Number.POSITIVE_INFINITY;
  const chunks = await context.runtime.logs(record.id, options, signal);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  try {
    for await (const { stream, data } of chunks) {
      if (only !== undefined && only !== 'all' && only !== stream) continue;
      const piece = data.subarray(0, left);
      left -= piece.length;
      if (!response.write(piece)) await once(response, 'drain', { signal });
      if (left <= 0) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  response.end();
}

type StatusOfPod = PodStatus | undefined;

/** Held back before its next attempt: the newest attempt is the previous one. */
function waits(status: StatusOfPod, container: string): boolean {
  return statusOf(status, container)?.state?.waiting !== undefined;
}

function waitingReason(status: StatusOfPod, container: string): string {
  const waiting = statusOf(status, container)?.state?.waiting;
  const reason = waiting?.reason ?? 'ContainerCreating';
  return reason === 'ErrImagePull' || reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : reason;
}

function statusOf(status: StatusOfPod, container: string): ContainerStatus | undefined {
  return [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ].find(({ name }) => name === container);
}

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === 'true' || value === '1';
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new HttpError(400, `invalid ${name}: ${JSON.stringify(value)}`);
  return number;
}

function sinceOf(query: URLSearchParams, now: number): number | undefined {
  const seconds = numberOf(query, 'sinceSeconds');
  if (seconds !== undefined) return now - seconds * 1000;
  const time = query.get('sinceTime');
  if (time === null) return undefined;
  const instant = Date.parse(time);
  if (Number.isNaN(instant)) throw new HttpError(400, `invalid sinceTime: ${JSON.stringify(time)}`);
  return instant;
}
