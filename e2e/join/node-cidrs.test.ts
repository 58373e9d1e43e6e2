// Every node gets a range of pod addresses of its own, as long as there are any.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { events, nodes } from '../../pkg/api/resources.ts';
import { createJoinCluster, type JoinCluster } from './cluster.ts';

let cluster: JoinCluster;

beforeAll(async () => {
  await ensureBuilt(() => undefined);
  cluster = await createJoinCluster({ nodeMaskSize: 18 });
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function addNode(name: string, podCIDR?: string): Promise<void> {
  await cluster.client.resource(nodes).create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] },
  });
}

async function until<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await read();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error(`${what}\n${cluster.server.log()}`);
}

const cidrOf = (name: string) =>
  until(`${name} gets no addresses`, async () => (await cluster.client.resource(nodes).get({ name })).spec.podCIDR);

test('ranges that nodes have are respected, those of deleted nodes are given again, and who gets none is told', async () => {
  // 10.232.0.0/16 has four blocks of /18; a node brings one, another one a part of the second.
  await addNode('brings-its-own', '10.232.0.0/18');
  await addNode('brings-a-part', '10.232.64.0/24');
  await addNode('third');
  expect(['10.232.128.0/18', '10.232.192.0/18']).toContain(await cidrOf('third'));
  await addNode('fourth');
  expect(new Set([await cidrOf('third'), await cidrOf('fourth')])).toEqual(
    new Set(['10.232.128.0/18', '10.232.192.0/18']),
  );
  expect((await cluster.client.resource(nodes).get({ name: 'fourth' })).spec.podCIDRs).toEqual([
    await cidrOf('fourth'),
  ]);

  await addNode('fifth');
  const event = await until('nobody says that there are no addresses', async () => {
    const { items } = await cluster.client.resource(events).list({ fieldSelector: 'reason=CIDRNotAvailable' });
    return items[0];
  });
  expect(event).toMatchObject({
    type: 'Normal',
    message: 'Node fifth status is now: CIDRNotAvailable',
    involvedObject: { kind: 'Node', name: 'fifth' },
    source: { component: 'cidrAllocator' },
  });
  expect((await cluster.client.resource(nodes).get({ name: 'fifth' })).spec.podCIDR).toBeUndefined();

  const freed = await cidrOf('third');
  await cluster.client.resource(nodes).delete({ name: 'third' });
  expect(await cidrOf('fifth')).toBe(freed);
});
