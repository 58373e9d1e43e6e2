// The events of an object: fetched, ordered, and as the table at the end of a description.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { has, number, objects, text } from '../objects/access.ts';
import type { Api } from '../rest/api.ts';
import { humanDuration } from '../../api/meta/duration.ts';
import type { Info } from '../resources/infos.ts';
import type { DescriptionWriter } from './writer.ts';

/** Undefined when the server does not let us see events. */
export async function eventsOf(info: Info, api: Api): Promise<JsonObject[] | undefined> {
  const resource = (await api.resources()).find('events');
  if (resource === undefined) return undefined;
  const { kind } = info.resource;
  // Kubelets write a node's name into the uid of their events.
  const uid = kind === 'Node' ? info.name : text(info.object, 'metadata', 'uid');
  const fieldSelector = [
    `involvedObject.name=${info.name}`,
    ...(info.namespace === '' ? [] : [`involvedObject.namespace=${info.namespace}`]),
    `involvedObject.kind=${kind}`,
    ...(kind === 'Node' ? [] : [`involvedObject.uid=${uid}`]),
  ].join(',');
  try {
    const answer = await api.list({ resource, namespace: info.namespace, name: '' }, { fieldSelector });
    return objects(answer, 'items');
  } catch (error) {
    if (isApiError(error)) return undefined;
    throw error;
  }
}

export function writeEvents(events: readonly JsonObject[] | undefined, now: number, out: DescriptionWriter): void {
  if (events === undefined) return;
  if (events.length === 0) return out.write(0, 'Events:\t<none>\n');
  out.flush();
  out.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n');
  out.write(1, '----\t------\t----\t----\t-------\n');
  for (const event of [...events].sort((left, right) => lastSeen(left) - lastSeen(right))) {
    const field = text(event, 'involvedObject', 'fieldPath');
    const message = `${field === '' ? '' : `${field}: `}${text(event, 'message').trim()}`;
    const from = text(event, 'source', 'component') || text(event, 'reportingComponent');
    out.write(
      1,
      `${text(event, 'type')}\t${text(event, 'reason')}\t${intervalText(event, now)}\t${from}\t${message}\n`,
    );
  }
}

/** How long ago it was, and over which time when it happened several times. */
export function intervalText(event: JsonObject, now: number): string {
  const first = since(text(event, 'eventTime') || text(event, 'firstTimestamp'), now);
  if (has(event, 'series'))
    return `${since(text(event, 'series', 'lastObservedTime'), now)} (x${number(event, 'series', 'count')} over ${first})`;
  if (number(event, 'count') > 1)
    return `${since(text(event, 'lastTimestamp'), now)} (x${number(event, 'count')} over ${first})`;
  return first;
}

export function since(time: string, now: number): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? '<unknown>' : humanDuration(now - at);
}

/** When it last happened, in milliseconds. */
export function lastSeen(event: JsonObject): number {
  const time = text(event, 'series', 'lastObservedTime') || text(event, 'lastTimestamp') || text(event, 'eventTime');
  return Date.parse(time) || 0;
}
