// The file of `tkctl cluster create --config`: the nodes of a cluster and its networks, in the shape of kind's Cluster. Pure; what
// is unknown or makes no sense is refused by the path of its field.
import { parse } from 'yaml';
import { cidrsOverlap, ipv4Number, networkAddress } from '../../api/meta/ipv4.ts';
import { messageWithCauses } from '../../logging/logger.ts';
import { ClusterError } from '../cluster-record.ts';
import { labelValueFaults, qualifiedNameFaults } from '../../api/meta/names.ts';

export type NodeRole = 'control-plane' | 'worker';

export interface PortMapping {
  /** On the node: usually a node port. */
  readonly containerPort: number;
  /** 0: one that is free. */
  readonly hostPort: number;
  readonly listenAddress: string;
  readonly protocol: 'TCP' | 'UDP';
}

export interface NodeConfig {
  readonly role: NodeRole;
  readonly labels: Readonly<Record<string, string>>;
  readonly portMappings: readonly PortMapping[];
}

/** Flags by name, without the dashes, as kubeadm's extraArgs. */
export type ExtraArgs = Readonly<Record<string, string>>;

export interface ClusterConfig {
  readonly name: string | undefined;
  readonly store: 'embedded' | 'etcd' | undefined;
  readonly nodes: readonly NodeConfig[];
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  /** On the host, where the API server is published. */
  readonly apiServerAddress: string;
  /** 0: one that is free. */
  readonly apiServerPort: number;
  /** Node containers may do everything, for pods that must. */
  readonly privilegedNodes: boolean;
  readonly apiServer: ExtraArgs;
  readonly controllerManager: ExtraArgs;
  readonly scheduler: ExtraArgs;
}

export const DEFAULT_CONFIG: ClusterConfig = {
  name: undefined,
  store: undefined,
  nodes: [],
  podSubnet: '10.244.0.0/16',
  serviceSubnet: '10.96.0.0/16',
  apiServerAddress: '127.0.0.1',
  apiServerPort: 0,
  privilegedNodes: false,
  apiServer: {},
  controllerManager: {},
  scheduler: {},
};

const API_VERSIONS = ['typekube.dev/v1alpha1', 'kind.x-k8s.io/v1alpha4'];
const MOST_NODES = 150;

/** Throws ClusterError. */
export function parseClusterConfig(text: string): ClusterConfig {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new ClusterError(`it is not YAML: ${messageWithCauses(cause)}`, { cause });
  }
  const file = fieldsOf('', value, [
    'apiVersion',
    'kind',
    'name',
    'store',
    'nodes',
    'networking',
    'privilegedNodes',
    'apiServer',
    'controllerManager',
    'scheduler',
  ]);
  if (file['kind'] !== 'Cluster') refuse('kind', 'must be Cluster');
  if (!API_VERSIONS.includes(optionalText('apiVersion', file['apiVersion']) ?? ''))
    refuse('apiVersion', `must be ${API_VERSIONS.join(' or ')}`);
  const networking = fieldsOf('networking', file['networking'] ?? {}, [
    'podSubnet',
    'serviceSubnet',
    'apiServerAddress',
    'apiServerPort',
  ]);
  const store = optionalText('store', file['store']);
  if (store !== undefined && store !== 'embedded' && store !== 'etcd') refuse('store', 'must be embedded or etcd');
  const podSubnet = subnet('networking.podSubnet', networking['podSubnet'], DEFAULT_CONFIG.podSubnet, 23);
  const serviceSubnet = subnet(
    'networking.serviceSubnet',
    networking['serviceSubnet'],
    DEFAULT_CONFIG.serviceSubnet,
    24,
  );
  if (cidrsOverlap(podSubnet, serviceSubnet)) {
    refuse('networking.serviceSubnet', `overlaps podSubnet ${podSubnet}`);
  }
  return {
    name: optionalText('name', file['name']),
    store,
    nodes: nodesOf(file['nodes']),
    podSubnet,
    serviceSubnet,
    apiServerAddress: address('networking.apiServerAddress', networking['apiServerAddress']),
    apiServerPort: port('networking.apiServerPort', networking['apiServerPort'] ?? 0, 0),
    privilegedNodes: truth('privilegedNodes', file['privilegedNodes']),
    apiServer: extraArgs('apiServer', file['apiServer']),
    controllerManager: extraArgs('controllerManager', file['controllerManager']),
    scheduler: extraArgs('scheduler', file['scheduler']),
  };
}

