// Metrics of a cluster whose nodes are containers: every part of every node is scraped, and the usage of pods and of a node is
// what the engines say.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineAt, engineEndpoint } from '../../pkg/cluster/engine.ts';
import { createNodesCluster, type NodesCluster } from '../support/nodes-cluster.ts';
import { applyText } from './apply.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { bothUsages, BUSY_POD, difference, toldUsage } from './usage.ts';

const NAME = 'metrics';
const WITHIN = { timeout: 110_000, interval: 1_000 };
const owned = new AsyncDisposableStack();
let cluster: NodesCluster;
let prometheus: Prometheus;

beforeAll(async () => {
  cluster = owned.use(await createNodesCluster(NAME, ['--workers=1']));
  await applyText(cluster, BUSY_POD);
  await cluster.must('wait', '--for=condition=Ready', 'pod/busy', '--timeout=60s');
  prometheus = owned.use(await startPrometheus(cluster, NAME));
}, 240_000);

afterAll(() => owned.disposeAsync(), 120_000);

test('every part of every node is up', async () => {
  const nodes = (await cluster.must('get', 'nodes', '-o', 'name'))
    .trim()
    .split('\n')
    .map((name) => name.replace('node/', ''));
  const onNodes = nodes.flatMap((node) =>
    ['coredns', 'kube-proxy', 'kubelet', 'kubelet', 'kubelet', 'kubelet'].map((job) => `${job} ${node}: up`),
  );
  const wanted = [
    ...onNodes,
    ...['apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-state-metrics'].map((job) => `${job}: up`),
  ];
  await expect
    .poll(async () => {
      const targets = await prometheus.targets();
      return targets
        .map(
          ({ labels, health, lastError }) =>
            `${labels['job']}${labels['node'] === undefined ? '' : ` ${labels['node']}`}: ${health}${lastError}`,
        )
        .toSorted();
    }, WITHIN)
    .toEqual(wanted.toSorted());
});

test('the usage of a node is what the engine says that holds it, within a tenth', async () => {
  const node = (await cluster.must('get', 'pod', 'busy', '-o', 'jsonpath={.spec.nodeName}')).trim();
  const host = engineAt(engineEndpoint(process.env));
  const found = await bothUsages(host, node, () => toldUsage(cluster, `nodes/${node}`));
  expect(difference(found.told.cores, found.engine.cores), JSON.stringify(found)).toBeLessThan(0.1);
  expect(difference(found.told.bytes, found.engine.bytes), JSON.stringify(found)).toBeLessThan(0.1);
});

test('kubectl top tells of every node', async () => {
  const names = (await cluster.must('get', 'nodes', '-o', 'name'))
    .trim()
    .split('\n')
    .map((name) => name.replace('node/', ''));
  await expect
    .poll(
      async () =>
        (await cluster.kubectl('top', 'nodes', '--no-headers')).stdout.split('\n').map((line) => line.split(' ', 1)[0]),
      WITHIN,
    )
    .toEqual(expect.arrayContaining(names));
});
