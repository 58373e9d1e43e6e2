import { expect, test } from 'vitest';
import type { ManagedFieldsEntry } from '../../api/schema/generated/meta.v1.gen.ts';
import { ownersAfterScale, ownersOfScale } from './scale-owners.ts';

const TIME = '2026-01-01T00:00:00Z';

function entry(manager: string, fields: string[], rest: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry {
  const spec = Object.fromEntries(fields.map((field) => [`f:${field}`, {}]));
  return {
    manager,
    operation: 'Apply',
    apiVersion: 'apps/v1',
    time: TIME,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': spec },
    ...rest,
  };
}
const inScale = (manager: string, rest: Partial<ManagedFieldsEntry> = {}) =>
  entry(manager, ['replicas'], { apiVersion: 'autoscaling/v1', ...rest });

test('a Scale is owned by those who own replicas', () => {
  const update = { operation: 'Update', subresource: 'scale' };
  const entries = [entry('a', ['replicas', 'paused']), entry('b', ['paused']), entry('c', ['replicas'], update)];
  expect(ownersOfScale(entries)).toEqual([inScale('a'), inScale('c', update)]);
  expect(ownersOfScale(undefined)).toEqual([]);
});

test.each<[string, ManagedFieldsEntry[], ManagedFieldsEntry[], ManagedFieldsEntry[]]>([
  [
    'owners that stay keep all that they own',
    [entry('a', ['paused', 'replicas'])],
    [inScale('a')],
    [entry('a', ['paused', 'replicas'])],
  ],
  [
    'owners that the Scale lost keep the rest',
    [entry('a', ['paused', 'replicas']), entry('b', ['replicas'])],
    [inScale('s', { subresource: 'scale' })],
    [entry('a', ['paused']), entry('s', ['replicas'], { subresource: 'scale' })],
  ],
  [
    'owners may share',
    [entry('a', ['replicas'])],
    [inScale('a'), inScale('s', { subresource: 'scale' })],
    [entry('a', ['replicas']), entry('s', ['replicas'], { subresource: 'scale' })],
  ],
  ['those of other fields stay as they are', [entry('a', ['paused'])], [], [entry('a', ['paused'])]],
])('%s', (_, before, ofScale, after) => {
  expect(ownersAfterScale(before, ofScale, 'apps/v1')).toEqual(after);
});
