// Kill -9 of a random process or node, round after round, while workloads change all the time. Afterwards the workloads are as declared
// and every node is as it was before there were any: no container, mount, rule, route, address or volume too many.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNodesCluster, type NodesCluster } from '../support/nodes-cluster.ts';
import { writeConfigFile } from './config-file.ts';
import { nodeRemains, runningWebPods } from './node-containers.ts';
import { applyWorkload, servingNodes, webPods } from './workload.ts';

const NAME = 'e2e-chaos';
const CONTROL_PLANE = `${NAME}-control-plane`;
const WORKERS = [`${NAME}-worker`, `${NAME}-worker2`];
const NODES = [CONTROL_PLANE, ...WORKERS];
/** More of them by hand: CHAOS_ROUNDS=50. */
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 12);
/** The same rounds again by hand, when a run has found something: CHAOS_SEED=... */
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const WAITING = { timeout: 120_000, interval: 500 };
const SETTLED = 3;

let cluster: NodesCluster;
beforeAll(async () => {
  using config = writeConfigFile(WORKERS.length, { 'node-monitor-grace-period': '8s' });
  cluster = await createNodesCluster(NAME, ['--config', config.path]);
}, 240_000);
afterAll(() => cluster[Symbol.asyncDispose]());
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(`CHAOS_SEED=${SEED}\n${await cluster.explain()}`);
});

/** A small generator (mulberry32), so that a seed gives the same rounds again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const killProgram = (pattern: string) => async (node: string) => {
  // By id, and only inside the node's own container; nothing may run just then.
  await cluster.exec(node, 'sh', '-c', `pids=$(pgrep -f '${pattern}') && kill -9 $pids || true`);
};
const blows: readonly { readonly what: string; readonly on: readonly string[]; strike(node: string): Promise<void> }[] =
  [
    { what: 'node process', on: NODES, strike: killProgram('dist/node.js') },
    { what: 'engine', on: NODES, strike: killProgram('^dockerd') },
    { what: "engine's containerd", on: NODES, strike: killProgram('^containerd --config') },
    { what: 'a container', on: WORKERS, strike: killProgram('^httpd') },
    { what: 'a sandbox', on: WORKERS, strike: killProgram('^/pause') },
    { what: 'control plane', on: [CONTROL_PLANE], strike: killProgram('dist/control-plane.js') },
    {
      what: 'node',
      on: WORKERS,
      async strike(node) {
        const container = cluster.engine.getContainer(node);
        await container.kill({ signal: 'SIGKILL' });
        await container.start();
      },
    },
  ];

/** Of every node, once what the nodes know of each other has reached their kernels and nothing has moved for some seconds. */
async function settledRemains(): Promise<Record<string, string[]>[]> {
  const looks: string[] = [];
  let seen: Record<string, string[]>[] = [];
  const unmoved = async () => {
    seen = await Promise.all(NODES.map((node) => nodeRemains(cluster, node)));
    looks.push(JSON.stringify(seen));
    const routed = seen.every(
      ({ routes }) => routes?.filter((route) => route.includes('proto 84')).length === WORKERS.length,
    );
    return routed && looks.length >= 3 && new Set(looks.slice(-3)).size === 1;
  };
  await expect.poll(unmoved, { ...WAITING, interval: 2000 }).toBe(true);
  return seen;
}

/** A change that a user would make; the API server may be away just now, and the user would try again. */
async function churn(round: number): Promise<void> {
  const change =
    round % 3 === 0
      ? ['set', 'env', 'deployment/web', `GREETING=round${round}`]
      : ['scale', 'deployment/web', `--replicas=${2 + (round % 4)}`];
  await expect.poll(async () => (await cluster.kubectl(...change, '--request-timeout=5s')).code, WAITING).toBe(0);
}

test(
  `${ROUNDS} rounds of kill -9 under churn leave nothing but what is declared`,
  async () => {
    // There is none but after a first try that failed.
    await cluster.must('delete', 'deployment,service,poddisruptionbudget', 'web', '--ignore-not-found');
    await expect.poll(() => webPods(cluster), WAITING).toEqual([]);
    const clean = await settledRemains();
    await applyWorkload(cluster);
    const random = randomFrom(SEED);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T; // of is never empty
    for (let round = 0; round < ROUNDS; round++) {
      const blow = pick(blows);
      const node = pick(blow.on);
      console.log(`round ${round}: ${blow.what} of ${node}`);
      await Promise.all([churn(round), blow.strike(node)]);
    }
    await expect.poll(async () => (await cluster.kubectl('get', '--raw=/readyz')).code, WAITING).toBe(0);
    await cluster.must('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=120s');
    await cluster.must('set', 'env', 'deployment/web', 'GREETING=settled');
    await cluster.must('scale', 'deployment/web', `--replicas=${SETTLED}`);
    await cluster.must('rollout', 'status', 'deployment/web', '--timeout=180s');
    await expect.poll(async () => (await webPods(cluster)).length, WAITING).toBe(SETTLED);
    expect(await servingNodes(cluster)).toHaveLength(SETTLED);
    const declared = (await webPods(cluster)).map(({ name }) => name).toSorted();
    const running = async () =>
      (await Promise.all(WORKERS.map((node) => runningWebPods(cluster, node)))).flat().toSorted();
    await expect.poll(running, WAITING).toEqual(declared);

    await cluster.must('delete', 'deployment,service,poddisruptionbudget', 'web', '--timeout=60s');
    await expect.poll(() => webPods(cluster), WAITING).toEqual([]);
    for (const [index, node] of NODES.entries()) {
      await expect.poll(() => nodeRemains(cluster, node), WAITING).toEqual(clean[index]);
    }
  },
  200_000 + ROUNDS * 20_000,
);
