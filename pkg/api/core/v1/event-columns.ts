// The columns of `kubectl get events`, for Events of both groups.
import { ageOf } from '../../meta/duration.ts';
import { text, wide } from '../../schema/columns.ts';
import type { Event } from '../../schema/generated/core.v1.gen.ts';
import type { Column } from '../../schema/kind.ts';

export const eventColumns: readonly Column<Event>[] = [
  text('Last Seen', 'The time at which the most recent occurrence of this event was recorded.', lastSeen),
  text(
    'Type',
    'Type of this event (Normal, Warning), new types could be added in the future',
    ({ type }) => type ?? '',
  ),
  text(
    'Reason',
    "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
    ({ reason }) => reason ?? '',
  ),
  text('Object', 'The object that this event is about.', ({ involvedObject }) => {
    const kind = (involvedObject.kind ?? '').toLowerCase();
    return involvedObject.name ? `${kind}/${involvedObject.name}` : kind;
  }),
  wide(
    text(
      'Subobject',
      'The part of the object that this event is about.',
      (event) => event.involvedObject.fieldPath ?? '',
    ),
  ),
  wide(
    text('Source', 'The component reporting this event. Should be a short machine understandable string.', sourceOf),
  ),
  text('Message', 'A human-readable description of the status of this operation.', ({ message }) =>
    (message ?? '').trim(),
  ),
  wide(
    text(
      'First Seen',
      'The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)',
      firstSeen,
    ),
  ),
  wide(
    text('Count', 'The number of times this event has occurred.', ({ series, count }) => series?.count ?? (count || 1)),
  ),
  wide(
    text(
      'Name',
      'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
      ({ metadata }) => metadata.name,
    ),
  ),
];

function firstSeen({ firstTimestamp, eventTime }: Event, now: number): string {
  return ageOf(firstTimestamp ?? eventTime, now);
}

function lastSeen(event: Event, now: number): string {
  if (event.series !== undefined) return ageOf(event.series.lastObservedTime, now);
  return event.lastTimestamp === undefined ? firstSeen(event, now) : ageOf(event.lastTimestamp, now);
}

function sourceOf({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || '';
  const host = source?.host || reportingInstance || '';
  return host === '' ? component : `${component}, ${host}`;
}
