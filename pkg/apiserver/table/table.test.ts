import { describe, expect, test } from 'vitest';
import { kindFor } from '../../api/kinds.ts';
import type { KindDefinition } from '../../api/schema/kind.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { toPartialObjectMetadata, toPartialObjectMetadataList, toTable } from './table.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 1, 30);

function kindOf(group: string, resource: string): KindDefinition {
  const kind = kindFor({ group, version: 'v1', resource });
  if (kind === undefined) throw new Error(`no kind ${resource}`);
  return kind;
}

const lease = {
  kind: 'Lease',
  apiVersion: 'coordination.k8s.io/v1',
  metadata: { name: 'a', uid: 'u', resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { holderIdentity: 'h' },
};

describe('a table', () => {
  test('has the kind’s columns, a row for each object and the metadata of the list', () => {
    const table = toTable(kindOf('coordination.k8s.io', 'leases'), [lease], {
      includeObject: 'None',
      now: NOW,
      listMetadata: { resourceVersion: '9' },
    });
    expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion: '9' } });
    expect(table.columnDefinitions?.map(({ name, type, format }) => [name, type, format])).toEqual([
      ['Name', 'string', 'name'],
      ['Holder', 'string', ''],
      ['Age', 'string', ''],
    ]);
    expect(table.rows).toEqual([{ cells: ['a', 'h', '90s'], object: null }]);
  });

  test.each([
    { includeObject: 'None', want: null },
    {
      includeObject: 'Metadata',
      want: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: lease.metadata },
    },
    { includeObject: 'Object', want: lease },
  ] as const)('with includeObject $includeObject', ({ includeObject, want }) => {
    const table = toTable(kindOf('coordination.k8s.io', 'leases'), [lease], { includeObject, now: NOW });
    expect(table.rows[0]?.object).toEqual(want);
  });

  test('of a watch comes without columns after the first', () => {
    const options = { includeObject: 'Metadata', now: NOW, noHeaders: true } as const;
    expect(toTable(kindOf('coordination.k8s.io', 'leases'), [lease], options).columnDefinitions).toBeNull();
  });

  test.each([
    { phase: 'Succeeded', message: 'The pod has completed successfully.' },
    { phase: 'Failed', message: 'The pod failed.' },
    { phase: 'Running', message: undefined },
  ])('says of a pod that is $phase whether it has ended', ({ phase, message }) => {
    const pod: KubeObject = Object.assign(
      { kind: 'Pod', apiVersion: 'v1', metadata: lease.metadata },
      { spec: { containers: [] }, status: { phase } },
    );
    const [row] = toTable(kindOf('', 'pods'), [pod], { includeObject: 'None', now: NOW }).rows;
    expect(row?.conditions).toEqual(message && [{ type: 'Completed', status: 'True', reason: phase, message }]);
  });
});

test('metadata only keeps nothing but the metadata, item by item', () => {
  const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: lease.metadata };
  expect(toPartialObjectMetadata(lease)).toEqual(partial);
  expect(toPartialObjectMetadataList([lease], { resourceVersion: '9', continue: 'c' })).toEqual({
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '9', continue: 'c' },
    items: [partial],
  });
});
