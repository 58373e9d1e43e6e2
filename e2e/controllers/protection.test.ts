// Claims and volumes that are deleted while they are in use stay, and go as soon as they are not: with the finalizers that
// the API server's admission puts on and the controllers take off.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isApiError } from '../../pkg/api/meta/status.ts';
import { namespaces, persistentVolumeClaims, persistentVolumes, pods } from '../../pkg/api/resources.ts';
import type { KubeObject, ResourceType } from '../../pkg/api/schema/resource-type.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

const WITHIN = { timeout: 10_000, interval: 20 };
const ns = 'protected';
let cluster: TestCluster;
let stop: () => Promise<void>;
beforeAll(async () => {
  cluster = await startTestCluster();
  stop = cluster.run();
  const metadata = { name: ns };
  await cluster.client.resource(namespaces).create({ apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} });
});
afterAll(async () => {
  await stop();
  await cluster[Symbol.asyncDispose]();
});

/** `gone`, `going` or `there`. */
async function stateOf(type: ResourceType<KubeObject>, name: string): Promise<string> {
  try {
    const { metadata } = await cluster.client.resource(type).get(type.namespaced ? { namespace: ns, name } : { name });
    return metadata.deletionTimestamp === undefined ? 'there' : 'going';
  } catch (error) {
    if (isApiError(error, 'NotFound')) return 'gone';
    throw error;
  }
}

const resources = { requests: { storage: '1Gi' } };

async function claim(name: string): Promise<void> {
  const made = await cluster.client.resource(persistentVolumeClaims).create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: ns, name },
    spec: { accessModes: ['ReadWriteOnce'], resources },
  });
  expect(made.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
}

test('a claim that no pod uses goes when it is deleted', async () => {
  await claim('unused');
  await cluster.client.resource(persistentVolumeClaims).delete({ namespace: ns, name: 'unused' });
  await expect.poll(() => stateOf(persistentVolumeClaims, 'unused'), WITHIN).toBe('gone');
});

test('a claim that a pod uses goes after the pod', async () => {
  await claim('used');
  const user = { namespace: ns, name: 'user' };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'used' } }];
  const spec = { containers: [{ name: 'c', image: 'i' }], volumes };
  await cluster.client.resource(pods).create({ apiVersion: 'v1', kind: 'Pod', metadata: user, spec });
  await expect.poll(() => cluster.pods.store.get(user)?.status.phase, WITHIN).toBe('Running');
  await cluster.client.resource(persistentVolumeClaims).delete({ namespace: ns, name: 'used' });
  // A claim deleted later is gone already: the controller has been here and left the used one alone.
  await claim('later');
  await cluster.client.resource(persistentVolumeClaims).delete({ namespace: ns, name: 'later' });
  await expect.poll(() => stateOf(persistentVolumeClaims, 'later'), WITHIN).toBe('gone');
  expect(await stateOf(persistentVolumeClaims, 'used')).toBe('going');
  await cluster.client.resource(pods).delete(user);
  await expect.poll(() => stateOf(persistentVolumeClaims, 'used'), WITHIN).toBe('gone');
});

test('protection that is taken off by hand comes back', async () => {
  await claim('bare');
  const key = { namespace: ns, name: 'bare' };
  const client = cluster.client.resource(persistentVolumeClaims);
  await client.patch(key, { metadata: { finalizers: null } }, 'merge');
  await expect
    .poll(async () => (await client.get(key)).metadata.finalizers, WITHIN)
    .toEqual(['kubernetes.io/pvc-protection']);
});

test('a volume goes when it is deleted and no longer bound', async () => {
  const client = cluster.client.resource(persistentVolumes);
  for (const name of ['bound', 'free']) {
    await client.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp' } },
    });
  }
  await client.patch({ name: 'bound' }, { status: { phase: 'Bound' } }, 'merge', { subresource: 'status' });
  await client.delete({ name: 'bound' });
  await client.delete({ name: 'free' });
  await expect.poll(() => stateOf(persistentVolumes, 'free'), WITHIN).toBe('gone');
  expect(await stateOf(persistentVolumes, 'bound')).toBe('going');
  await client.patch({ name: 'bound' }, { status: { phase: 'Released' } }, 'merge', { subresource: 'status' });
  await expect.poll(() => stateOf(persistentVolumes, 'bound'), WITHIN).toBe('gone');
});
