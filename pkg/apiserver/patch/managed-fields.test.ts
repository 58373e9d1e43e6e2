import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemaOf } from '../../api/schema/object-schema.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { compare } from './compare.ts';
import { createdFields } from './created-fields.ts';
import { difference, toFieldsV1, union } from './field-set.ts';
import { trackManagedFields } from './managed-fields.ts';
import { rootSchema } from './schema-steps.ts';
import { resetFieldsOf, SERVER_FIELDS } from './reset-fields.ts';
import { ignoring } from './compare.ts';

const at = (seconds: number): number => Date.UTC(2026, 0, 1, 0, 0, seconds);

interface Write {
  readonly manager: string;
  readonly second: number;
  readonly subresource?: string;
  readonly object: Record<string, unknown>;
}

/** Plays writes of whole objects, one after the other, and answers the last object. */
function play(type: string, apiVersion: string, writes: readonly Write[]): KubeObject {
  let live: KubeObject | undefined;
  for (const { manager, second, subresource = '', object } of writes) {
    const metadata = { name: 'a', uid: 'u', ...(object['metadata'] as object | undefined) };
    const next = structuredClone({
      kind: type.split('.').pop() ?? '',
      apiVersion,
      ...object,
      metadata,
    }) as unknown as KubeObject;
    trackManagedFields({
      schema: schemaOf(type),
      apiVersion,
      live,
      next,
      manager,
      operation: 'Update',
      subresource,
      now: at(second),
    });
    live = next;
  }
  if (live === undefined) throw new Error('no writes');
  return live;
}

const configMap = (...writes: readonly Write[]): KubeObject => play('core.v1.ConfigMap', 'v1', writes);
const summary = (object: KubeObject): unknown =>
  object.metadata.managedFields?.map(({ manager, operation, subresource, time, fieldsV1 }) => ({
    who: [manager, operation, subresource].filter(Boolean).join(' '),
    second: Number(time?.slice(17, 19)),
    fields: fieldsV1,
  }));

