import { expect, test } from 'vitest';
import type { PriorityClass } from '../../schema/generated/scheduling.v1.gen.ts';
import { priorityClassKind } from './priority-class.ts';

const META = { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' };
const TYPE = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' } as const;

function priorityClass(parts: Partial<PriorityClass>): PriorityClass {
  const made: PriorityClass = { ...TYPE, metadata: META, value: 1, ...parts };
  priorityClassKind.setDefaults(made);
  return made;
}

test.each<{ change: string; parts: Partial<PriorityClass>; want: string[] }>([
  { change: 'description', parts: { description: 'x' }, want: [] },
  { change: 'value', parts: { value: 2 }, want: ['value: Forbidden: may not be changed in an update.'] },
  {
    change: 'preemption policy',
    parts: { preemptionPolicy: 'Never' },
    want: ['preemptionPolicy: Invalid value: "Never": field is immutable'],
  },
])('a change of the $change: $want', ({ parts, want }) => {
  const errors = priorityClassKind.validateUpdate(priorityClass(parts), priorityClass({}));
  expect(errors.map(({ field, body }) => `${field}: ${body}`)).toEqual(want);
});
