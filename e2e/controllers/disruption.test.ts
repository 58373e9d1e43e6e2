// Disruption budgets as an operator meets them: an API server and a controller manager as processes, stock kubectl, and the
// least of a kubelet. Evictions within a budget succeed, beyond it they are refused, and a drain waits for its turn.
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isApiError } from '../../pkg/api/meta/status.ts';
import { formatTime } from '../../pkg/api/meta/time.ts';
import { deployments, events, jobs, namespaces, podDisruptionBudgets, pods } from '../../pkg/api/resources.ts';
import type { Pod } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import type { PodDisruptionBudgetSpec } from '../../pkg/api/schema/generated/policy.v1.gen.ts';
import type { Client } from '../../pkg/client/client.ts';
import { createInformer, type Informer } from '../../pkg/client/informer.ts';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { silentLogger } from '../../pkg/logging/logger.ts';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { createNodes, smallKubelet } from './cluster.ts';

const WITHIN = { timeout: 20_000, interval: 50 };
// The nodes' heartbeats are nobody's business here.
const CONTROLLERS = '*,-node-lifecycle-controller,-taint-eviction-controller';
const parts = new AsyncDisposableStack();
let server: ApiServerProcess;
let kubectl: string;
let client: Client;
let running: Informer<Pod>;

beforeAll(async () => {
  kubectl = await kubectlPath(35);
  server = parts.use(await startApiServer({ controllers: CONTROLLERS }));
  const { transport } = await connectCluster({ path: server.kubeconfig, env: {}, home: homedir() });
  parts.defer(() => transport.close());
  client = createClient(transport);
  await createNodes(client);
  const stop = new AbortController();
  running = createInformer(client.resource(pods), { clock: realClock, random: Math.random, log: silentLogger });
  running.on(smallKubelet(client));
  const informing = running.run(stop.signal);
  parts.defer(async () => {
    stop.abort(new Error('the test is over'));
    await informing;
  });
});
afterAll(() => parts.disposeAsync());

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(kubectl, [`--kubeconfig=${server.kubeconfig}`, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

function evict(namespace: string, name: string): Promise<Ran> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  return run(['create', '--raw', path, '-f', '-'], JSON.stringify(body));
}

async function freshNamespace(name: string): Promise<string> {
  await client.resource(namespaces).create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
  return name;
}

const selector = { matchLabels: { app: 'web' } };

async function budget(namespace: string, spec: PodDisruptionBudgetSpec): Promise<void> {
  const metadata = { namespace, name: 'web' };
  await client.resource(podDisruptionBudgets).create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { selector, ...spec },
    status: {},
  });
}

async function deploy(namespace: string, replicas: number): Promise<void> {
  const { code, stderr } = await run(
    ['apply', '-f', '-'],
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name: 'web' },
      spec: {
        replicas,
        selector,
        template: {
          metadata: { labels: { app: 'web', in: namespace } },
          spec: { containers: [{ name: 'c', image: 'i' }] },
        },
      },
    }),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** expected, desired, healthy, allowed */
async function reckoning(namespace: string) {
  const { metadata, status } = await client.resource(podDisruptionBudgets).get({ namespace, name: 'web' });
  if (status.observedGeneration !== metadata.generation) return 'not observed';
  return [status.expectedPods, status.desiredHealthy, status.currentHealthy, status.disruptionsAllowed];
}

async function reason(namespace: string): Promise<string> {
  const { status } = await client.resource(podDisruptionBudgets).get({ namespace, name: 'web' });
  const condition = status.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  return `${condition?.status} ${condition?.reason} ${condition?.message}`.trim();
}

async function said(namespace: string, why: string): Promise<string | undefined> {
  const { items } = await client.resource(events).list({ namespace });
  return items.find((event) => event.reason === why && event.involvedObject.name === 'web')?.message;
}

const podsOf = (namespace: string) => running.store.list(namespace).map(({ metadata }) => metadata.name);