/** `HOST:NODEPORT` or `ADDRESS:HOST:NODEPORT`, with `/udp` behind it for UDP: a flag of `cluster create`. */
export function parsePortMapping(text: string): PortMapping {
  const match = /^(?:([\d.]+):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/i.exec(text);
  const [, listenAddress, hostPort, containerPort, protocol] = match ?? [];
  if (match === null)
    throw new ClusterError(`--port must look like 8080:30080 or 127.0.0.1:8080:30080/udp, not "${text}"`);
  return {
    containerPort: port('--port', Number(containerPort), 1),
    hostPort: port('--port', Number(hostPort), 1),
    listenAddress: address('--port', listenAddress),
    protocol: protocol?.toLowerCase() === 'udp' ? 'UDP' : 'TCP',
  };
}

function nodesOf(value: unknown): NodeConfig[] {
  if (value === undefined || value === null) return [];
  const nodes = listOf('nodes', value).map((item, index): NodeConfig => {
    const path = `nodes[${index}]`;
    const node = fieldsOf(path, item, ['role', 'labels', 'extraPortMappings']);
    const role = node['role'] ?? 'control-plane';
    if (role !== 'control-plane' && role !== 'worker') refuse(`${path}.role`, 'must be control-plane or worker');
    const mappings = listOf(`${path}.extraPortMappings`, node['extraPortMappings'] ?? []);
    return {
      role,
      labels: labelsOf(`${path}.labels`, node['labels']),
      portMappings: mappings.map((mapping, at) => portMapping(`${path}.extraPortMappings[${at}]`, mapping)),
    };
  });
  const controlPlanes = nodes.filter(({ role }) => role === 'control-plane').length;
  if (controlPlanes !== 1 && controlPlanes !== 3)
    refuse('nodes', `must hold 1 or 3 control planes, not ${controlPlanes}`);
  if (nodes.length > MOST_NODES) refuse('nodes', `must be ${MOST_NODES} at most`);
  return nodes;
}

function portMapping(path: string, value: unknown): PortMapping {
  const mapping = fieldsOf(path, value, ['containerPort', 'hostPort', 'listenAddress', 'protocol']);
  const protocol = (optionalText(`${path}.protocol`, mapping['protocol']) ?? 'TCP').toUpperCase();
  if (protocol !== 'TCP' && protocol !== 'UDP') refuse(`${path}.protocol`, 'must be TCP or UDP');
  return {
    containerPort: port(`${path}.containerPort`, mapping['containerPort'], 1),
    hostPort: port(`${path}.hostPort`, mapping['hostPort'] ?? 0, 0),
    listenAddress: address(`${path}.listenAddress`, mapping['listenAddress']),
    protocol,
  };
}

function labelsOf(path: string, value: unknown): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, label] of Object.entries(objectOf(path, value ?? {}))) {
    if (typeof label !== 'string') refuse(`${path}.${key}`, 'must be a text');
    const [fault] = [...qualifiedNameFaults(key), ...labelValueFaults(label)];
    if (fault !== undefined) refuse(`${path}.${key}`, `cannot be "${label}": ${fault}`);
    labels[key] = label;
  }
  return labels;
}

function extraArgs(path: string, value: unknown): ExtraArgs {
  const { extraArgs: given = {} } = fieldsOf(path, value ?? {}, ['extraArgs']);
  const args: Record<string, string> = {};
  for (const [name, arg] of Object.entries(objectOf(`${path}.extraArgs`, given))) {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) refuse(`${path}.extraArgs.${name}`, 'is no name of a flag');
    if (typeof arg !== 'string' && typeof arg !== 'number' && typeof arg !== 'boolean') {
      refuse(`${path}.extraArgs.${name}`, 'must be a text');
    }
    args[name] = String(arg);
  }
  return args;
}

function subnet(path: string, value: unknown, otherwise: string, longestPrefix: number): string {
  const text = optionalText(path, value) ?? otherwise;
  const [base, prefix = ''] = text.split('/');
  if (!/^\d{1,2}$/.test(prefix) || networkAddress(text) !== base) {
    refuse(path, `must be an IPv4 network such as ${otherwise}, not "${text}"`);
  }
  if (Number(prefix) > longestPrefix) refuse(path, `must not be smaller than a /${longestPrefix}`);
  return text;
}

function address(path: string, value: unknown): string {
  const text = optionalText(path, value) ?? '127.0.0.1';
  if (ipv4Number(text) === undefined) refuse(path, `must be an IPv4 address, not "${text}"`);
  return text;
}

function port(path: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > 65_535) {
    return refuse(path, `must be a port, not ${JSON.stringify(value) ?? 'nothing'}`);
  }
  return value;
}

function truth(path: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') return refuse(path, 'must be true or false');
  return value ?? false;
}

function optionalText(path: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : refuse(path, 'must be a text');
}

function listOf(path: string, value: unknown): unknown[] {
  return Array.isArray(value) ? value : refuse(path, 'must be a list');
}

function objectOf(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(path || 'the file', 'must be an object');
  return { ...value };
}

function fieldsOf(path: string, value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  const fields = objectOf(path, value);
  const stranger = Object.keys(fields).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    refuse(path === '' ? stranger : `${path}.${stranger}`, `is no field; known are ${known.join(', ')}`);
  }
  return fields;
}

function refuse(path: string, why: string): never {
  throw new ClusterError(`${path} ${why}`);
}