describe('updates', () => {
  test('the creator owns everything, whoever changes a field then owns it alone, and an emptied entry goes', () => {
    expect(
      summary(
        configMap(
          { manager: 'm1', second: 1, object: { data: { k: '1', l: '1' } } },
          { manager: 'm2', second: 2, object: { data: { k: '1', l: '2', m: '3' } } },
        ),
      ),
    ).toEqual([
      { who: 'm1 Update', second: 1, fields: { 'f:data': { '.': {}, 'f:k': {} } } },
      { who: 'm2 Update', second: 2, fields: { 'f:data': { 'f:l': {}, 'f:m': {} } } },
    ]);
    const replaced = configMap(
      { manager: 'm1', second: 1, object: { immutable: false } },
      { manager: 'm2', second: 2, object: { immutable: true } },
    );
    expect(summary(replaced)).toEqual([{ who: 'm2 Update', second: 2, fields: { 'f:immutable': {} } }]);
  });

  test('removed fields are owned by nobody', () => {
    const object = configMap(
      { manager: 'm1', second: 1, object: { data: { k: '1' }, metadata: { labels: { a: 'b' } } } },
      { manager: 'm2', second: 2, object: { data: { k: '1' } } },
    );
    expect(summary(object)).toEqual([{ who: 'm1 Update', second: 1, fields: { 'f:data': { '.': {}, 'f:k': {} } } }]);
  });

  test('a write without a change keeps every entry with its time', () => {
    const object = configMap(
      { manager: 'm1', second: 1, object: { data: { k: '1' } } },
      { manager: 'm1', second: 9, object: { data: { k: '1' } } },
    );
    expect(summary(object)).toEqual([{ who: 'm1 Update', second: 1, fields: { 'f:data': { '.': {}, 'f:k': {} } } }]);
  });

  test('the manager that changes more keeps one entry with the new time', () => {
    const object = configMap(
      { manager: 'm1', second: 1, object: { data: { k: '1' } } },
      { manager: 'm1', second: 9, object: { data: { k: '1', l: '2' } } },
    );
    expect(summary(object)).toEqual([
      { who: 'm1 Update', second: 9, fields: { 'f:data': { '.': {}, 'f:k': {}, 'f:l': {} } } },
    ]);
  });

  test('bookkeeping and the status are not owned by writes of the object, and the status has an entry of its own', () => {
    const spec = { replicas: 1 };
    const object = play('apps.v1.Deployment', 'apps/v1', [
      { manager: 'm1', second: 1, object: { spec, status: { replicas: 5 }, metadata: { generation: 1 } } },
      { manager: 'm1', second: 2, subresource: 'status', object: { spec, status: { replicas: 6 } } },
    ]);
    expect(summary(object)).toEqual([
      { who: 'm1 Update', second: 1, fields: { 'f:spec': { 'f:replicas': {} } } },
      { who: 'm1 Update status', second: 2, fields: { 'f:status': { 'f:replicas': {} } } },
    ]);
  });

  test('structs that Go always has are not owned themselves', () => {
    const object = play('core.v1.Pod', 'v1', [
      { manager: 'm1', second: 1, object: { spec: { nodeName: 'n' } } },
      {
        manager: 'kubelet',
        second: 2,
        subresource: 'status',
        object: {
          spec: { nodeName: 'n' },
          status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
        },
      },
    ]);
    expect(object.metadata.managedFields?.[1]?.fieldsV1).toEqual({
      'f:status': {
        'f:conditions': { '.': {}, 'k:{"type":"Ready"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
        'f:phase': {},
      },
    });
  });

  test('one empty entry clears all, and none is made until the next apply', () => {
    const object = configMap(
      { manager: 'm1', second: 1, object: { data: { k: '1' } } },
      { manager: 'm2', second: 2, object: { data: { k: '1' }, metadata: { managedFields: [{}] } } },
      { manager: 'm2', second: 3, object: { data: { k: '2' } } },
    );
    expect(object.metadata.managedFields).toBeUndefined();
  });

  test('more than ten updaters are folded, the oldest first', () => {
    const data: Record<string, string> = {};
    const writes = Array.from({ length: 13 }, (_, index) => {
      data[`k${index}`] = 'x';
      return { manager: `m${index}`, second: index, object: { data: { ...data } } };
    });
    const names = configMap(...writes).metadata.managedFields?.map(({ manager }) => manager);
    expect(names).toHaveLength(10);
    expect(names?.[0]).toBe('ancient-changes');
    expect(names).toContain('m12');
  });
});

test('what a creator owns is the difference from the empty object', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const container = fc.record(
    {
      name: word,
      image: word,
      env: fc.array(fc.record({ name: word, value: word }), { maxLength: 2, minLength: 1 }),
      resources: fc.constant({}),
      ports: fc.array(fc.record({ containerPort: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 3 }),
      args: fc.array(word, { minLength: 1 }),
    },
    { requiredKeys: ['name'] },
  );
  const deployment = fc.record({
    kind: fc.constant('Deployment'),
    apiVersion: fc.constant('apps/v1'),
    metadata: fc.record({
      name: word,
      labels: fc.dictionary(word, word, { minKeys: 1 }),
      finalizers: fc.uniqueArray(word, { minLength: 1 }),
    }),
    spec: fc.record({
      replicas: fc.nat(),
      strategy: fc.record({ type: word, rollingUpdate: fc.record({ maxSurge: fc.nat() }) }),
      template: fc.record({
        metadata: fc.record({ labels: fc.dictionary(word, word, { minKeys: 1 }) }),
        spec: fc.record({ containers: fc.array(container, { minLength: 1, maxLength: 3 }) }),
      }),
    }),
    status: fc.constant({ replicas: 1 }),
  });
  const schema = schemaOf('apps.v1.Deployment');
  const reset = resetFieldsOf(schema, '');
  const empty = { spec: { template: { spec: { containers: null } } } };
  fc.assert(
    fc.property(deployment, (object) => {
      const { added, modified } = ignoring(compare(rootSchema(schema), empty, object), reset);
      const expected = toFieldsV1(difference(union(added, modified), SERVER_FIELDS));
      expect(createdFields(schema, object, [SERVER_FIELDS, reset])).toEqual(expected);
    }),
  );
});
