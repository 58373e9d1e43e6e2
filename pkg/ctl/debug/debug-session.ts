// What follows when a debug container was asked for: waiting until it runs, joining the terminal with it, or showing what
// it has printed when it has ended by then.
import type { JsonObject } from '../../api/schema/json.ts';
import { ApiError } from '../../api/meta/status.ts';
import type { Context } from '../cli/command.ts';
import { messageOf } from '../cli/failure.ts';
import { attachToPod } from '../commands/attach.ts';
import { asJson, has, isObject, nameOf, namespaceOf, objects, text } from '../objects/access.ts';
import { pathOf, type Place } from '../rest/api.ts';

export interface SessionRequest {
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
}

export async function debugSession(
  pod: JsonObject,
  container: string,
  { stdin, tty, quiet }: SessionRequest,
  context: Context,
): Promise<void> {
  const { api } = await context.session();
  const resource = (await api.resources()).require('pods');
  const place: Place = { resource, namespace: namespaceOf(pod), name: nameOf(pod) };
  const started = await untilStarted(place, container, quiet, context);
  const status = statusOf(started, container);
  if (status !== undefined && has(status, 'state', 'terminated')) return showLog(place, container, context);
  try {
    await attachToPod(started, { container, stdin, tty, quiet }, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.err.write(
      `warning: couldn't attach to pod/${place.name}, falling back to streaming logs: ${messageOf(error)}\n`,
    );
    await showLog(place, container, context);
  }
}

function statusOf(pod: JsonObject, container: string): JsonObject | undefined {
  return ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses']
    .flatMap((field) => objects(pod, 'status', field))
    .find((status) => text(status, 'name') === container);
}

/** The pod once the container runs or has run; tells meanwhile why it waits. */
async function untilStarted(place: Place, container: string, quiet: boolean, context: Context): Promise<JsonObject> {
  const { api } = await context.session();
  const isStarted = (pod: JsonObject) => {
    const status = statusOf(pod, container);
    if (status === undefined) return false;
    if (has(status, 'state', 'running') || has(status, 'state', 'terminated')) return true;
    const message = text(status, 'state', 'waiting', 'message');
    if (!quiet && message !== '') context.err.write(`Warning: container ${container}: ${message}\n`);
    return false;
  };
  for (;;) {
    const pod = await api.get(place);
    if (isStarted(pod)) return pod;
    const events = await api.watch(
      { ...place, name: '' },
      { fieldSelector: `metadata.name=${place.name}`, resourceVersion: text(pod, 'metadata', 'resourceVersion') },
    );
    for await (const { type, object } of events) {
      if (type === 'ERROR') break;
      if (type === 'DELETED') throw new ApiError('NotFound', 'pods "" not found');
      const changed = asJson(object);
      if (type !== 'BOOKMARK' && isObject(changed) && isStarted(changed)) return changed;
    }
    context.signal.throwIfAborted();
  }
}

async function showLog(place: Place, container: string, context: Context): Promise<void> {
  const { api } = await context.session();
  const path = pathOf({ ...place, subresource: 'log' }, { container });
  for await (const chunk of await api.transport.stream({ method: 'GET', path }, context.signal))
    context.out.write(chunk);
}
