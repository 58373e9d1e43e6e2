// Deleting one object and waiting until it is gone, for `delete`, `replace --force`, `apply --force` and `drain`.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import type { Context } from '../cli/command.ts';
import type { Propagation } from '../cli/shared-flags.ts';
import { Failure } from '../cli/failure.ts';
import { asJson, text } from '../objects/access.ts';
import type { Api, Place } from '../rest/api.ts';

export interface DeletionRequest {
  readonly gracePeriodSeconds?: number;
  readonly propagation?: Propagation;
  readonly dryRun?: boolean;
}

export function deletionOptions(request: DeletionRequest): JsonObject {
  return {
    ...(request.gracePeriodSeconds !== undefined && { gracePeriodSeconds: request.gracePeriodSeconds }),
    propagationPolicy: request.propagation ?? 'Background',
    ...(request.dryRun === true && { dryRun: ['All'] }),
  };
}

/** Also waits for finalizers. Does nothing when there is no such object. */
export async function deleteAndWait(api: Api, place: Place, request: DeletionRequest, context: Context): Promise<void> {
  let answer: JsonObject;
  try {
    answer = await api.delete(place, deletionOptions(request));
  } catch (error) {
    if (isApiError(error, 'NotFound')) return;
    throw error;
  }
  await waitUntilGone(api, place, uidOf(answer), context.signal);
}

/** The uid of what a deletion was about: in the object or in the details of the status. */
export function uidOf(answer: JsonObject): string {
  return text(answer, 'metadata', 'uid') || text(answer, 'details', 'uid');
}

/** Resolves when the object with this uid is gone; rejects with the signal's reason. An empty uid: any object of the name. */
export async function waitUntilGone(api: Api, place: Place, uid: string, signal: AbortSignal): Promise<void> {
  const { name, ...rest } = place;
  const collection: Place = { resource: rest.resource, namespace: rest.namespace, name: '' };
  const fieldSelector = `metadata.name=${name}`;
  for (;;) {
    signal.throwIfAborted();
    let current: JsonObject;
    try {
      current = await api.get(place);
    } catch (error) {
      if (isApiError(error, 'NotFound')) return;
      throw error;
    }
    if (uid !== '' && text(current, 'metadata', 'uid') !== uid) return;
    const events = await api.watch(
      collection,
      { fieldSelector, resourceVersion: text(current, 'metadata', 'resourceVersion') },
      signal,
    );
    for await (const event of events) {
      if (event.type === 'ERROR') break;
      if (event.type !== 'DELETED') continue;
      const gone = text(asJson(event.object), 'metadata', 'uid');
      if (uid === '' || gone === uid) return;
    }
  }
}

export function timedOut(what: string): Failure {
  return new Failure(`timed out waiting for the condition on ${what}`);
}
