// What a machine knows about itself as a node of a cluster, in one directory: node.json, the authority's certificate, its own
// certificates with their keys, the kubelet's and the program's files. Written by joining, read by cmd/node. node.json is written last:
// where it lies, the machine has joined.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Taint } from '../api/schema/generated/core.v1.gen.ts';
import { ClusterError } from './cluster-record.ts';

export const NODE_DIRECTORY = '/var/lib/typekube/node';

export interface NodeRecord {
  readonly nodeName: string;
  readonly nodeIp: string;
  /** `https://HOST:PORT` */
  readonly server: string;
  /** `unix:///var/run/docker.sock` */
  readonly engine: string;
  /** The device of the pods' bridge, and the engine's network on it. */
  readonly bridge: string;
  readonly network: string;
  readonly kubeletPort: number;
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  /** Of the node's Lease; the kubelet's default without it. */
  readonly nodeLeaseDurationSeconds?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

export const nodeFiles = (directory: string) => ({
  record: join(directory, 'node.json'),
  pki: join(directory, 'pki'),
  authority: join(directory, 'pki', 'ca.crt'),
  kubeconfig: join(directory, 'kubelet.kubeconfig'),
  /** With a bootstrap token; used when there is no client certificate yet. */
  bootstrapKubeconfig: join(directory, 'bootstrap.kubeconfig'),
  kubelet: join(directory, 'kubelet'),
  log: join(directory, 'node.log'),
  process: join(directory, 'node.pid'),
});

/** Undefined: this machine has not joined. */
export function readNodeRecord(directory: string): NodeRecord | undefined {
  const { record } = nodeFiles(directory);
  if (!existsSync(record)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(record, 'utf8'));
  } catch (cause) {
    throw new ClusterError(`${record} is damaged; leave the cluster and join again`, { cause });
  }
  return checked(value, record);
}

export function writeNodeRecord(directory: string, value: NodeRecord): void {
  writeWhole(nodeFiles(directory).record, `${JSON.stringify(value, undefined, 2)}\n`);
}

export function writeWhole(file: string, content: string): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o755 });
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, file);
}

const TEXTS = [
  'nodeName',
  'nodeIp',
  'server',
  'engine',
  'bridge',
  'network',
  'clusterCidr',
  'serviceCidr',
  'clusterDns',
  'clusterDomain',
] as const;

function checked(value: unknown, file: string): NodeRecord {
  const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const fault = (what: string) => new ClusterError(`${file}: ${what}`);
  for (const name of TEXTS) if (typeof fields[name] !== 'string') throw fault(`"${name}" is missing`);
  // Every field has just been, or is now, looked at.
  const record = { labels: {}, taints: [], ...fields } as unknown as NodeRecord;
  if (isIP(record.nodeIp) === 0) throw fault(`"nodeIp" is no address: ${record.nodeIp}`);
  if (!URL.canParse(record.server)) throw fault(`"server" is no URL: ${record.server}`);
  if (!Number.isInteger(record.kubeletPort)) throw fault('"kubeletPort" is no port');
  const lease = record.nodeLeaseDurationSeconds;
  if (lease !== undefined && !(Number.isInteger(lease) && lease > 0))
    throw fault('"nodeLeaseDurationSeconds" is no number of seconds');
  if (typeof record.labels !== 'object') throw fault('"labels" is no map');
  if (!Array.isArray(record.taints)) throw fault('"taints" is no list');
  return record;
}
