// Events of the core group. They live for an hour, and Events of events.k8s.io/v1 are stored as these.
import { events } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Event } from '../../schema/generated/core.v1.gen.ts';
import { eventColumns } from './event-columns.ts';
import { validateEvent } from './event-validation.ts';

export const eventKind = defineKind<Event>({
  type: events,
  schema: 'core.v1.Event',
  shortNames: ['ev'],
  createOnUpdate: true,
  columns: eventColumns,
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind,
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace,
    'involvedObject.name': ({ involvedObject }) => involvedObject.name,
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid,
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion,
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion,
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath,
    reason: ({ reason }) => reason,
    reportingComponent: ({ reportingComponent }) => reportingComponent,
    source: ({ source, reportingComponent }) => source?.component || reportingComponent,
    type: ({ type }) => type,
  },
  setDefaults: defaultEvent,
  validate: (event) => validateEvent(event, 'reportingComponent'),
});

/** What Kubernetes always writes of an Event. */
export function defaultEvent(event: Event): void {
  event.involvedObject ??= {};
  event.source ??= {};
  event.reportingComponent ??= '';
  event.reportingInstance ??= '';
}
