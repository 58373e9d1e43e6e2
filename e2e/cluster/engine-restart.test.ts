// The engine is killed and started again under a running cluster, in the middle of a rollout: the rollout completes and the app
// serves again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get } from '../support/http-load.ts';
import { startOwnEngine, type OwnEngine } from '../support/own-engine.ts';
import { createTestCluster, type TestCluster } from '../support/test-cluster.ts';

let engine: OwnEngine;
let cluster: TestCluster;
beforeAll(async () => {
  engine = await startOwnEngine();
  cluster = await createTestCluster({ engine: engine.endpoint });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

test('an engine that is killed during a rollout and comes back finds its pods running again', async () => {
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
