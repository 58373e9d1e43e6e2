// Nodes that are drained, die, are cut off and come back, under a load that never pauses: what serves goes on serving, what is lost is
// replaced, what comes back takes up its place without a trace of what it missed.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { get, startLoad } from '../support/http-load.ts';
import { createNodesCluster, type NodesCluster } from '../support/nodes-cluster.ts';
import { writeConfigFile } from './config-file.ts';
import { nodeRemains, runningWebPods } from './node-containers.ts';
import { applyWorkload, readyEndpoints, REPLICAS, serviceUrl, servingNodes, webPods } from './workload.ts';

const NAME = 'e2e-loss';
const CONTROL_PLANE = `${NAME}-control-plane`;
const WORKERS = [`${NAME}-worker`, `${NAME}-worker2`, `${NAME}-worker3`];
const WAITING = { timeout: 60_000, interval: 250 };

let cluster: NodesCluster;
beforeAll(async () => {
  using config = writeConfigFile(WORKERS.length, { 'node-monitor-grace-period': '4s' });
  cluster = await createNodesCluster(NAME, ['--config', config.path]);
  await applyWorkload(cluster);
}, 240_000);
afterAll(() => cluster[Symbol.asyncDispose]());
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await cluster.explain());
});

const startFlood = () => startLoad(serviceUrl(cluster, CONTROL_PLANE));
const podsServe = () => expect.poll(() => servingNodes(cluster), WAITING).toHaveLength(REPLICAS);
const nodesReady = () => cluster.must('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s');

/** One pod of the workload on every worker, whatever happened before. */
async function spreadOut(): Promise<void> {
  await nodesReady();
  const pods = await webPods(cluster);
  const isSpread = WORKERS.every((worker) => pods.filter(({ node }) => node === worker).length === 1);
  if (isSpread && pods.every(({ ready, ending }) => ready && !ending)) return;
  await cluster.must('scale', 'deployment/web', '--replicas=0');
  await expect.poll(() => webPods(cluster), WAITING).toEqual([]);
  await cluster.must('scale', 'deployment/web', `--replicas=${REPLICAS}`);
  await expect.poll(async () => (await servingNodes(cluster)).toSorted(), WAITING).toEqual(WORKERS.toSorted());
}

/** Each node runs what the API says that it runs, once, and nothing else. */
async function nodesRunWhatTheApiSays(): Promise<void> {
  const difference = async () => {
    const pods = await webPods(cluster);
    const found = await Promise.all(WORKERS.map((node) => runningWebPods(cluster, node)));
    const declared = WORKERS.map((node) => pods.filter((pod) => pod.node === node).map(({ name }) => name));
    return {
      pods: pods.length,
      found,
      surplus: JSON.stringify(found) === JSON.stringify(declared.map((names) => names.toSorted())),
    };
  };
  await expect.poll(difference, WAITING).toMatchObject({ pods: REPLICAS, surplus: true });
}

test('a rolling update over three nodes and its undo lose no request', async () => {
  await spreadOut();
  const load = startFlood();
  await cluster.must('set', 'env', 'deployment/web', 'GREETING=again');
  await cluster.must('rollout', 'status', 'deployment/web', '--timeout=90s');
  await cluster.must('rollout', 'undo', 'deployment/web');
  await cluster.must('rollout', 'status', 'deployment/web', '--timeout=90s');
  const { failures, answered } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
});

test('draining every node in turn loses no request and keeps the disruption budget', async () => {
  await spreadOut();
  const load = startFlood();
  for (const node of WORKERS) {
    await cluster.must('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=90s');
    expect(await runningWebPods(cluster, node)).toEqual([]);
    await podsServe();
    await cluster.must('uncordon', node);
  }
  const { failures, answered } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
});

