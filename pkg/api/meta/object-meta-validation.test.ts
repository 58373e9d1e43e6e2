import { expect, test } from 'vitest';
import type { ObjectMeta } from '../schema/generated/meta.v1.gen.ts';
import { subdomainName } from './names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta-validation.ts';

const RULES = { namespaced: true, validateName: subdomainName };

function meta(rest: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    name: 'x',
    namespace: 'ns',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2024-01-01T00:00:00Z',
    ...rest,
  };
}

const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);

test('good metadata has no faults', () => {
  const good = meta({
    labels: { 'example.com/a': 'B_1', app: '' },
    annotations: { 'Example.com/Note': 'ü' },
    finalizers: ['example.com/x'],
  });
  expect(validateObjectMeta(good, RULES)).toEqual([]);
});

test.each<{ what: Partial<ObjectMeta>; field: string; says: string }>([
  { what: { name: '' }, field: 'metadata.name', says: 'Required value: name or generateName is required' },
  { what: { name: 'A' }, field: 'metadata.name', says: 'Invalid value: "A": a lowercase RFC 1123 subdomain' },
  { what: { namespace: '' }, field: 'metadata.namespace', says: 'Required value' },
  { what: { labels: { '/a': 'v' } }, field: 'metadata.labels', says: 'prefix part must be non-empty' },
  {
    what: { labels: { k: 'a b' } },
    field: 'metadata.labels',
    says: 'Invalid value: "a b": a valid label must be an empty string',
  },
  {
    what: { annotations: { a: 'x'.repeat(262_144) } },
    field: 'metadata.annotations',
    says: 'Too long: may not be more than 262144 bytes',
  },
  {
    what: { finalizers: ['mine'] },
    field: 'metadata.finalizers[0]',
    says: 'name is neither a standard finalizer name nor is it fully qualified',
  },
  { what: { finalizers: ['orphan', 'foregroundDeletion'] }, field: 'metadata.finalizers', says: 'cannot be both set' },
  {
    what: { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' }] },
    field: 'metadata.ownerReferences',
    says: 'disallowed from being an owner',
  },
  {
    what: { ownerReferences: [{ apiVersion: '', kind: 'A', name: 'e', uid: 'u' }] },
    field: 'metadata.ownerReferences.apiVersion',
    says: 'version must not be empty',
  },
])('$field: $says', ({ what, field, says }) => {
  const errors = lines(validateObjectMeta(meta(what), RULES));
  expect(errors).toContainEqual(expect.stringContaining(`${field}: `));
  expect(errors).toContainEqual(expect.stringContaining(says));
});

test('only one owner is the controller', () => {
  const owner = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid: name, controller: true });
  const errors = lines(validateObjectMeta(meta({ ownerReferences: [owner('a'), owner('b')] }), RULES));
  expect(errors.join()).toContain('Found "true" in references for ConfigMap/a and ConfigMap/b');
});

test('a cluster-scoped object has no namespace', () => {
  const errors = validateObjectMeta(meta(), { ...RULES, namespaced: false });
  expect(lines(errors)).toEqual(['metadata.namespace: Forbidden: not allowed on this type']);
});

test.each([
  [{ uid: 'other' }, 'metadata.uid: Invalid value: "other": field is immutable'],
  [{ name: 'y' }, 'metadata.name: Invalid value: "y": field is immutable'],
  [{ resourceVersion: '' }, 'metadata.resourceVersion: Invalid value: "": must be specified for an update'],
  [{ generation: 1 }, 'metadata.generation: Invalid value: 1: must not be decremented'],
])('an update may not change %j', (change, want) => {
  expect(lines(validateObjectMetaUpdate(meta({ generation: 2, ...change }), meta({ generation: 2 })))).toEqual([want]);
});

test('an object that is being deleted takes no new finalizers', () => {
  const old = meta({ deletionTimestamp: '2024-01-02T00:00:00Z', finalizers: ['a.b/c'] });
  const errors = lines(validateObjectMetaUpdate({ ...old, finalizers: ['a.b/c', 'a.b/d'] }, old));
  expect(errors).toEqual([
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/d"}',
  ]);
});
