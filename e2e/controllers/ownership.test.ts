// What happens to dependents when owners go, and to everything when a namespace goes: against a real API server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isApiError } from '../../pkg/api/meta/status.ts';
import { configMaps, namespaces, pods, replicaSets, serviceAccounts } from '../../pkg/api/resources.ts';
import type { ConfigMap } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import type { OwnerReference } from '../../pkg/api/schema/generated/meta.v1.gen.ts';
import type { KubeObject, ResourceType } from '../../pkg/api/schema/resource-type.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let stop: () => Promise<void>;
beforeAll(async () => {
  cluster = await startTestCluster();
  stop = cluster.run({ options: { rootCa: 'CERTIFICATE' } });
});
afterAll(async () => {
  await stop();
  await cluster[Symbol.asyncDispose]();
});

const WITHIN = { timeout: 10_000, interval: 20 };

async function exists(type: ResourceType<KubeObject>, name: string, namespace?: string): Promise<boolean> {
  try {
    await cluster.client.resource(type).get({ namespace, name });
    return true;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return false;
    throw error;
  }
}

async function freshNamespace(name: string): Promise<string> {
  await cluster.client
    .resource(namespaces)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
  return name;
}

async function map(
  namespace: string,
  name: string,
  owners: readonly ConfigMap[] = [],
  more: Partial<OwnerReference> = {},
) {
  const ownerReferences = owners.map(({ metadata }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata.name,
    uid: metadata.uid,
    ...more,
  }));
  return await cluster.client
    .resource(configMaps)
    .create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, ownerReferences } });
}

async function ownersOf(namespace: string, name: string): Promise<readonly string[]> {
  const { metadata } = await cluster.client.resource(configMaps).get({ namespace, name });
  return (metadata.ownerReferences ?? []).map((owner) => owner.name);
}

describe('deleting an owner', () => {
  test('takes dependents along, down to theirs', async () => {
    const ns = await freshNamespace('gc-background');
    const a = await map(ns, 'a');
    const b = await map(ns, 'b', [a]);
    await map(ns, 'c', [b]);
    await cluster.client.resource(configMaps).delete(a.metadata, { propagationPolicy: 'Background' });
    await expect.poll(() => exists(configMaps, 'c', ns), WITHIN).toBe(false);
    expect(await exists(configMaps, 'b', ns)).toBe(false);
  });

  test('in the foreground waits for dependents that block it', async () => {
    const ns = await freshNamespace('gc-foreground');
    const a = await map(ns, 'a');
    await map(ns, 'b', [a], { blockOwnerDeletion: true });
    const held = await cluster.client
      .resource(configMaps)
      .patch({ namespace: ns, name: 'b' }, { metadata: { finalizers: ['example.com/hold'] } }, 'merge');
    await cluster.client.resource(configMaps).delete(a.metadata, { propagationPolicy: 'Foreground' });
    await expect
      .poll(
        async () => (await cluster.client.resource(configMaps).get(held.metadata)).metadata.deletionTimestamp,
        WITHIN,
      )
      .toBeDefined();
    expect(await exists(configMaps, 'a', ns)).toBe(true);
    await cluster.client.resource(configMaps).patch(held.metadata, { metadata: { finalizers: null } }, 'merge');
    await expect.poll(() => exists(configMaps, 'a', ns), WITHIN).toBe(false);
  });

  test('can leave dependents behind as orphans', async () => {
    const ns = await freshNamespace('gc-orphan');
    const a = await map(ns, 'a');
    await map(ns, 'b', [a]);
    await cluster.client.resource(configMaps).delete(a.metadata, { propagationPolicy: 'Orphan' });
    await expect.poll(() => exists(configMaps, 'a', ns), WITHIN).toBe(false);
    expect(await ownersOf(ns, 'b')).toEqual([]);
  });

  test('only takes its reference out of what has another owner', async () => {
    const ns = await freshNamespace('gc-two-owners');
    const [a, b] = [await map(ns, 'a'), await map(ns, 'b')];
    await map(ns, 'c', [a, b]);
    await cluster.client.resource(configMaps).delete(a.metadata);
    await expect.poll(() => ownersOf(ns, 'c'), WITHIN).toEqual(['b']);
  });

  test('breaks circles of objects that wait for each other', async () => {
    const ns = await freshNamespace('gc-circle');
    const a = await map(ns, 'a');
    const b = await map(ns, 'b', [a], { blockOwnerDeletion: true });
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'b', uid: b.metadata.uid, blockOwnerDeletion: true },
    ];
    await cluster.client.resource(configMaps).patch(a.metadata, { metadata: { ownerReferences } }, 'merge');
    await cluster.client.resource(configMaps).delete(a.metadata, { propagationPolicy: 'Foreground' });
    await expect
      .poll(async () => [await exists(configMaps, 'a', ns), await exists(configMaps, 'b', ns)], WITHIN)
      .toEqual([false, false]);
  });
});

