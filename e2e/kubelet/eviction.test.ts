// A node whose disk is full: a small file system of its own for the kubelet's directory, filled by a pod.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { nodes, pods } from '../../pkg/api/resources.ts';
import { missing, startNode, SUBNET, type TestNode } from './node.ts';
import { engineId, finished, hasCondition, ready, RUN, sh } from './specs.ts';

const why = await missing();
let node: TestNode;

beforeAll(async () => {
  if (why !== undefined) return;
  node = await startNode({
    podCidr: SUBNET,
    diskMiB: 64,
    flags: ['--eviction-hard=nodefs.available<24Mi', '--eviction-pressure-transition-period=5s'],
  });
}, 60_000);
afterAll(async () => {
  if (why === undefined) await node[Symbol.asyncDispose]();
}, 60_000);

const volumes = [{ name: 'data', emptyDir: {} }];
const volumeMounts = [{ name: 'data', mountPath: '/data' }];
const isPressed = (status: string) =>
  vi.waitFor(
    async () => {
      const [one] = (await node.client.resource(nodes).list()).items;
      const condition = one?.status.conditions?.find(({ type }) => type === 'DiskPressure');
      expect(condition?.status).toBe(status);
    },
    { timeout: 30_000, interval: 100 },
  );

describe.skipIf(why !== undefined)('a node whose disk is full', { concurrent: false }, () => {
  test('ends the pod that fills it, keeps the others, refuses new ones, and recovers', async () => {
    await node.create('modest', { containers: [sh(RUN)] });
    await node.create('greedy', {
      containers: [sh(`dd if=/dev/zero of=/data/file bs=1M count=100; ${RUN}`, { volumeMounts })],
      volumes,
    });
    await node.until('modest', ready);
    const evicted = await node.until('greedy', finished);
    expect(evicted.status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
    expect(evicted.status.message).toMatch(
      /^The node was low on resource: ephemeral-storage\. Threshold quantity: 24Mi, available: \d+(Ki|Mi)?\. /,
    );
    expect(hasCondition(evicted, 'DisruptionTarget')).toBe(true);
    await isPressed('True');
    await node.create('late', { containers: [sh(RUN)] });
    const refused = await node.until('late', finished);
    expect(refused.status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
    expect(refused.status.message).toBe('Pod was rejected: The node had condition: [DiskPressure]. ');
    // What it has written goes although its object stays, and so does what is left of its container.
    const directory = join(node.directory, 'kubelet/pods', evicted.metadata.uid, 'volumes');
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false), { timeout: 10_000 });
    await vi.waitFor(
      () => expect(node.docker.getContainer(engineId(evicted)).inspect()).rejects.toMatchObject({ statusCode: 404 }),
      { timeout: 10_000 },
    );
    const after = (await node.get('greedy')).status;
    expect(after).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: evicted.status.message });
    expect(after.containerStatuses).toEqual(evicted.status.containerStatuses);
    await isPressed('False');
    expect(ready(await node.get('modest'))).toBe(true);
    await node.create('again', { containers: [sh(RUN)] });
    await node.until('again', ready);
    for (const name of ['modest', 'greedy', 'late', 'again']) {
      await node.client.resource(pods).delete({ namespace: 'default', name });
      await node.untilGone(name);
    }
  });

  test('ends a pod that has written more than it may, wherever', async () => {
    await node.create('in-a-volume', {
      containers: [sh(`dd if=/dev/zero of=/data/file bs=1M count=8; ${RUN}`, { volumeMounts })],
      volumes: [{ name: 'data', emptyDir: { sizeLimit: '4Mi' } }],
    });
    await node.create('in-its-layer', {
      containers: [
        sh(`dd if=/dev/zero of=/file bs=1M count=8; ${RUN}`, { resources: { limits: { 'ephemeral-storage': '4Mi' } } }),
      ],
    });
    const [volume, layer] = await Promise.all([
      node.until('in-a-volume', finished),
      node.until('in-its-layer', finished),
    ]);
    expect(volume.status).toMatchObject({
      reason: 'Evicted',
      message: 'Usage of EmptyDir volume "data" exceeds the limit "4Mi". ',
    });
    expect(layer.status).toMatchObject({
      reason: 'Evicted',
      message: 'Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ',
    });
  });
});
