// Lays a cluster out over containers: their names, roles and addresses. Pure.
import { ipv4Range, ipv4Text } from '../../api/meta/ipv4.ts';
import { ClusterError } from '../cluster-record.ts';
import type { ClusterConfig, NodeConfig, PortMapping } from './cluster-config.ts';
import { planOf, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

/** Flags of `cluster create`; undefined where none was given. */
export interface AskedFor {
  readonly workers: number | undefined;
  readonly controlPlanes: number | undefined;
  readonly store: 'embedded' | 'etcd' | undefined;
  /** Of the first control plane's container: node ports answer on every node. */
  readonly portMappings: readonly PortMapping[];
}

export const NETWORK_PREFIX = 24;
const BALANCER_ADDRESS = 2;
const FIRST_NODE_ADDRESS = 10;
/** Nodes stay below it. */
const POOL = { first: 200, last: 250 };
export const API_PORT = 6443;

/** The nodes of the file, or as many as the flags say; both at once contradict each other. */
export function nodesOf(config: ClusterConfig, asked: AskedFor): NodeConfig[] {
  if (config.nodes.length > 0) {
    if (asked.workers !== undefined || asked.controlPlanes !== undefined) {
      throw new ClusterError('the nodes are listed in the file of --config; leave --workers and --control-planes out');
    }
    return [...config.nodes];
  }
  const { workers = 0, controlPlanes = 1 } = asked;
  if (controlPlanes !== 1 && controlPlanes !== 3) throw new ClusterError('--control-planes must be 1 or 3');
  const most = POOL.first - FIRST_NODE_ADDRESS - controlPlanes;
  requireWorkers(workers, most);
  const node = (role: NodeConfig['role']): NodeConfig => ({ role, labels: {}, portMappings: [] });
  return [
    ...Array.from({ length: controlPlanes }, () => node('control-plane')),
    ...Array.from({ length: workers }, () => node('worker')),
  ];
}

export interface PlanInputs {
  readonly name: string;
  readonly id: string;
  readonly config: ClusterConfig;
  readonly asked: AskedFor;
  readonly engine: string;
  readonly subnet: string;
  /** A free port of the host, taken where none is asked for. */
  readonly apiServerPort: number;
}

export function planCluster({ name, id, config, asked, engine, subnet, apiServerPort }: PlanInputs): NodesRecord {
  const nodes = nodesOf(config, asked);
  const controlPlanes = nodes.filter(({ role }) => role === 'control-plane').length;
  const store = asked.store ?? config.store ?? (controlPlanes > 1 ? 'etcd' : 'embedded');
  if (controlPlanes > 1 && store === 'embedded') {
    throw new ClusterError('three control planes need --store etcd: the embedded store serves one API server');
  }
  const counts = { 'control-plane': 0, worker: 0 };
  const containers = nodes.map(({ role, labels, portMappings }, index): ContainerPlan => {
    const count = ++counts[role];
    const first = role === 'control-plane' && count === 1;
    return {
      name: nodeName(name, role, count),
      role,
      address: addressAt(subnet, FIRST_NODE_ADDRESS + index),
      labels,
      portMappings: [...portMappings, ...(first ? asked.portMappings : [])],
    };
  });
  const balancer: ContainerPlan = {
    name: `${name}-load-balancer`,
    role: 'load-balancer',
    address: addressAt(subnet, BALANCER_ADDRESS),
    labels: {},
    portMappings: [],
  };
  const entry = controlPlanes > 1 ? balancer : containers.find(({ role }) => role === 'control-plane');
  return {
    name,
    id,
    store,
    engine,
    network: `typekube-${name}`,
    subnet,
    loadBalancerPool: `${addressAt(subnet, POOL.first)}-${addressAt(subnet, POOL.last)}`,
    apiServerAddress: config.apiServerAddress,
    apiServerPort: config.apiServerPort === 0 ? apiServerPort : config.apiServerPort,
    endpoint: `${entry?.address ?? ''}:${API_PORT}`,
    podSubnet: config.podSubnet,
    serviceSubnet: config.serviceSubnet,
    clusterDns: addressAt(config.serviceSubnet, 10),
    privilegedNodes: config.privilegedNodes,
    apiServer: config.apiServer,
    controllerManager: config.controllerManager,
    scheduler: config.scheduler,
    containers: controlPlanes > 1 ? [balancer, ...containers] : containers,
  };
}

/** The same cluster with so many workers: more behind those that are there, in the lowest addresses that are free; fewer from the end. */
export function withWorkers(record: NodesRecord, workers: number): NodesRecord {
  const there = planOf(record, 'worker');
  const most = POOL.first - FIRST_NODE_ADDRESS - planOf(record, 'control-plane').length;
  requireWorkers(workers, most);
  const kept = record.containers.filter((plan) => plan.role !== 'worker' || there.indexOf(plan) < workers);
  const containers = [...kept];
  for (let count = Math.min(there.length, workers) + 1; count <= workers; count++) {
    const taken = new Set(containers.map(({ address }) => address));
    let index = FIRST_NODE_ADDRESS;
    while (taken.has(addressAt(record.subnet, index))) index++;
    const address = addressAt(record.subnet, index);
    containers.push({
      name: nodeName(record.name, 'worker', count),
      role: 'worker',
      address,
      labels: {},
      portMappings: [],
    });
  }
  return { ...record, containers };
}

function requireWorkers(workers: number, most: number): void {
  if (workers < 0 || workers > most) throw new ClusterError(`--workers must be from 0 to ${most}`);
}

function nodeName(cluster: string, role: NodeConfig['role'], count: number): string {
  return `${cluster}-${role}${count === 1 ? '' : count}`;
}

/** Which of a hundred networks a cluster tries in turn; the first depends on its name, so that clusters seldom meet. */
export function candidateSubnets(name: string): string[] {
  const start = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 100, 7);
  return Array.from({ length: 100 }, (_, index) => `10.89.${100 + ((start + index) % 100)}.0/${NETWORK_PREFIX}`);
}

function addressAt(cidr: string, index: number): string {
  const range = ipv4Range(cidr);
  if (range === undefined || range.first + index > range.last)
    throw new ClusterError(`${cidr} has no address ${index}`);
  return ipv4Text(range.first + index);
}
