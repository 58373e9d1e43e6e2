// Three control planes: any one of them, and any one etcd member, is killed while a client writes all the time. What was
// acknowledged is there, writes go on within ten seconds, a watcher misses nothing, and the killed one comes back by itself.
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { configMaps } from '../../pkg/api/resources.ts';
import { readinessProbe } from '../../pkg/cluster/load-balancer/readiness-probe.ts';
import { startConstantWrites } from '../support/constant-writes.ts';
import { createNodesCluster, succeeded, type NodesCluster } from '../support/nodes-cluster.ts';

const NAME = 'e2e-planes';
const RESUME_WITHIN_MS = 10_000;
let cluster: NodesCluster;
beforeAll(async () => {
  cluster = await createNodesCluster(NAME, ['--control-planes', '3', '--workers', '0']);
}, 240_000);
afterAll(() => cluster[Symbol.asyncDispose]());
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await cluster.explain());
});

const planes = [`${NAME}-control-plane`, `${NAME}-control-plane2`, `${NAME}-control-plane3`];

/** The node whose process holds a lease of kube-system. */
async function leaderOf(lease: string): Promise<string> {
  const holder = await cluster.must(
    'get',
    'lease',
    '-n',
    'kube-system',
    lease,
    '-o',
    'jsonpath={.spec.holderIdentity}',
  );
  return holder.slice(0, holder.lastIndexOf('_'));
}

const addressOf = (plane: string) => cluster.record().containers.find(({ name }) => name === plane)?.address ?? '';
const pki = (file: string) => readFileSync(join(dirname(cluster.kubeconfig), 'clusters', NAME, 'pki', file));

/** Every API server is ready and every node Ready. */
async function whole(): Promise<void> {
  using probe = readinessProbe(String(pki('ca.crt')));
  const ready = () =>
    Promise.all(planes.map((plane) => probe.isReady(`${addressOf(plane)}:6443`, AbortSignal.timeout(5000))));
  await expect.poll(ready, { timeout: 90_000, interval: 500 }).toEqual([true, true, true]);
  await expect.poll(etcdLeaders, { timeout: 60_000, interval: 500 }).toHaveLength(1);
  await cluster.must('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=90s');
}

/** Every member must answer; one of them leads. */
async function etcdLeaders(): Promise<string[]> {
  const tls = { ca: pki('etcd/ca.crt'), cert: pki('etcd/client.crt'), key: pki('etcd/client.key') };
  const pages = await Promise.all(planes.map((plane) => page(`https://${addressOf(plane)}:2379/metrics`, tls)));
  if (pages.includes('')) return [];
  return planes.filter((_, index) => /^etcd_server_is_leader 1$/m.test(pages[index] ?? ''));
}

/** '' when there is no answer. */
function page(url: string, tls: { ca: Buffer; cert: Buffer; key: Buffer }): Promise<string> {
  return new Promise((resolve) => {
    const call = get(url, { ...tls, agent: false, timeout: 2000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
      response.on('error', () => resolve(''));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(''));
  });
}

/** Answers with what brings it back: nothing starts a killed container but a person, or the engine's next start. */
async function killNode(plane: string): Promise<() => Promise<void>> {
  const container = cluster.engine.getContainer(plane);
  await container.kill({ signal: 'SIGKILL' });
  return () => container.start();
}

/** Its supervisor brings it back. */
async function killProcess(plane: string, program: string): Promise<() => Promise<void>> {
  const { code, stderr } = await cluster.exec(plane, 'sh', '-c', `kill -9 $(pgrep -f '${program}')`);
  expect(`${code} ${stderr}`).toMatch(/^(0|137) /);
  return async () => undefined;
}

async function follower(): Promise<string> {
  const leader = await leaderOf('kube-controller-manager');
  return planes.find((plane) => plane !== leader) ?? '';
}

test('three members serve, and one scheduler and one controller manager lead', async () => {
  await whole();
  expect(planes).toContain(await leaderOf('kube-scheduler'));
  expect(planes).toContain(await leaderOf('kube-controller-manager'));
});

test.each([
  { what: 'the node that leads', kill: async () => killNode(await leaderOf('kube-controller-manager')) },
  { what: 'another node', kill: async () => killNode(await follower()) },
  { what: "etcd's leader", kill: async () => killProcess((await etcdLeaders())[0] ?? '', '^etcd ') },
  { what: 'an API server', kill: async () => killProcess(await follower(), '/dist/control-plane.js') },
])('$what is killed under constant writes', async ({ kill }) => {
  await using writes = await startConstantWrites(cluster.kubeconfig);
  await writes.until(20);
  const before = writes.acknowledged().length;
  const restore = await kill();
  await writes.until(before + 40);
  await restore();
  await whole();
  const { longestPauseMs } = await writes.stop();
  const { items } = await writes.client.resource(configMaps).list({ namespace: writes.namespace });
  const stored = new Set(items.map(({ metadata }) => metadata.name));
  expect(writes.acknowledged().filter((name) => !stored.has(name))).toEqual([]);
  expect(longestPauseMs).toBeLessThan(RESUME_WITHIN_MS);
  await writes.watchedAll([...stored]);
  expect(writes.watchedTwice()).toEqual([]);
});

test('a member that is lost with its data is replaced, while the others serve', async () => {
  await using writes = await startConstantWrites(cluster.kubeconfig);
  await writes.until(20);
  const lost = await follower();
  await cluster.engine.getContainer(lost).remove({ force: true, v: true });
  const again = await succeeded(cluster.tkctl('cluster', 'create', NAME));
  expect(again.stderr).toContain(` * making what is missing: ${lost}\n`);
  await whole();
  const { longestPauseMs } = await writes.stop();
  expect(longestPauseMs).toBeLessThan(RESUME_WITHIN_MS);
  const { items } = await writes.client.resource(configMaps).list({ namespace: writes.namespace });
  const stored = new Set(items.map(({ metadata }) => metadata.name));
  expect(writes.acknowledged().filter((name) => !stored.has(name))).toEqual([]);
});
