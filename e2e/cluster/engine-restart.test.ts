// The engine is killed and started again under a running cluster, of one process and of nodes in containers, in the middle of a rollout:
// the rollout completes and the app serves again.
import { expect, test } from 'vitest';
import { engineAt, untilDone } from '../../pkg/cluster/engine.ts';
import { get } from '../support/http-load.ts';
import { createNodesCluster, nodesHome, succeeded } from '../support/nodes-cluster.ts';
import { startOwnEngine } from '../support/own-engine.ts';
import { createTestCluster } from '../support/test-cluster.ts';

test('an engine that is killed during a rollout and comes back finds its pods running again', async () => {
  await using engine = await startOwnEngine();
  await using cluster = await createTestCluster({ engine: engine.endpoint });
  await cluster.must('apply', '-f', 'manifests/examples/app.yaml');
  await cluster.must('rollout', 'status', 'deployment/hello', '--timeout=90s');
  await cluster.must('set', 'env', 'deployment/hello', 'GREETING=Again');
  await engine.kill();
  await engine.start();
  const rolledOut = await cluster.kubectl('rollout', 'status', 'deployment/hello', '--timeout=100s');
  if (rolledOut.code !== 0) console.log(await cluster.explain());
  expect(rolledOut.code).toBe(0);
  await expect.poll(() => get('http://127.0.0.1:30080/'), { timeout: 20_000 }).toMatch(/^Again from hello-/);
  expect(await cluster.must('get', 'nodes')).toMatch(/ Ready /);
});

/** As a copy: the engine of a test has none, and making one takes a minute. */
async function giveNodeImage(endpoint: string): Promise<void> {
  await using home = await nodesHome('e2e-image');
  const image = (await succeeded(home.tkctl('cluster', 'build-node-image'))).stdout.trim();
  const own = engineAt(endpoint);
  await untilDone(own, await own.loadImage(await home.engine.getImage(image).get(), { quiet: true }));
}

test('nodes in containers come back with the engine that was killed below them', async () => {
  await using engine = await startOwnEngine('tk-e2e-engine');
  await giveNodeImage(engine.endpoint);
  await using cluster = await createNodesCluster('e2e-engine', ['--workers', '0'], engine);
  const rolledOut = () => cluster.kubectl('rollout', 'status', 'deployment/hello', '--timeout=100s');
  await cluster.must('apply', '-f', 'manifests/examples/app.yaml');
  expect(await rolledOut()).toMatchObject({ code: 0 });
  const nodes = cluster.record().containers.map(({ name }) => cluster.engine.getContainer(name));
  const starts = () => Promise.all(nodes.map(async (node) => (await node.inspect()).State.StartedAt));
  const before = await starts();
  await cluster.must('set', 'env', 'deployment/hello', 'GREETING=Again');
  await engine.kill();
  await engine.start();
  const allAgain = async () => (await starts()).every((time, index) => time !== before[index]);
  await expect.poll(allAgain, { timeout: 60_000, interval: 200 }).toBe(true);
  await expect.poll(async () => (await cluster.kubectl('get', '--raw', '/readyz')).code, { timeout: 60_000 }).toBe(0);
  const after = await rolledOut();
  if (after.code !== 0) console.log(await cluster.explain());
  expect(after.code).toBe(0);
  await cluster.must('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s');
  const fetch = ['wget', '-q', '-O', '-', 'http://127.0.0.1:8080/'];
  expect(await cluster.must('exec', 'deployment/hello', '--', ...fetch)).toMatch(/^Again from hello-/);
  expect((await cluster.tkctl('cluster', 'list')).stdout).toMatch(/^e2e-engine +Running +1/m);
}, 240_000);
