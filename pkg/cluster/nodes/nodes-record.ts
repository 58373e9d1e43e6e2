// What is remembered of a cluster made of containers: every decision that must be the same at the next start. Its secrets lie
// beside it; what runs is asked of the engine.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError, clusterDirectory, clustersDirectory } from '../cluster-record.ts';
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

export function readNodesRecord(name: string, env: NodeJS.ProcessEnv): NodesRecord | undefined {
  const file = join(clusterDirectory(name, env), FILE);
  if (!existsSync(file)) return undefined;
  try {
    // Written by writeNodesRecord alone; a file that somebody else made of it fails by name where it is used.
    return JSON.parse(readFileSync(file, 'utf8')) as NodesRecord;
  } catch (cause) {
    throw new ClusterError(`${file} is damaged; "tkctl cluster delete ${name}" removes the cluster`, { cause });
  }
}

export function writeNodesRecord(record: NodesRecord, env: NodeJS.ProcessEnv): void {
  const directory = clusterDirectory(record.name, env);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `${FILE}.${process.pid}`);
  writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(draft, join(directory, FILE));
}

export function listNodesRecords(env: NodeJS.ProcessEnv): NodesRecord[] {
  const directory = clustersDirectory(env);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .toSorted()
    .map((name) => readNodesRecord(name, env))
    .filter((record) => record !== undefined);
}

export function planOf(record: NodesRecord, role: ContainerRole): ContainerPlan[] {
  return record.containers.filter((container) => container.role === role);
}

/** Where programs of the host reach the API server. */
export function serverOf({ apiServerAddress, apiServerPort }: NodesRecord): string {
  return `https://${apiServerAddress === '0.0.0.0' ? '127.0.0.1' : apiServerAddress}:${apiServerPort}`;
}
