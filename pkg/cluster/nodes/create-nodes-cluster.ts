// Makes a cluster of containers, or brings one back that has stopped. Every step finds what an interrupted run has left and goes
// on from there: the record says what the cluster is, the engine what there is of it.
import type Docker from 'dockerode';
import type { Clock } from '../../clock/clock.ts';
import { createClient } from '../../client/typed-client.ts';
import { adminAccessOf, adminTransport } from '../access.ts';
import { probeApi, isNodeReady, type ApiProbe } from '../api-probe.ts';
import { ClusterError, clusterDirectory, readRecord } from '../cluster-record.ts';
import { engineAt, engineEndpoint, putFiles, type ContainerFile } from '../engine.ts';
import { freePort } from '../host-addresses.ts';
import { kubeconfigPath, mergeIntoKubeconfig } from '../kubeconfig-entry.ts';
import { ensureNodeImage } from '../node-image/node-image.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { ensureNetwork, freeSubnet } from './cluster-network.ts';
import { controlPlaneFiles } from './control-plane-files.ts';
import { joinNodes } from './join-nodes.ts';
import { loadBalancerFiles } from './load-balancer-files.ts';
import { engineFacts, ensureContainer, startContainer } from './node-containers.ts';
import { nodesOf, planCluster, type AskedFor } from './nodes-plan.ts';
import { readNodesRecord, serverOf, writeNodesRecord, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

export interface CreateNodesOptions {
  readonly name: string;
  readonly config: ClusterConfig;
  readonly asked: AskedFor;
  /** The directory of the bundles. */
  readonly programs: string;
  /** The Node binary that nodes run on. */
  readonly node: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly say: (step: string) => void;
}

const API_WITHIN_MS = 60_000;
const NODES_WITHIN_MS = 120_000;
const POLL_MS = 50;
const FIRST_PORT = 6443;

export async function createNodesCluster(options: CreateNodesOptions, signal: AbortSignal): Promise<NodesRecord> {
  const { name, env, clock, say, programs, node } = options;
  if (readRecord(clusterDirectory(name, env)) !== undefined) {
    throw new ClusterError(
      `"${name}" is a cluster without containers; delete it first with "tkctl cluster delete ${name}"`,
    );
  }
  const known = readNodesRecord(name, env);
  const engine = engineAt(known?.engine ?? engineEndpoint(env));
  await answering(engine);
  const record = known === undefined ? await freshRecord(engine, options) : sameAsAsked(known, options);
  writeNodesRecord(record, env);
  const image = await ensureNodeImage({ engine, programs, node, clock, say }, signal);
  await bringUp(engine, record, image, options, signal);
  return record;
}

/** Containers, control plane and nodes of a record, whatever of them is there already. */
export async function bringUp(
  engine: Docker,
  record: NodesRecord,
  image: string,
  { env, clock, say }: Pick<CreateNodesOptions, 'env' | 'clock' | 'say'>,
  signal: AbortSignal,
): Promise<void> {
  const directory = clusterDirectory(record.name, env);
  say(`starting ${record.containers.length} containers on ${record.subnet}`);
  await ensureNetwork(engine, record);
  const facts = await engineFacts(engine);
  // One after another: they share authorities, which the first one makes.
  const filesFor = new Map<ContainerPlan, readonly ContainerFile[]>();
  for (const plan of record.containers) filesFor.set(plan, await filesOf(directory, record, plan, clock));
  await Promise.all(
    record.containers.map(async (plan) => {
      const container = await ensureContainer(engine, record, plan, image, facts);
      const files = filesFor.get(plan) ?? [];
      if (files.length > 0) await putFiles(container, files);
      await startContainer(container);
    }),
  );
  const access = await adminAccessOf(directory, serverOf(record), clock.now());
  using probe = probeApi(access);
  say('waiting for the control plane');
  await until(
    { what: 'the API server', clock, withinMs: API_WITHIN_MS, engine, record },
    async () => (await probe.get('/readyz')).status === 200,
    signal,
  );
  const nodes = record.containers.filter(({ role }) => role !== 'load-balancer').length;
  say(`joining ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`);
  const transport = adminTransport(access, clock);
  try {
    await joinNodes({ engine, record, client: createClient(transport), authority: access.authority, clock }, signal);
  } finally {
    await transport.close();
  }
  say('waiting for the nodes to be ready');
  await untilNodesReady(probe, { clock, engine, record }, signal);
  mergeIntoKubeconfig(kubeconfigPath(env), record.name, access);
}

async function freshRecord(engine: Docker, options: CreateNodesOptions): Promise<NodesRecord> {
  const { name, config, asked, env, say } = options;
  nodesOf(config, asked); // before anything is looked for
  say('choosing addresses and ports');
  const subnet = await freeSubnet(engine, name, [config.podSubnet, config.serviceSubnet]);
  const apiServerPort = await freePort(FIRST_PORT);
  return planCluster({ name, config, asked, engine: engineEndpoint(env), subnet, apiServerPort });
}

/** A cluster that exists keeps its shape; asking for another one is a mistake worth a sentence. */
function sameAsAsked(record: NodesRecord, { name, config, asked }: CreateNodesOptions): NodesRecord {
  const { subnet, engine, apiServerPort } = record;
  const planned = planCluster({ name, config, asked, engine, subnet, apiServerPort });
  if (JSON.stringify(planned) === JSON.stringify(record)) return record;
  const shape = (of: NodesRecord) =>
    of.containers
      .map(({ role }) => role)
      .toSorted()
      .join(', ');
  const difference = shape(planned) === shape(record) ? 'other settings' : `these containers: ${shape(record)}`;
  throw new ClusterError(
    `cluster "${name}" exists with ${difference}; delete it first with "tkctl cluster delete ${name}" to change that`,
  );
}

function filesOf(directory: string, record: NodesRecord, plan: ContainerPlan, clock: Clock) {
  switch (plan.role) {
    case 'control-plane':
      return controlPlaneFiles(directory, record, plan, clock.now());
    case 'load-balancer':
      return loadBalancerFiles(directory, record, clock.now());
    case 'worker':
      return Promise.resolve([]);
  }
}

async function answering(engine: Docker): Promise<void> {
  try {
    await engine.ping();
  } catch (cause) {
    throw new ClusterError('the container engine does not answer; start it and try again', { cause });
  }
}

interface Waiting {
  readonly engine: Docker;
  readonly record: NodesRecord;
  readonly clock: Clock;
}

async function untilNodesReady(probe: ApiProbe, waiting: Waiting, signal: AbortSignal): Promise<void> {
  const names = waiting.record.containers.filter(({ role }) => role !== 'load-balancer').map(({ name }) => name);
  const missing = new Set(names);
  await until(
    { ...waiting, withinMs: NODES_WITHIN_MS, what: `the nodes ${names.join(', ')}` },
    async () => {
      for (const name of missing) {
        const answer = await probe.get(`/api/v1/nodes/${name}`);
        if (answer.status === 200 && isNodeReady(answer.body)) missing.delete(name);
      }
      return missing.size === 0;
    },
    signal,
  );
}

/** A container that has ended will not become ready, so its last words are the answer. */
async function until(
  { what, withinMs, clock, engine, record }: Waiting & { readonly what: string; readonly withinMs: number },
  done: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.now() + withinMs;
  while (!(await done())) {
    if (clock.now() > deadline) {
      const seconds = withinMs / 1000;
      const see = `"tkctl cluster logs ${record.name}" collects what there is to know`;
      throw new ClusterError(`${what} did not become ready within ${seconds} s; ${see}`);
    }
    for (const { name } of record.containers) {
      const { State } = await engine.getContainer(name).inspect();
      if (!State.Running && !State.Restarting) {
        throw new ClusterError(
          `container ${name} has ended with exit code ${State.ExitCode} while waiting for ${what}`,
        );
      }
    }
    await clock.sleep(POLL_MS, signal);
  }
}