test('a budget follows its pods, its own spec and the scale of what controls the pods', async () => {
  const ns = await freshNamespace('follows');
  await budget(ns, { minAvailable: '50%' });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([0, 0, 0, 0]);
  expect(await reason(ns)).toBe('False InsufficientPods');
  await expect.poll(() => said(ns, 'NoPods'), WITHIN).toBe('No matching pods found');
  await deploy(ns, 3);
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([3, 2, 3, 1]);
  expect(await reason(ns)).toBe('True SufficientPods');
  const key = { namespace: ns, name: 'web' };
  await client.resource(deployments).patch(key, { spec: { replicas: 5 } }, 'merge', { subresource: 'scale' });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([5, 3, 5, 2]);
  await client.resource(podDisruptionBudgets).patch(key, { spec: { minAvailable: null, maxUnavailable: 0 } }, 'merge');
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([5, 5, 5, 0]);
});

test('evictions within the budget succeed and beyond it are refused', async () => {
  const ns = await freshNamespace('evictions');
  await deploy(ns, 3);
  await budget(ns, { minAvailable: 3 });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([3, 3, 3, 0]);
  const [first = ''] = podsOf(ns);
  const refused = await evict(ns, first);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
  await client
    .resource(podDisruptionBudgets)
    .patch({ namespace: ns, name: 'web' }, { spec: { minAvailable: 2 } }, 'merge');
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([3, 2, 3, 1]);
  expect(await evict(ns, first)).toMatchObject({ code: 0, stderr: '' });
  await expect.poll(() => podsOf(ns).includes(first), WITHIN).toBe(false);
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([3, 2, 3, 1]);
  const { status } = await client.resource(podDisruptionBudgets).get({ namespace: ns, name: 'web' });
  expect(status.disruptedPods).toBeUndefined();
});