test('an object whose owner never existed, or lives in another namespace, goes', async () => {
  const [ns, other] = [await freshNamespace('gc-dangling'), await freshNamespace('gc-elsewhere')];
  const elsewhere = await map(other, 'owner');
  await map(ns, 'across', [elsewhere]);
  await map(ns, 'kept');
  await expect.poll(() => exists(configMaps, 'across', ns), WITHIN).toBe(false);
  expect(await exists(configMaps, 'kept', ns)).toBe(true);
});

test('a replicaset adopts pods that match and lets go of pods that no longer do', async () => {
  const ns = await freshNamespace('adoption');
  const metadata = { namespace: ns, name: 'loner', labels: { app: 'x' } };
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  await cluster.client.resource(pods).create({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
  // What the server fills in elsewhere has no place in a template.
  const template = { metadata: { labels: { app: 'x' } } as unknown as KubeObject['metadata'], spec };
  await cluster.client.resource(replicaSets).create({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { namespace: ns, name: 'rs' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'x' } }, template },
  });
  const owned = () =>
    cluster.pods.store
      .list(ns)
      .filter((pod) => pod.metadata.ownerReferences?.[0]?.name === 'rs')
      .map((pod) => pod.metadata.name);
  await expect.poll(() => owned().length, WITHIN).toBe(2);
  expect(owned()).toContain('loner');
  await cluster.client.resource(pods).patch(metadata, { metadata: { labels: { app: 'y' } } }, 'strategic');
  await expect.poll(() => [owned().length, owned().includes('loner')], WITHIN).toEqual([2, false]);
  expect(await exists(pods, 'loner', ns)).toBe(true);
});

describe('a namespace', () => {
  test('is born with its service account and the authority, and gets them back', async () => {
    const ns = await freshNamespace('born');
    await expect.poll(() => exists(serviceAccounts, 'default', ns), WITHIN).toBe(true);
    await expect.poll(() => exists(configMaps, 'kube-root-ca.crt', ns), WITHIN).toBe(true);
    await cluster.client.resource(serviceAccounts).delete({ namespace: ns, name: 'default' });
    await cluster.client
      .resource(configMaps)
      .patch({ namespace: ns, name: 'kube-root-ca.crt' }, { data: { 'ca.crt': 'forged' } }, 'merge');
    await expect.poll(() => exists(serviceAccounts, 'default', ns), WITHIN).toBe(true);
    await expect
      .poll(
        async () => (await cluster.client.resource(configMaps).get({ namespace: ns, name: 'kube-root-ca.crt' })).data,
        WITHIN,
      )
      .toEqual({ 'ca.crt': 'CERTIFICATE' });
  });

  test('goes with all that is in it, and says what holds it up', async () => {
    const ns = await freshNamespace('doomed');
    await map(ns, 'plain');
    const held = await map(ns, 'held');
    await cluster.client
      .resource(configMaps)
      .patch(held.metadata, { metadata: { finalizers: ['example.com/hold'] } }, 'merge');
    await cluster.client.resource(namespaces).delete({ name: ns });
    const remaining = async () => {
      const { status } = await cluster.client.resource(namespaces).get({ name: ns });
      return status.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining')?.message;
    };
    await expect
      .poll(remaining, WITHIN)
      .toBe('Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances');
    expect(await exists(configMaps, 'plain', ns)).toBe(false);
    await cluster.client.resource(configMaps).patch(held.metadata, { metadata: { finalizers: null } }, 'merge');
    await expect.poll(() => exists(namespaces, ns), { ...WITHIN, timeout: 15_000 }).toBe(false);
  });
});
