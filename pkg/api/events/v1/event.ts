// Events of events.k8s.io/v1: the same objects as the core group's under newer names of their fields.
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { isDeepStrictEqual } from 'node:util';
import { events, eventsV1 } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Event as CoreEvent } from '../../schema/generated/core.v1.gen.ts';
import type { Event } from '../../schema/generated/events.v1.gen.ts';
import type { Column } from '../../schema/kind.ts';
import type { KubeObject } from '../../schema/resource-type.ts';
import { eventColumns } from '../../core/v1/event-columns.ts';
import { validateEvent, validateSeries, validateStrictEvent } from '../../core/v1/event-validation.ts';

export const eventV1Kind = defineKind<Event>({
  type: eventsV1,
  schema: 'events.v1.Event',
  shortNames: ['ev'],
  createOnUpdate: true,
  columns: eventColumns.map((column): Column<Event> => ({
    ...column,
    cell: (event, now) => column.cell(toCore(event), now),
  })),
  selectableFields: {
    'regarding.kind': ({ regarding }) => regarding?.kind,
    'regarding.namespace': ({ regarding }) => regarding?.namespace,
    'regarding.name': ({ regarding }) => regarding?.name,
    'regarding.uid': ({ regarding }) => regarding?.uid,
    'regarding.apiVersion': ({ regarding }) => regarding?.apiVersion,
    'regarding.resourceVersion': ({ regarding }) => regarding?.resourceVersion,
    'regarding.fieldPath': ({ regarding }) => regarding?.fieldPath,
    reason: ({ reason }) => reason,
    reportingController: ({ reportingController }) => reportingController,
    type: ({ type }) => type,
  },
  setDefaults(event) {
    event.regarding ??= {};
    event.deprecatedSource ??= {};
    event.reportingController ??= '';
    event.reportingInstance ??= '';
  },
  validate(event) {
    const core = toCore(event);
    return [...validateEvent(core, 'reportingController'), ...validateStrictEvent(core)];
  },
  validateUpdate(event, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(event.series, old.series)) validateSeries(faults, toCore(event));
    for (const field of FIXED) {
      if (!isDeepStrictEqual(event[field], old[field])) faults.invalid(field, event[field], IMMUTABLE);
    }
    return [...validateEvent(toCore(event), 'reportingController'), ...faults.errors];
  },
  storage: {
    type: events,
    toStored: toCore,
    fromStored: (stored: KubeObject) => fromCore(stored as CoreEvent), // What is stored under events is one.
  },
});

/** Of a series that goes on, only the count and the last time change. */
const FIXED = [
  'regarding',
  'reason',
  'note',
  'type',
  'deprecatedSource',
  'deprecatedFirstTimestamp',
  'deprecatedLastTimestamp',
  'deprecatedCount',
  'eventTime',
  'action',
  'related',
  'reportingController',
  'reportingInstance',
] as const;

function toCore(event: Event): CoreEvent {
  const { regarding, note, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, ...rest } = event;
  const { deprecatedCount, reportingController, ...same } = rest;
  return defined<CoreEvent>({
    ...same,
    kind: 'Event',
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: reportingController ?? '',
  });
}

function fromCore(event: CoreEvent): Event {
  const { series, involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, ...same } =
    event;
  return defined<Event>({
    ...same,
    ...(series !== undefined && {
      series: { count: series.count ?? 0, lastObservedTime: series.lastObservedTime ?? '' },
    }),
    eventTime: event.eventTime ?? '',
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    note: message,
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
    reportingController: reportingComponent ?? '',
  });
}

/** Without the fields that are not set; an event of the old kind has no eventTime. */
function defined<T extends object>(object: T): T {
  return Object.fromEntries(
    Object.entries(object).filter(([name, value]) => value !== undefined && !(name === 'eventTime' && value === '')),
  ) as T; // Only optional fields go.
}
