// What is known of a cluster on this machine: one directory per cluster with a record of how it was made, its certificates,
// its data and its log. The record is the truth; whether the process lives is asked of the system.
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { holderOf } from './claim.ts';
import { ClusterError, DamagedRecordError, readRecordFile, writeRecordFile, type Fields } from './record-file.ts';

export { ClusterError };

export interface ClusterRecord {
  readonly name: string;
  readonly store: 'embedded' | 'etcd';
  /** Comma-separated URLs of an etcd that somebody else runs; '' when the cluster brings its own. */
  readonly etcdServers: string;
  readonly layout: 'one-process' | 'process-per-component';
  /** Where the engine listens: `unix:///var/run/docker.sock`, or what DOCKER_HOST said when the cluster was made. */
  readonly engine: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly apiPort: number;
  readonly kubeletPort: number;
  /** Of this machine's pods. */
  readonly podCidr: string;
  /** Of the pods of all machines that may join. */
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly clusterDns: string;
  /** Of the process that holds the cluster; 0 before the first start. */
  readonly pid: number;
  /** The pid's start time in clock ticks since boot, because pids are used again. */
  readonly pidStartedAt: string;
}

const FILE = 'cluster.json';
const FIELDS: Fields<ClusterRecord> = {
  name: 'text',
  store: 'text',
  etcdServers: 'text',
  layout: 'text',
  engine: 'text',
  nodeName: 'text',
  nodeIp: 'text',
  apiPort: 'number',
  kubeletPort: 'number',
  podCidr: 'text',
  clusterCidr: 'text',
  serviceCidr: 'text',
  clusterDns: 'text',
  pid: 'number',
  pidStartedAt: 'text',
};
/** A name is a directory, a part of host names, and a context. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/;

/** Where clusters live: $TYPEKUBE_HOME, else the user's data directory. */
export function clustersDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const data = env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share');
  return resolve(env['TYPEKUBE_HOME'] ?? join(data, 'typekube'));
}

/** Throws ClusterError when nothing can be called so. */
export function clusterDirectory(name: string, env: NodeJS.ProcessEnv = process.env): string {
  if (!NAME.test(name)) {
    throw new ClusterError(`"${name}" cannot name a cluster: use at most 42 lower-case letters, digits and dashes`);
  }
  return join(clustersDirectory(env), name);
}

/** Of every directory that may be one of a cluster. */
export function clusterNames(env: NodeJS.ProcessEnv = process.env): string[] {
  const directory = clustersDirectory(env);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => NAME.test(name))
    .toSorted();
}

/** Those that can be read. */
export function listClusters(env: NodeJS.ProcessEnv = process.env): ClusterRecord[] {
  return clusterNames(env)
    .map((name) => ifIntact(() => readRecord(clusterDirectory(name, env))))
    .filter((record) => record !== undefined);
}

/** Whether this is a cluster without containers for nodes, be its record readable or not. */
export function isLocalCluster(name: string, env: NodeJS.ProcessEnv): boolean {
  return existsSync(join(clusterDirectory(name, env), FILE));
}

/** Throws DamagedRecordError. */
export function readRecord(directory: string): ClusterRecord | undefined {
  // Clusters of older versions had one machine.
  return readRecordFile(join(directory, FILE), FIELDS, ({ podCidr = '' }) => ({ clusterCidr: podCidr }));
}

export function writeRecord(directory: string, record: ClusterRecord): void {
  writeRecordFile(join(directory, FILE), record);
}

export function ifIntact<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DamagedRecordError) return undefined;
    throw error;
  }
}

export function removeClusterDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** What a cluster without containers has of this machine: bridge, rules and node name. One at a time has it. */
export const MACHINE = "this machine's pod network";

/** The cluster of whoever else has this machine, in words; undefined: nobody has. */
export async function otherHolder(directory: string): Promise<string | undefined> {
  const holder = await holderOf(MACHINE);
  return holder === holderText(directory) ? undefined : holder;
}

export function holderText(directory: string): string {
  return `cluster "${basename(directory)}" of ${dirname(directory)}`;
}

/** Whether the cluster's own process runs, and not another one that was given its pid. */
export function isRunning(record: Pick<ClusterRecord, 'pid' | 'pidStartedAt'>): boolean {
  return record.pid > 0 && processStartedAt(record.pid) === record.pidStartedAt;
}

/** Field 22 of /proc/PID/stat (proc(5)); '' when there is no such process or it is a zombie. */
export function processStartedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ESRCH')) return '';
    throw cause;
  }
}
