// Makes a cluster of containers, or brings one back that has stopped. Every step finds what an interrupted run has left and goes
// on from there: the record says what the cluster is, the engine what there is of it.
import { randomUUID } from 'node:crypto';
import type Docker from 'dockerode';
import type { Clock } from '../../clock/clock.ts';
import { ClusterError, clusterDirectory, listClusters, readRecord } from '../cluster-record.ts';
import { engineAt, engineEndpoint } from '../engine.ts';
import { freePort } from '../host-addresses.ts';
import { ensureNodeImage } from '../node-image/node-image.ts';
import { bringUp } from './bring-up.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { claimNetwork } from './cluster-network.ts';
import { containersOf } from './node-containers.ts';
import { planCluster, type AskedFor } from './nodes-plan.ts';
import { listNodesRecords, readNodesRecord, writeNodesRecord, type NodesRecord } from './nodes-record.ts';
import { planDifferences } from './plan-differences.ts';
import { isTaken, takenWords } from './published-ports.ts';

export interface CreateNodesOptions {
  readonly name: string;
  readonly config: ClusterConfig;
  readonly asked: AskedFor;
  /** Nothing was asked for: a cluster that exists is taken as it is. */
  readonly asItIs: boolean;
  /** The directory of the bundles. */
  readonly programs: string;
  /** The Node binary that nodes run on. */
  readonly node: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly say: (step: string) => void;
}

const FIRST_PORT = 6443;
/** To plan with before one is claimed. */
const ANY_SUBNET = '10.89.100.0/24';

export async function createNodesCluster(options: CreateNodesOptions, signal: AbortSignal): Promise<NodesRecord> {
  const { name, config, env, clock, say, programs, node } = options;
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
  const image = () => ensureNodeImage({ engine, programs, node, clock, say }, signal);
  // A port that nobody has asked for may still be another one.
  const otherApiPort = config.apiServerPort === 0 ? () => freePort(0) : undefined;
  return bringUp({ engine, record, image, ...(otherApiPort && { otherApiPort }), env, clock, say }, signal);
}

async function freshRecord(engine: Docker, options: CreateNodesOptions): Promise<NodesRecord> {
  const { name, config, asked, env, say } = options;
  const inputs = { name, id: randomUUID(), config, asked, engine: engineEndpoint(env) };
  const plan = (subnet: string, apiServerPort: number) => planCluster({ ...inputs, subnet, apiServerPort });
  // What is asked for must make sense and be possible before anything is made.
  const draft = plan(ANY_SUBNET, FIRST_PORT);
  if ((await containersOf(engine, name)).length > 0) {
    throw new ClusterError(
      `the engine has containers of another cluster "${name}", which this user or $TYPEKUBE_HOME knows nothing of; ` +
        `remove them with "tkctl cluster delete ${name}" or choose another name`,
    );
  }
  await requireFreePorts(draft);
  say('choosing addresses and ports');
  const subnet = await claimNetwork(engine, draft, [config.podSubnet, config.serviceSubnet]);
  // A cluster that has stopped wants its port back some day.
  const claimed = [
    ...listClusters(env).map(({ apiPort }) => apiPort),
    ...listNodesRecords(env).map((one) => one.apiServerPort),
  ];
  return plan(subnet, await freePort(claimed.includes(FIRST_PORT) ? 0 : FIRST_PORT));
}

/** Those of this machine that were asked for by number. */
async function requireFreePorts({ containers }: NodesRecord): Promise<void> {
  for (const mapping of containers.flatMap(({ portMappings }) => portMappings)) {
    if (await isTaken(mapping)) throw new ClusterError(takenWords(mapping));
  }
}

/** A cluster that exists keeps its shape; asking for another one is a mistake worth a sentence. */
function sameAsAsked(record: NodesRecord, { name, config, asked, asItIs }: CreateNodesOptions): NodesRecord {
  if (asItIs) return record;
  const { id, subnet, engine, apiServerPort } = record;
  const { words, workers } = planDifferences(
    record,
    planCluster({ name, id, config, asked, engine, subnet, apiServerPort }),
  );
  if (words.length === 0) return record;
  const way =
    workers === undefined
      ? `delete it first with "tkctl cluster delete ${name}" to change that`
      : `change that with "tkctl cluster scale ${name} --workers ${workers}"`;
  throw new ClusterError(`cluster "${name}" exists with ${words.join('; ')}: ${way}`);
}

export async function answering(engine: Docker): Promise<void> {
  try {
    await engine.ping();
  } catch (cause) {
    throw new ClusterError('the container engine does not answer; start it and try again', { cause });
  }
}
