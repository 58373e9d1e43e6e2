import { describe, expect, test, vi } from 'vitest';
import { schemaOf } from '../../api/schema/object-schema.ts';
import { createdFields } from './created-fields.ts';
import { CreatedShapes } from './created-shapes.ts';

const schema = schemaOf('core.v1.Pod');
type Json = Record<string, unknown>;

const pod = (name: string, more: { metadata?: Json; spec?: Json; container?: Json } = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name }, ...more.metadata },
  spec: {
    containers: [{ name: 'main', image: `${name}:1`, ports: [{ containerPort: 80 }], args: [name], ...more.container }],
    ...more.spec,
  },
});

/** How often the fields were computed for these objects, after checking that each got what it would have got alone. */
function computations(...objects: readonly Json[]): number {
  const shapes = new CreatedShapes();
  const compute = vi.fn((object: Json) => createdFields(schema, object, []));
  for (const object of objects) {
    const fields = shapes.fieldsOf(schema, object, () => compute(object));
    expect(JSON.stringify(fields)).toBe(JSON.stringify(createdFields(schema, object, [])));
  }
  return compute.mock.calls.length;
}

describe('fields are computed once for objects', () => {
  test.each([
    { name: 'of other names and values', other: pod('b') },
    { name: 'whose atomic lists differ', other: pod('b', { container: { args: ['x', 'y', 'z'] } }) },
  ])('$name', ({ other }) => expect(computations(pod('a'), other, pod('c'))).toBe(1));

  test('although one was filled in after its fields were taken', () => {
    const shapes = new CreatedShapes();
    const first = pod('a');
    const fields = shapes.fieldsOf(schema, first, () => createdFields(schema, first, []));
    first['spec'] = {};
    expect(shapes.fieldsOf(schema, pod('b'), () => expect.unreachable('computed again'))).toBe(fields);
  });
});

describe('fields are computed anew when', () => {
  test.each([
    { name: 'a field is there', other: pod('a', { spec: { nodeName: 'n' } }) },
    { name: 'a label has another name', other: pod('a', { metadata: { labels: { other: 'a' } } }) },
    { name: 'a field deep down is there', other: pod('a', { container: { resources: { limits: { cpu: '1' } } } }) },
    { name: 'an item has another key', other: pod('a', { container: { name: 'other' } }) },
    { name: 'an item has another number', other: pod('a', { container: { ports: [{ containerPort: 81 }] } }) },
    { name: 'there are more items', other: pod('a', { spec: { containers: [{ name: 'main' }, { name: 'side' }] } }) },
    { name: 'an item of a set differs', other: pod('a', { metadata: { finalizers: ['a/b'] } }) },
    { name: 'a list is empty', other: pod('a', { container: { ports: [] } }) },
    { name: 'a member is null', other: pod('a', { metadata: { labels: null } }) },
    { name: 'fields come in another order', other: { kind: 'Pod', apiVersion: 'v1' } },
    { name: 'a member is undefined', other: pod('a', { metadata: { labels: undefined } }) },
  ])('$name', ({ other }) => expect(computations(pod('a'), other, pod('a'))).toBe(2));

  test('more shapes are in use than are remembered', () => {
    const shapesInTurn = Array.from({ length: 9 }, (_, n) => pod('a', { metadata: { labels: { [`l${n}`]: 'x' } } }));
    expect(computations(...shapesInTurn, ...shapesInTurn)).toBe(18);
    expect(computations(...shapesInTurn.slice(1), ...shapesInTurn.slice(1))).toBe(8);
  });
});

test('what is shared cannot be changed', () => {
  const shapes = new CreatedShapes();
  const fields = shapes.fieldsOf(schema, pod('a'), () => createdFields(schema, pod('a'), []));
  expect(() => Object.assign(fields['f:spec'] ?? {}, { 'f:nodeName': {} })).toThrow(TypeError);
});
