import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { freePort } from '../host-addresses.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { DEFAULT_CONFIG } from './cluster-config.ts';
import { claimNetwork } from './cluster-network.ts';
import { candidateSubnets, planCluster } from './nodes-plan.ts';
import { readNodesRecord, type NodesRecord } from './nodes-record.ts';
import { startContainers, startSteps } from './start-containers.ts';

const nothing = { workers: undefined, controlPlanes: undefined, store: undefined, portMappings: [] };
function recordOf(
  name: string,
  asked: Partial<typeof nothing> & { workers?: number; controlPlanes?: number },
  apiServerPort = 6443,
) {
  const inputs = { id: name, config: DEFAULT_CONFIG, engine: 'unix:///x', subnet: '10.89.100.0/24' };
  return planCluster({ ...inputs, name, asked: { ...nothing, ...asked }, apiServerPort });
}

async function world() {
  const engine = await FakeEngine.start();
  const home = mkdtempSync(join(tmpdir(), 'typekube-start-'));
  onTestFinished(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  });
  const said: string[] = [];
  const env = { TYPEKUBE_HOME: home };
  const image = async () => 'image';
  const start = (record: NodesRecord, otherApiPort?: () => Promise<number>) =>
    startContainers(
      {
        engine: engine.client(),
        record,
        image,
        ...(otherApiPort && { otherApiPort }),
        env,
        clock: realClock,
        say: (step) => said.push(step),
      },
      AbortSignal.timeout(10_000),
    );
  return { engine, env, said, start };
}

test('clusters that are made at the same moment get networks of their own', async () => {
  const { engine } = await world();
  // Anagrams whose first choice is the same.
  const names = Array.from({ length: 100 }, (_, index) => `c${index}`);
  const [first = '', ...others] = names;
  const second = others.find((name) => candidateSubnets(name)[0] === candidateSubnets(first)[0]) ?? '';
  const claim = (name: string) => claimNetwork(engine.client(), { name, network: `typekube-${name}` }, []);
  const subnets = await Promise.all([first, second, first].map(claim));
  expect(new Set(subnets).size).toBe(2);
  expect(await claim(first)).toBe(subnets[0]); // it is theirs already
});

test('clusters that chose the same port at the same moment are both reached', async () => {
  const { engine, env, said, start } = await world();
  const port = await freePort(0);
  const records = await Promise.all(['a', 'b'].map((name) => start(recordOf(name, {}, port), () => freePort(0))));
  const ports = records.map(({ apiServerPort }) => apiServerPort);
  expect(ports).toContain(port);
  expect(new Set(ports).size).toBe(2);
  expect(engine.ports()).toEqual({ 'a-control-plane': [ports[0]], 'b-control-plane': [ports[1]] });
  const moved = records.find(({ apiServerPort }) => apiServerPort !== port);
  expect(readNodesRecord(moved?.name ?? '', env)).toEqual(moved);
  expect(said).toContain(`port ${port} has been taken meanwhile; using ${moved?.apiServerPort}`);
});

test('a port that was asked for is not changed', async () => {
  const { start } = await world();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(start(recordOf('a', {}, port))).rejects.toThrow(`another program listens on port ${port} of 127.0.0.1`);
});

test.each<{ name: string; asked: object; states: ('new' | 'ended' | 'running')[]; says: string[] }>([
  { name: 'a new cluster of one', asked: {}, states: ['new'], says: ['starting 1 container on 10.89.100.0/24'] },
  {
    name: 'a new cluster',
    asked: { workers: 1 },
    states: ['new', 'new'],
    says: ['starting 2 containers on 10.89.100.0/24'],
  },
  {
    name: 'a stopped one',
    asked: { workers: 1 },
    states: ['ended', 'ended'],
    says: ['starting 2 containers on 10.89.100.0/24'],
  },
  { name: 'one that runs', asked: { workers: 1 }, states: ['running', 'running'], says: ['all 2 containers run'] },
  {
    name: 'nodes that died',
    asked: { workers: 2 },
    states: ['running', 'ended', 'ended'],
    says: ['starting c-worker, c-worker2, which had ended'],
  },
  {
    name: 'a worker that is gone',
    asked: { workers: 2 },
    states: ['running', 'ended', 'new'],
    says: ['making what is missing: c-worker2', 'starting c-worker, which had ended'],
  },
  {
    name: 'a store that is gone',
    asked: { workers: 1 },
    states: ['new', 'running'],
    says: ['making what is missing: c-control-plane', 'the objects of the cluster are lost with it'],
  },
  {
    name: 'one member of three that is gone',
    asked: { controlPlanes: 3 },
    states: ['running', 'running', 'running', 'new'],
    says: ['making what is missing: c-control-plane3'],
  },
])('says what it does of $name', ({ asked, states, says }) => {
  const record = recordOf('c', asked);
  const found = record.containers.map((plan, index) => ({ plan, state: states[index] ?? 'running' }));
  expect(startSteps(found, record)).toEqual(says);
});
