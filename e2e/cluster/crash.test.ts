// kill -9 in the middle of a rollout, every component in turn and each on its own, on both stores: the rollout completes, no
// container restarts needlessly and no acknowledged write is lost.
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTestCluster, type TestCluster } from '../support/test-cluster.ts';

const COMPONENTS = ['apiserver', 'scheduler', 'controller-manager', 'kubelet', 'proxy', 'dns'];

describe.each([
  { store: 'embedded' as const, components: COMPONENTS },
  { store: 'etcd' as const, components: ['apiserver', 'etcd'] },
])('a process per component on $store', ({ store, components }) => {
  let cluster: TestCluster;
  let generation = 0;
  beforeAll(async () => {
    cluster = await createTestCluster({ store, separateProcesses: true });
    await cluster.must('apply', '-f', 'manifests/examples/app.yaml');
    await cluster.must('rollout', 'status', 'deployment/hello', '--timeout=90s');
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(await cluster.explain());
  });

  /** kubectl until it succeeds: while a component restarts, a client may be refused. */
  async function eventually(...args: string[]): Promise<string> {
    let answer = '';
    await expect
      .poll(
        async () => {
          const ran = await cluster.kubectl(...args);
          answer = ran.stdout;
          return ran.code;
        },
        { timeout: 60_000, interval: 200 },
      )
      .toBe(0);
    return answer;
  }

  test.each(components)('%s killed during a rollout', async (component) => {
    const before = cluster.pid(component);
    const value = `v${++generation}`;
    await cluster.must('create', 'configmap', `acknowledged-${generation}`, `--from-literal=value=${value}`);
    await cluster.must('set', 'env', 'deployment/hello', `GREETING=${value}`);
    process.kill(before, 'SIGKILL');
    await expect.poll(() => cluster.pid(component), { timeout: 30_000 }).not.toBe(before);
    await eventually('rollout', 'status', 'deployment/hello', '--timeout=60s');
    const written = await eventually('get', 'configmap', `acknowledged-${generation}`, '-o', 'jsonpath={.data.value}');
    expect(written).toBe(value);
    const restarts = await eventually(
      'get',
      'pods',
      '-l',
      'app=hello',
      '-o',
      'jsonpath={.items[*].status.containerStatuses[*].restartCount}',
    );
    expect(new Set(restarts.split(' '))).toEqual(new Set(['0']));
  });
});

test('a cluster of one process that is killed comes back with its containers untouched', async () => {
  await using cluster = await createTestCluster();
  await cluster.must('apply', '-f', 'manifests/examples/app.yaml');
  await cluster.must('rollout', 'status', 'deployment/hello', '--timeout=90s');
  const containers = () =>
    spawnSync('docker', ['ps', '-q', '--no-trunc', '--filter', 'label=io.kubernetes.container.name=web'], {
      encoding: 'utf8',
    })
      .stdout.trim()
      .split('\n')
      .toSorted();
  const before = containers();
  process.kill(cluster.pid('cluster'), 'SIGKILL');
  const again = await cluster.tkctl('cluster', 'create', 'e2e');
  expect(again).toMatchObject({ code: 0 });
  await cluster.must('rollout', 'status', 'deployment/hello', '--timeout=90s');
  expect(containers()).toEqual(before);
});
