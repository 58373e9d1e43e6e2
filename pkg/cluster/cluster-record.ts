// What is known of a cluster on this machine: one directory per cluster with a record of how it was made, its certificates,
// its data and its log. The record is the truth; whether the process lives is asked of the system.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

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

export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}

/** Where clusters live: $TYPEKUBE_HOME, else the user's data directory. */
export function clustersDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const data = env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share');
  return env['TYPEKUBE_HOME'] ?? join(data, 'typekube');
}

export function clusterDirectory(name: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(clustersDirectory(env), name);
}

export function listClusters(env: NodeJS.ProcessEnv = process.env): ClusterRecord[] {
  const directory = clustersDirectory(env);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .map((name) => readRecord(join(directory, name)))
    .filter((record) => record !== undefined);
}

export function readRecord(directory: string): ClusterRecord | undefined {
  const file = join(directory, 'cluster.json');
  if (!existsSync(file)) return undefined;
  try {
    // Written by writeRecord alone; a file that somebody else made of it fails below by name.
    const record = JSON.parse(readFileSync(file, 'utf8')) as ClusterRecord;
    // Clusters of older versions had one machine.
    return { ...record, clusterCidr: record.clusterCidr ?? record.podCidr };
  } catch (cause) {
    throw new ClusterError(`${file} is damaged; delete the cluster's directory or repair the file`, { cause });
  }
}

export function writeRecord(directory: string, record: ClusterRecord): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `cluster.json.${process.pid}`);
  writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(draft, join(directory, 'cluster.json'));
}

export function removeClusterDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Whether the cluster's own process runs, and not another one that was given its pid. */
export function isRunning(record: ClusterRecord): boolean {
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