test('a node that dies leaves the Service, its pods are replaced, and it comes back clean', async () => {
  await spreadOut();
  const lost = WORKERS[1] ?? '';
  const address = (await webPods(cluster)).find(({ node }) => node === lost)?.address ?? '';
  expect(address).not.toBe('');
  const load = startFlood();
  const container = cluster.engine.getContainer(lost);
  await container.kill({ signal: 'SIGKILL' });
  await expect.poll(() => readyEndpoints(cluster), WAITING).not.toContain(address);
  // Rules follow endpoints within moments; a second is plenty also where both cores are busy.
  const left = new Date(Date.now() + 1000).toISOString();
  await expect
    .poll(async () => (await servingNodes(cluster)).filter((node) => node !== lost), WAITING)
    .toHaveLength(REPLICAS);
  const { failures } = await load.stop();
  expect(failures.filter((failure) => failure > left)).toEqual([]);
  expect(await cluster.must('get', 'node', lost)).toMatch(/NotReady/);
  await container.start();
  await nodesReady();
  await podsServe();
  await nodesRunWhatTheApiSays();
});

test('a node that is cut off keeps its pods running, and is set right when it is back', async () => {
  await spreadOut();
  const cut = WORKERS[2] ?? '';
  const [plan] = cluster.record().containers.filter(({ name }) => name === cut);
  const [pod] = (await webPods(cluster)).filter(({ node }) => node === cut);
  const network = cluster.engine.getNetwork(cluster.record().network);
  await network.disconnect({ Container: cut, Force: true });
  try {
    await expect
      .poll(async () => (await servingNodes(cluster)).filter((node) => node !== cut), WAITING)
      .toHaveLength(REPLICAS);
    expect(await runningWebPods(cluster, cut)).toEqual([pod?.name]);
    const asked = `exec 3<>/dev/tcp/${pod?.address}/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
    expect((await cluster.exec(cut, 'bash', '-c', asked)).stdout).toContain(`from ${pod?.name}`);
  } finally {
    await network.connect({ Container: cut, EndpointConfig: { IPAMConfig: { IPv4Address: plan?.address } } });
  }
  await nodesReady();
  await podsServe();
  await nodesRunWhatTheApiSays();
  // Its rules are those of today: it reaches every pod there is.
  const answers = await Promise.all(Array.from({ length: 60 }, () => get(serviceUrl(cluster, cut))));
  expect(new Set(answers).size).toBe(REPLICAS);
});

test('a node that is deleted is forgotten with its pods, and registers anew when its kubelet starts again', async () => {
  await spreadOut();
  const gone = WORKERS[0] ?? '';
  await cluster.engine.getContainer(gone).kill({ signal: 'SIGKILL' });
  await cluster.must('delete', 'node', gone);
  await expect
    .poll(async () => (await webPods(cluster)).filter(({ node, ready }) => node !== gone && ready).length, WAITING)
    .toBe(REPLICAS);
  await expect.poll(async () => (await webPods(cluster)).filter(({ node }) => node === gone), WAITING).toEqual([]);
  await cluster.engine.getContainer(gone).start();
  await cluster.must('wait', '--for=create', `node/${gone}`, '--timeout=60s');
  await nodesReady();
  await nodesRunWhatTheApiSays();
});

test('nodes hold nothing of a workload that is gone', async () => {
  await spreadOut();
  await cluster.must('delete', 'deployment,service', 'web', '--timeout=60s');
  await expect.poll(() => webPods(cluster), WAITING).toEqual([]);
  for (const node of WORKERS) {
    const none = { containers: [], volumes: [], pods: [] };
    await expect.poll(() => nodeRemains(cluster, node), WAITING).toMatchObject(none);
    const { mounts, devices, rules } = await nodeRemains(cluster, node);
    expect(mounts?.filter((mount) => /overlay2|kubelet|netns/.test(mount))).toEqual([]);
    expect(devices?.filter((device) => device.startsWith('veth'))).toEqual([]);
    expect(rules?.filter((rule) => rule.includes('default/web'))).toEqual([]);
  }
});