test.each([
  { name: 'kept while the budget is not met', spec: { minAvailable: 2 }, evicted: false },
  { name: 'not kept once the rest is enough', spec: { minAvailable: 1 }, evicted: true },
  {
    name: 'not kept when the policy says so',
    spec: { minAvailable: 2, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    evicted: true,
  },
])('a pod that is not healthy is $name', async ({ name, spec, evicted }) => {
  const ns = await freshNamespace(name.replaceAll(' ', '-'));
  await deploy(ns, 2);
  await budget(ns, spec);
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([2, spec.minAvailable, 2, 2 - spec.minAvailable]);
  const [sick = ''] = podsOf(ns);
  const status = { conditions: [{ type: 'Ready', status: 'False' }] };
  const key = { namespace: ns, name: sick };
  await client.resource(pods).patch(key, { status }, 'strategic', { subresource: 'status' });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([2, spec.minAvailable, 1, 0]);
  expect((await evict(ns, sick)).code).toBe(evicted ? 0 : 1);
});

test('kubectl drain empties a node in turns that the budget allows', async () => {
  const ns = await freshNamespace('drained');
  await deploy(ns, 4);
  await budget(ns, { maxUnavailable: 1 });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([4, 3, 4, 1]);
  const there = running.store.list(ns).filter((pod) => pod.spec.nodeName === 'node-a');
  expect(there.length).toBeGreaterThan(1);
  const { code, stdout, stderr } = await run(['drain', 'node-a', '--timeout=60s', `--pod-selector=in=${ns}`]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain('node/node-a drained');
  const left = new Set(podsOf(ns));
  expect(there.filter(({ metadata }) => left.has(metadata.name))).toEqual([]);
  await run(['uncordon', 'node-a']);
});

test('what cannot be reckoned allows nothing and says why', async () => {
  const ns = await freshNamespace('unknown');
  const job = await client.resource(jobs).create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: ns, name: 'job' },
    spec: {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'job', uid: job.metadata.uid, controller: true };
  const create = async (name: string, ownerReferences: (typeof owner)[]) => {
    const metadata = { namespace: ns, name, labels: { app: 'web' }, ownerReferences };
    const spec = { containers: [{ name: 'c', image: 'i' }] };
    await client.resource(pods).create({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
  };
  await create('of-a-job', [owner]);
  await budget(ns, { maxUnavailable: '50%' });
  const fault = 'jobs.batch does not implement the scale subresource';
  await expect.poll(() => reason(ns), WITHIN).toBe(`False SyncFailed ${fault}`);
  await expect
    .poll(() => said(ns, 'CalculateExpectedPodCountFailed'), WITHIN)
    .toBe(`Failed to calculate the number of expected pods: ${fault}`);
  await client.resource(pods).delete({ namespace: ns, name: 'of-a-job' });
  await create('alone', []);
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([0, 0, 1, 0]);
  expect(await reason(ns)).toBe('False InsufficientPods');
  await expect.poll(() => said(ns, 'UnmanagedPods'), WITHIN).toContain('(selector: &LabelSelector{MatchLabels:');
});

test('what was granted or announced and did not happen is forgotten after two minutes', async () => {
  const ns = await freshNamespace('forgotten');
  await deploy(ns, 2);
  await budget(ns, { minAvailable: 1 });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([2, 1, 2, 1]);
  const [name = ''] = podsOf(ns);
  const key = { namespace: ns, name: 'web' };
  const almost = formatTime(realClock.now() - 117_000);
  const target = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    lastTransitionTime: almost,
  };
  await client
    .resource(pods)
    .patch({ namespace: ns, name }, { status: { conditions: [target] } }, 'strategic', { subresource: 'status' });
  const granted = { status: { disruptedPods: { [name]: almost } } };
  await client.resource(podDisruptionBudgets).patch(key, granted, 'merge', { subresource: 'status' });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([2, 1, 1, 0]);
  expect((await evict(ns, name)).code).toBe(1);
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([2, 1, 2, 1]);
  expect((await client.resource(podDisruptionBudgets).get(key)).status.disruptedPods).toBeUndefined();
  const complaints = async () => {
    const { items } = await client.resource(events).list({ namespace: ns, fieldSelector: 'reason=NotDeleted' });
    return items.map(({ message }) => message);
  };
  await expect.poll(complaints, WITHIN).toEqual([`Pod was expected by PDB ${ns}/web to be deleted but it wasn't`]);
  const announced = async () => {
    const pod = await client.resource(pods).get({ namespace: ns, name });
    return pod.status.conditions?.find(({ type }) => type === 'DisruptionTarget')?.status;
  };
  await expect.poll(announced, WITHIN).toBe('False');
});

test('a budget that is settled is not written again', async () => {
  const ns = await freshNamespace('settled');
  await deploy(ns, 2);
  await budget(ns, { maxUnavailable: 1 });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([2, 1, 2, 1]);
  const key = { namespace: ns, name: 'web' };
  const { metadata } = await client.resource(podDisruptionBudgets).get(key);
  // Each of these makes the controller look at the budget, before it looks at the one that is made after them.
  for (const name of podsOf(ns)) {
    await client
      .resource(pods)
      .patch({ namespace: ns, name }, { metadata: { annotations: { looked: 'at' } } }, 'merge');
  }
  const probe = await freshNamespace('settled-probe');
  await budget(probe, { minAvailable: 1 });
  await expect.poll(() => reckoning(probe), WITHIN).toEqual([0, 1, 0, 0]);
  expect((await client.resource(podDisruptionBudgets).get(key)).metadata.resourceVersion).toBe(
    metadata.resourceVersion,
  );
});

test('a budget that is deleted stops nothing', async () => {
  const ns = await freshNamespace('lifted');
  await deploy(ns, 1);
  await budget(ns, { maxUnavailable: 0 });
  await expect.poll(() => reckoning(ns), WITHIN).toEqual([1, 1, 1, 0]);
  await client.resource(podDisruptionBudgets).delete({ namespace: ns, name: 'web' });
  const [name = ''] = podsOf(ns);
  expect(await evict(ns, name)).toMatchObject({ code: 0 });
  const gone = async () => {
    try {
      await client.resource(pods).get({ namespace: ns, name });
      return false;
    } catch (error) {
      return isApiError(error, 'NotFound');
    }
  };
  await expect.poll(gone, WITHIN).toBe(true);
});
