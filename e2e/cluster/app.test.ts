// The whole path as a user walks it, on one cluster that one process holds: apply, serve, update under load, roll back, break.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { get, startLoad } from '../support/http-load.ts';
import { createTestCluster, type TestCluster } from '../support/test-cluster.ts';

const URL = 'http://127.0.0.1:30080/';
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await createTestCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await cluster.explain());
});

/** A shell command that prints the answer; wget of a static busybox crashes on this C library. */
const fetching = (address: string) => `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} 80`;
const rolledOut = () => cluster.must('rollout', 'status', 'deployment/hello', '--timeout=90s');
const podNames = async () =>
  (await cluster.must('get', 'pods', '-l', 'app=hello', '-o', 'name'))
    .trim()
    .split('\n')
    .filter((name) => name !== '');

test('the sample app is applied by tkctl and answers through its NodePort', async () => {
  const applied = await cluster.tkctl('apply', '-f', 'manifests/examples/app.yaml');
  expect(applied).toMatchObject({ code: 0, stderr: '' });
  expect(applied.stdout).toBe('configmap/hello created\ndeployment.apps/hello created\nservice/hello created\n');
  await rolledOut();
  expect(await get(URL)).toMatch(/^Hello from typekube from hello-/);
});

test('requests are spread over all replicas', async () => {
  const answers = await Promise.all(Array.from({ length: 90 }, () => get(URL)));
  expect(new Set(answers).size).toBe(3);
});

test('logs holds what a bug report needs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-logs-'));
  const archive = join(directory, 'logs.tar.gz');
  try {
    expect(await cluster.tkctl('cluster', 'logs', 'e2e', '--output', archive)).toMatchObject({ code: 0 });
    execFileSync('tar', ['-xzf', archive, '-C', directory]);
    const files = readdirSync(join(directory, 'e2e'), { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(
      expect.arrayContaining(['cluster.log', 'nft.txt', 'events.txt', 'describe/nodes.txt', 'metrics/apiserver.txt']),
    );
    expect(files.filter((file) => /^pods\/k8s_.*hello.*\.log$/.test(file)).length).toBeGreaterThan(0);
    expect(files.filter((file) => file.includes('secrets'))).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a pod reaches the Service by its name and by its address, itself included', async () => {
  const [pod = ''] = await podNames();
  const looked = await cluster.must('exec', pod, '--', 'nslookup', 'hello.default.svc.cluster.local');
  const address = (await cluster.must('get', 'service', 'hello', '-o', 'jsonpath={.spec.clusterIP}')).trim();
  expect(looked).toContain(address);
  for (let attempt = 0; attempt < 6; attempt++) {
    expect(await cluster.must('exec', pod, '--', 'wget', '-q', '-O', '-', `http://${address}/`)).toContain(
      'Hello from typekube',
    );
  }
});

test('a rolling update and its undo lose no request, from outside and from a pod', async () => {
  const address = (await cluster.must('get', 'service', 'hello', '-o', 'jsonpath={.spec.clusterIP}')).trim();
  const client = `while true; do ${fetching(address)} | grep -q ' from hello-' && echo ok || echo LOST; done`;
  await cluster.must(
    'run',
    'client',
    '--image=typekube/hello:1',
    '--restart=Never',
    '--command',
    '--',
    'sh',
    '-c',
    client,
  );
  await cluster.must('wait', '--for=condition=Ready', 'pod/client', '--timeout=60s');
  const load = startLoad(URL);
  await cluster.must('set', 'env', 'deployment/hello', 'GREETING=Second');
  await rolledOut();
  expect(await get(URL)).toMatch(/^Second from hello-/);
  await cluster.must('rollout', 'undo', 'deployment/hello');
  await rolledOut();
  expect(await get(URL)).toMatch(/^Hello from typekube from hello-/);
  const { answered, failures } = await load.stop();
  const inside = await cluster.must('logs', 'client');
  await cluster.must('delete', 'pod', 'client', '--now');
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(inside).toMatch(/^ok$/m);
  expect(inside).not.toContain('LOST');
});

test('a deleted pod is replaced and a killed container restarted', async () => {
  const [first = '', second = ''] = await podNames();
  await cluster.must('delete', first, '--wait=false');
  await rolledOut();
  await cluster.kubectl('exec', second, '--', 'sh', '-c', 'kill -9 $(pidof httpd) ; kill -TERM 1');
  const restarts = async () =>
    Number(await cluster.must('get', second, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'));
  await expect.poll(restarts, { timeout: 60_000, interval: 200 }).toBe(1);
  await cluster.must('wait', '--for=condition=Ready', second, '--timeout=60s');
});

test('scaling, logs, exec and describe work with stock kubectl', async () => {
  await cluster.must('scale', 'deployment/hello', '--replicas=5');
  await rolledOut();
  // Pods that are on their way out from before are listed until they have gone.
  await expect.poll(podNames, { timeout: 30_000 }).toHaveLength(5);
  const [pod = ''] = await podNames();
  expect(await cluster.must('exec', pod, '--', 'sh', '-c', 'echo $GREETING')).toBe('Hello from typekube\n');
  expect((await cluster.kubectl('exec', pod, '--', 'sh', '-c', 'exit 7')).code).toBe(7);
  expect(await cluster.must('describe', pod)).toMatch(/Successfully assigned default\/hello-/);
});

test('deleting the namespace of the app leaves nothing of it running', async () => {
  await cluster.must('delete', '-f', 'manifests/examples/app.yaml', '--timeout=60s');
  await expect.poll(podNames, { timeout: 60_000, interval: 200 }).toEqual([]);
});

test('every part of the process shows its metrics at its API server or its kubelet', async () => {
  const node = (await cluster.must('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
  const kubelet = `/api/v1/nodes/${node}/proxy/metrics`;
  const pages = {
    '/metrics': 'apiserver_request_total',
    '/metrics/kube-scheduler': 'scheduler_schedule_attempts_total',
    '/metrics/kube-controller-manager': 'rest_client_requests_total',
    [kubelet]: 'kubelet_running_pods',
    [`${kubelet}/kube-proxy`]: 'kubeproxy_sync_proxy_rules_duration_seconds',
    [`${kubelet}/coredns`]: 'coredns_cache_entries',
  };
  for (const [page, metric] of Object.entries(pages)) {
    expect(await cluster.must('get', '--raw', page), page).toContain(`\n${metric}`);
  }
});
