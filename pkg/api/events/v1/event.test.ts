import { expect, test } from 'vitest';
import type { Event as CoreEvent } from '../../schema/generated/core.v1.gen.ts';
import { eventKind } from '../../core/v1/event.ts';
import { eventV1Kind } from './event.ts';

const METADATA = {
  name: 'e',
  namespace: 'ns',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2024-01-01T00:00:00Z',
};

const core: CoreEvent = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: METADATA,
  involvedObject: { kind: 'Pod', name: 'p', namespace: 'ns' },
  reason: 'Started',
  message: ' it started\n',
  source: { component: 'kubelet', host: 'n' },
  firstTimestamp: '2024-01-02T03:00:00Z',
  lastTimestamp: '2024-01-02T03:04:00Z',
  count: 3,
  type: 'Normal',
  reportingComponent: '',
  reportingInstance: '',
};

test('an event stored by one group is read by the other and back without loss', () => {
  const storage = eventV1Kind.storage;
  const seen = storage?.fromStored(core);
  expect(seen).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    regarding: { kind: 'Pod', name: 'p' },
    note: ' it started\n',
    deprecatedCount: 3,
    deprecatedSource: { component: 'kubelet', host: 'n' },
  });
  expect(seen !== undefined && storage?.toStored(seen)).toEqual(core);
});

test('both groups show the same row', () => {
  const now = Date.parse('2024-01-02T03:05:00Z');
  const row = eventKind.columns.map((column) => column.cell(core, now));
  expect(row).toEqual(['60s', 'Normal', 'Started', 'pod/p', '', 'kubelet, n', 'it started', '5m', 3, 'e']);
  const seen = eventV1Kind.storage?.fromStored(core);
  expect(seen && eventV1Kind.columns.map((column) => column.cell(seen, now))).toEqual(row);
});

test.each([
  [{ reportingController: '' }, 'reportingController'],
  [{ action: '' }, 'action'],
  [{ type: 'Odd' }, 'type'],
])('events.k8s.io/v1 asks for its new fields: %j', (change, field) => {
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: METADATA,
    eventTime: '2022-01-01T00:00:00.000000Z',
    reportingController: 'example.com/tester',
    reportingInstance: 'tester-1',
    action: 'Testing',
    reason: 'Tested',
    type: 'Normal',
    regarding: { kind: 'Pod', name: 'p', namespace: 'ns' },
  };
  expect(eventV1Kind.validate(event)).toEqual([]);
  expect(eventV1Kind.validate({ ...event, ...change }).map((error) => error.field)).toContain(field);
});

test('an event stands in the namespace of its object', () => {
  const elsewhere = { ...core, involvedObject: { ...core.involvedObject, namespace: 'other' } };
  expect(eventKind.validate(elsewhere)).toMatchObject([{ field: 'involvedObject.namespace' }]);
});
