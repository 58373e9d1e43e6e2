// A node falls silent while another lives: against a real API server, with short periods.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpointSlices, leases, nodes, pods, services } from '../../pkg/api/resources.ts';
import { formatMicroTime } from '../../pkg/api/meta/time.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { DEFAULT_OPTIONS } from '../../pkg/controllers/registry.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let stop: () => Promise<void>;
let beating: Disposable | undefined;
const WITHIN = { timeout: 15_000, interval: 50 };
const LEASE = { namespace: 'kube-node-lease', name: 'node-a' };

beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.client
    .resource(leases)
    .create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: LEASE, spec: {} });
  beat();
  const periods = { monitorPeriodMs: 200, graceMs: 2000, startupGraceMs: 2000 };
  stop = cluster.run({ options: { nodeLifecycle: { ...DEFAULT_OPTIONS.nodeLifecycle, ...periods } } });
});
afterAll(async () => {
  beating?.[Symbol.dispose]();
  await stop();
  await cluster[Symbol.asyncDispose]();
});

/** The heartbeat of node-a; node-b has none. */
function beat(): void {
  const renewTime = formatMicroTime(realClock.now());
  void cluster.client.resource(leases).patch(LEASE, { spec: { renewTime } }, 'merge');
  beating = realClock.schedule(300, beat);
}

async function pod(name: string, node: string, tolerationSeconds: number): Promise<void> {
  await cluster.client.resource(pods).create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name, labels: { app: 'web' } },
    spec: {
      nodeName: node,
      containers: [{ name: 'c', image: 'i' }],
      tolerations: [
        { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
      ],
    },
  });
}

const taintsOf = async (name: string) =>
  ((await cluster.client.resource(nodes).get({ name })).spec.taints ?? [])
    .map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)
    .toSorted();
const isThere = (name: string) => cluster.pods.store.get({ namespace: 'default', name }) !== undefined;

async function readyEndpoints(): Promise<readonly string[]> {
  const { items } = await cluster.client
    .resource(endpointSlices)
    .list({ namespace: 'default', labelSelector: 'kubernetes.io/service-name=web' });
  return items
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready === true)
    .map((endpoint) => endpoint.targetRef?.name ?? '')
    .toSorted();
}

test('a silent node is tainted, its pods leave the service at once and the node when their time is over', async () => {
  await cluster.client.resource(services).create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  await pod('stays', 'node-a', 0);
  await pod('patient', 'node-b', 3600);
  await pod('leaves', 'node-b', 1);
  await expect.poll(readyEndpoints, WITHIN).toEqual(['leaves', 'patient', 'stays']);
  await expect.poll(() => taintsOf('node-b'), WITHIN).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule']);
  const { status } = await cluster.client.resource(nodes).get({ name: 'node-b' });
  expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  });
  await expect.poll(readyEndpoints, WITHIN).toEqual(['stays']);
  await expect.poll(() => isThere('leaves'), WITHIN).toBe(false);
  expect([isThere('stays'), isThere('patient')]).toEqual([true, true]);
  expect(await taintsOf('node-a')).toEqual([]);
});

test('when no node answers at all nobody is evicted', async () => {
  beating?.[Symbol.dispose]();
  await expect.poll(() => taintsOf('node-a'), WITHIN).toEqual(['unreachable:NoSchedule']);
  await expect.poll(() => taintsOf('node-b'), WITHIN).toEqual(['unreachable:NoSchedule']);
  expect([isThere('stays'), isThere('patient')]).toEqual([true, true]);
});
