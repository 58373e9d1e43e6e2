// Where a node's pods get their addresses from: the range that a controller gives the node, which may come late, and change
// when the node joins anew.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodes } from '../../pkg/api/resources.ts';
import type { NodeCondition } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { missing, NODE, startNode, type TestNode } from './node.ts';
import { ready, RUN, sh } from './specs.ts';

const FIRST = '10.198.1.0/24';
const SECOND = '10.198.2.0/24';
const why = await missing();
let node: TestNode;

beforeAll(async () => {
  if (why === undefined) node = await startNode({ podCidr: undefined });
}, 60_000);
afterAll(async () => {
  if (why === undefined) await node[Symbol.asyncDispose]();
}, 60_000);

const web = [sh(RUN)];

async function readiness(): Promise<NodeCondition | undefined> {
  const list = await node.client.resource(nodes).list();
  return list.items[0]?.status.conditions?.find(({ type }) => type === 'Ready');
}

describe.skipIf(why !== undefined)('a node', { concurrent: false }, () => {
  test('without a pod CIDR is not ready, and runs what is on its own network only', async () => {
    await node.create('waits', { containers: web });
    await node.create('on-node', { hostNetwork: true, containers: web });
    await node.until('on-node', ready);
    expect(await readiness()).toMatchObject({
      status: 'False',
      reason: 'KubeletNotReady',
      message:
        'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin ' +
        'returns error: the node has no pod CIDR yet',
    });
    await expect
      .poll(() => node.eventsOf('waits'), { timeout: 10_000 })
      .toContainEqual(
        expect.stringMatching(/^Warning NetworkNotReady network is not ready: container runtime network/),
      );
  });

  test('is ready within moments of getting one, and gives its pods addresses of it', async () => {
    const patch = { spec: { podCIDR: FIRST, podCIDRs: [FIRST] } };
    const asked = Date.now();
    await node.client.resource(nodes).patch({ name: NODE }, patch, 'merge');
    const pod = await node.until('waits', ready);
    expect(pod.status.podIP).toMatch(/^10\.198\.1\./);
    expect(Date.now() - asked).toBeLessThan(8_000);
    expect(await readiness()).toMatchObject({ status: 'True', reason: 'KubeletReady' });
  });

  test('that gets another one starts its pods over on it', async () => {
    await node.killKubelet();
    node.startKubelet(SECOND);
    const pod = await node.until('waits', (one) => ready(one) && one.status.podIP?.startsWith('10.198.2.') === true);
    expect(pod.status.containerStatuses?.[0]?.restartCount).toBe(1);
    const untouched = await node.get('on-node');
    expect(untouched.status.containerStatuses?.[0]?.restartCount).toBe(0);
  });
});
