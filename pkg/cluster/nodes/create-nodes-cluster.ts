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
import { freeSubnet } from './cluster-network.ts';
import { containersOf } from './node-containers.ts';
import { nodesOf, planCluster, type AskedFor } from './nodes-plan.ts';
import { listNodesRecords, readNodesRecord, writeNodesRecord, type NodesRecord } from './nodes-record.ts';

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
  const image = () => ensureNodeImage({ engine, programs, node, clock, say }, signal);
  await bringUp({ engine, record, image, env, clock, say }, signal);
  return record;
}

async function freshRecord(engine: Docker, options: CreateNodesOptions): Promise<NodesRecord> {
  const { name, config, asked, env, say } = options;
  nodesOf(config, asked); // before anything is looked for
  if ((await containersOf(engine, name)).length > 0) {
    throw new ClusterError(
      `the engine has containers of another cluster "${name}", which this user or $TYPEKUBE_HOME knows nothing of; ` +
        `remove them with "tkctl cluster delete ${name}" or choose another name`,
    );
  }
  say('choosing addresses and ports');
  const subnet = await freeSubnet(engine, name, [config.podSubnet, config.serviceSubnet]);
  // A cluster that has stopped wants its port back some day.
  const claimed = [
    ...listClusters(env).map(({ apiPort }) => apiPort),
    ...listNodesRecords(env).map((one) => one.apiServerPort),
  ];
  const apiServerPort = await freePort(claimed.includes(FIRST_PORT) ? 0 : FIRST_PORT);
  return planCluster({ name, id: randomUUID(), config, asked, engine: engineEndpoint(env), subnet, apiServerPort });
}

/** A cluster that exists keeps its shape; asking for another one is a mistake worth a sentence. */
function sameAsAsked(record: NodesRecord, { name, config, asked, asItIs }: CreateNodesOptions): NodesRecord {
  if (asItIs) return record;
  const { id, subnet, engine, apiServerPort } = record;
  const planned = planCluster({ name, id, config, asked, engine, subnet, apiServerPort });
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

export async function answering(engine: Docker): Promise<void> {
  try {
    await engine.ping();
  } catch (cause) {
    throw new ClusterError('the container engine does not answer; start it and try again', { cause });
  }
}
