// What is remembered of a cluster made of containers: every decision that must be the same at the next start. Its secrets lie
// beside it; what runs is asked of the engine.
import { join } from 'node:path';
import { clusterDirectory, clusterNames, ifIntact, readRecord } from '../cluster-record.ts';
import { damaged, readRecordFile, writeRecordFile, type Fields } from '../record-file.ts';
import type { ExtraArgs, NodeRole, PortMapping } from './cluster-config.ts';

export type ContainerRole = NodeRole | 'load-balancer';

export interface ContainerPlan {
  /** Of the container, of its host and of the node. */
  readonly name: string;
  readonly role: ContainerRole;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly portMappings: readonly PortMapping[];
}

export interface NodesRecord {
  readonly name: string;
  /** On every container: the name alone could be another user's cluster. */
  readonly id: string;
  readonly store: 'embedded' | 'etcd';
  /** Where the engine listens. */
  readonly engine: string;
  /** The engine's network, and its addresses. */
  readonly network: string;
  readonly subnet: string;
  /** For Services of type LoadBalancer: part of the subnet that no container gets. */
  readonly loadBalancerPool: string;
  /** Where the host reaches the API server. */
  readonly apiServerAddress: string;
  readonly apiServerPort: number;
  /** `HOST:PORT` by which nodes reach it. */
  readonly endpoint: string;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  readonly clusterDns: string;
  readonly privilegedNodes: boolean;
  readonly apiServer: ExtraArgs;
  readonly controllerManager: ExtraArgs;
  readonly scheduler: ExtraArgs;
  readonly containers: readonly ContainerPlan[];
}

const FILE = 'nodes.json';
const FIELDS: Fields<NodesRecord> = {
  name: 'text',
  id: 'text',
  store: 'text',
  engine: 'text',
  network: 'text',
  subnet: 'text',
  loadBalancerPool: 'text',
  apiServerAddress: 'text',
  apiServerPort: 'number',
  endpoint: 'text',
  podSubnet: 'text',
  serviceSubnet: 'text',
  clusterDns: 'text',
  privilegedNodes: 'truth',
  apiServer: 'map',
  controllerManager: 'map',
  scheduler: 'map',
  containers: 'list',
};

/** Throws DamagedRecordError. */
export function readNodesRecord(name: string, env: NodeJS.ProcessEnv): NodesRecord | undefined {
  const file = join(clusterDirectory(name, env), FILE);
  const record = readRecordFile(file, FIELDS);
  const isPlan = (plan: unknown) =>
    typeof plan === 'object' && plan !== null && 'name' in plan && 'role' in plan && 'address' in plan;
  if (record !== undefined && !record.containers.every(isPlan)) throw damaged(file, '"containers" is no list of nodes');
  return record;
}

export function writeNodesRecord(record: NodesRecord, env: NodeJS.ProcessEnv): void {
  writeRecordFile(join(clusterDirectory(record.name, env), FILE), record);
}

/** Those that can be read. */
export function listNodesRecords(env: NodeJS.ProcessEnv): NodesRecord[] {
  return clusterNames(env)
    .map((name) => ifIntact(() => readNodesRecord(name, env)))
    .filter((record) => record !== undefined);
}

/** Clusters of either sort whose records cannot be read. */
export function damagedClusters(env: NodeJS.ProcessEnv): string[] {
  return clusterNames(env).filter(
    (name) => ifIntact(() => [readNodesRecord(name, env), readRecord(clusterDirectory(name, env))]) === undefined,
  );
}

export function planOf(record: NodesRecord, role: ContainerRole): ContainerPlan[] {
  return record.containers.filter((container) => container.role === role);
}

/** Where programs of the host reach the API server. */
export function serverOf({ apiServerAddress, apiServerPort }: NodesRecord): string {
  return `https://${apiServerAddress === '0.0.0.0' ? '127.0.0.1' : apiServerAddress}:${apiServerPort}`;
}
