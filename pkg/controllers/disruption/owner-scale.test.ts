import { expect, test } from 'vitest';
import { notFound } from '../../api/meta/status.ts';
import type { OwnerReference } from '../../api/schema/generated/meta.v1.gen.ts';
import { SharedInformers } from '../../client/shared-informers.ts';
import type { Transport } from '../../client/transport.ts';
import { createClient } from '../../client/typed-client.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { pod } from '../testing/objects.ts';
import { NoScaleError, OwnerScaleReader } from './owner-scale.ts';

const group = { name: 'example.com', versions: [{ version: 'v1' }], preferredVersion: { version: 'v1' } };
const SCALE = '/apis/example.com/v1/namespaces/ns/sets/web/scale';
const served: Readonly<Record<string, unknown>> = {
  '/api': { kind: 'APIVersions', versions: [] },
  '/apis': { kind: 'APIGroupList', groups: [group] },
  '/apis/example.com/v1': {
    resources: [
      { name: 'sets', kind: 'Set', namespaced: true, verbs: ['get'] },
      { name: 'sets/scale', kind: 'Scale', namespaced: true, verbs: ['get'] },
      { name: 'flats', kind: 'Flat', namespaced: true, verbs: ['get'] },
    ],
  },
  [SCALE]: { kind: 'Scale', metadata: { name: 'web', namespace: 'ns', uid: 'u' }, spec: { replicas: 4 } },
};

/** A reader whose informers know nothing, so that every owner is asked for over the API. */
function setup() {
  const asked: string[] = [];
  const unused = () => Promise.reject(new Error('not part of this test'));
  const transport: Transport = {
    request({ path }) {
      asked.push(path);
      const body = served[path];
      return body === undefined
        ? Promise.reject(notFound({ group: '', resource: 'things' }, path))
        : Promise.resolve({ status: 200, warnings: [], body });
    },
    watch: unused,
    stream: unused,
    connect: unused,
    close: () => Promise.resolve(),
  };
  const clock = new VirtualClock();
  const client = createClient(transport);
  const common = { clock, random: () => 0, log: silentLogger };
  const context = {
    client,
    informers: new SharedInformers(client, common),
    ...common,
    metrics: () => ({}),
    recorder: () => ({ record: () => undefined, close: () => Promise.resolve() }),
  };
  const reader = new OwnerScaleReader(context);
  const scaleOf = async (owner: Partial<OwnerReference>) => {
    const reference = { apiVersion: 'example.com/v1', kind: 'Set', name: 'web', uid: 'u', controller: true, ...owner };
    const owned = (name: string) => pod(name, { meta: { ownerReferences: [reference] } });
    return [...(await reader.scalesOf([owned('a'), owned('b')], new AbortController().signal)).values()];
  };
  return { asked, clock, scaleOf };
}

test('a custom controller of pods is asked for its scale, once for all of its pods', async () => {
  const { asked, scaleOf } = setup();
  expect(await scaleOf({})).toEqual([{ uid: 'u', replicas: 4 }]);
  expect(asked.filter((path) => path === SCALE)).toEqual([SCALE]);
});

test('an owner that is gone, or is another one by now, has no scale', async () => {
  const { scaleOf } = setup();
  expect(await scaleOf({ name: 'gone' })).toEqual([]);
  expect(await scaleOf({ uid: 'before' })).toEqual([]);
});

test.each([
  { owner: { kind: 'Flat' }, want: 'flats.example.com does not implement the scale subresource' },
  { owner: { kind: 'Alien' }, want: 'no matches for kind "Alien" in version "example.com/v1"' },
])('an owner that cannot have a scale is told of: $want', async ({ owner, want }) => {
  const { scaleOf } = setup();
  await expect(scaleOf(owner)).rejects.toEqual(new NoScaleError(want));
});

test('what the server serves is asked for again after half a minute, not before', async () => {
  const { asked, clock, scaleOf } = setup();
  const discoveries = () => asked.filter((path) => path === '/apis').length;
  await scaleOf({});
  await clock.advance(29_000);
  await scaleOf({});
  expect(discoveries()).toBe(1);
  await clock.advance(1000);
  await scaleOf({});
  expect(discoveries()).toBe(2);
});
