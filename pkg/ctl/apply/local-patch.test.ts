import { expect, test } from 'vitest';
import type { Json } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { patchedLocally, type PatchType } from './local-patch.ts';

const deployment = () => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'b' }] } } },
});
const containers = (list: Json[]) => ({ spec: { template: { spec: { containers: list } } } });

test('a strategic patch merges lists by their keys', () => {
  const patched = patchedLocally(deployment(), containers([{ name: 'b', image: 'x' }]), 'strategic');
  expect(patched).toMatchObject(containers([{ name: 'a' }, { name: 'b', image: 'x' }]));
});

test('a merge patch replaces lists', () => {
  const patched = patchedLocally(deployment(), containers([{ name: 'b' }]), 'merge');
  expect(patched['spec']).toEqual(containers([{ name: 'b' }]).spec);
});

const at = (op: string, path: string): Json => [{ op, path, from: '/no/x', value: 1 }];
const LIST = '/spec/template/spec/containers';

// What kubectl 1.35 prints for these.
test.each<[PatchType, Json, string]>([
  ['strategic', [], 'invalid JSON document'],
  ['strategic', containers([{ image: 'x' }]), 'map: map[image:x] does not contain declared merge key: name'],
  ['merge', 7, 'Invalid JSON Patch'],
  ['merge', [], 'json: cannot unmarshal array into Go value of type unstructured.detector'],
  ['json', {}, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
  ['json', [5], 'json: cannot unmarshal number into Go value of type jsonpatch.Operation'],
  ['json', at('zap', '/x'), 'Unexpected kind: zap'],
  ['json', [{ op: 'add' }], 'add operation failed to decode path: missing value'],
  ['json', at('test', '/kind'), 'testing value /kind failed: test failed'],
  ['json', at('test', '/no/x'), 'test operation does not apply: is missing path: /no/x: missing value'],
  ['json', at('add', '/no/x'), 'add operation does not apply: doc is missing path: "/no/x": missing value'],
  ['json', at('replace', '/no/x'), 'replace operation does not apply: doc is missing path: /no/x: missing value'],
  ['json', at('replace', `${LIST}/7`), `Object to be patched is missing field (${LIST}/7: missing value)`],
  ['json', at('copy', '/y'), 'copy operation does not apply: doc is missing from path: /no/x: missing value'],
  ['json', at('remove', '/no'), "error in remove for path: '/no': Unable to remove nonexistent key: no: missing value"],
  [
    'json',
    at('add', `${LIST}/9`),
    `error in add for path: '${LIST}/9': Unable to access invalid index: 9: invalid index referenced`,
  ],
  ['json', at('test', `${LIST}/x`), `error in test for path: '${LIST}/x': strconv.Atoi: parsing "x": invalid syntax`],
])('a %s patch of %j is refused', (type, patch, message) => {
  expect(() => patchedLocally(deployment(), patch, type)).toThrow(new Failure(message));
});

test('a kind that nobody knows is not patched strategically', () => {
  const object = { apiVersion: 'foo.io/v1', kind: 'Foo' };
  expect(() => patchedLocally(object, {}, 'strategic')).toThrow('not supported for foo.io/v1, Kind=Foo locally');
});
