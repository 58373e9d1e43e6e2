// A cluster of the nodes in machines.ts: API server and load balancer controller on node a, the network programs on every node.
// Nobody runs pods or reports health: Nodes and endpoints are written as the tests say.
import type { Service, ServiceSpec } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import {
  CLUSTER_CIDR,
  NODE_NAMES,
  NODES,
  nodeOf,
  podIp,
  POD_PORT,
  Machines,
  type NodeName,
  type PodName,
} from './machines.ts';
import { NamespaceCluster } from './namespace-cluster.ts';
import { service } from './objects.ts';

export const POOL = '192.168.81.200-192.168.81.209';

/** Unknown is what the node lifecycle controller says of a node that it has lost. */
export type Readiness = 'True' | 'False' | 'Unknown';

export interface Backend {
  readonly address: string;
  readonly node: NodeName;
  readonly port?: number;
  readonly ready?: boolean;
}

export class NodeCluster implements AsyncDisposable {
  readonly machines: Machines;
  readonly control: NamespaceCluster;

  private constructor(machines: Machines, control: NamespaceCluster) {
    this.machines = machines;
    this.control = control;
  }

  static async create(name: string): Promise<NodeCluster> {
    await using parts = new AsyncDisposableStack();
    const machines = parts.use(await Machines.create(name));
    const place = { namespace: machines.namespace('a'), address: NODES.a.ip };
    const control = parts.use(await NamespaceCluster.create(place));
    const cluster = new NodeCluster(machines, control);
    for (const node of NODE_NAMES) {
      const spec = { podCIDR: NODES[node].podCidr, podCIDRs: [NODES[node].podCidr] };
      await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: node }, spec });
      await cluster.report(node, { address: NODES[node].ip });
      cluster.startNode(node);
    }
    control.start('controller-manager', [
      `--kubeconfig=${control.kubeconfig}`,
      '--controllers=service-lb-controller',
      `--load-balancer-pool=${POOL}`,
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    parts.move();
    return cluster;
  }

  /** The proxy with the pod network, as a program of its own on the node. */
  startNode(node: NodeName): void {
    this.control.start(
      'proxy',
      [
        `--kubeconfig=${this.control.kubeconfig}`,
        `--hostname-override=${node}`,
        `--cluster-cidr=${CLUSTER_CIDR}`,
        '--healthz-bind-address=0.0.0.0:10256',
        '--metrics-bind-address=',
      ],
      { name: `proxy-${node}`, namespace: this.machines.namespace(node) },
    );
  }

  async stopNode(node: NodeName, signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    await this.control.stop(`proxy-${node}`, signal);
  }

  /** Writes a node's status as its kubelet would. */
  async report(
    node: NodeName,
    { address, ready = 'True' }: { address?: string; ready?: Readiness } = {},
  ): Promise<void> {
    const condition = { type: 'Ready', status: ready, reason: 'Test', message: '' };
    const status = { addresses: [{ type: 'InternalIP', address: address ?? NODES[node].ip }], conditions: [condition] };
    const patch = JSON.stringify({ status });
    await this.kubectl('patch', 'node', node, '--subresource=status', '--type=merge', '-p', patch);
  }

  async create(object: object): Promise<void> {
    const { code, out } = await this.control.kubectl(['create', '-f', '-'], JSON.stringify(object));
    if (code !== 0) throw new Error(`kubectl create: ${out}`);
  }

  /** What kubectl printed; throws when it fails. */
  async kubectl(...args: string[]): Promise<string> {
    const { code, out } = await this.control.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${out}`);
    return out.trim();
  }

  async apply(name: string, spec: Partial<ServiceSpec>, backends: readonly (PodName | Backend)[]): Promise<void> {
    await this.control.apply(service(name, spec), endpointsFor(name, spec, backends));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.control[Symbol.asyncDispose]();
    await this.machines[Symbol.asyncDispose]();
  }
}

function endpointsFor(name: string, spec: Partial<ServiceSpec>, backends: readonly (PodName | Backend)[]) {
  const all = backends.map((one): Backend =>
    typeof one === 'string' ? { address: podIp(one), node: nodeOf(one) } : one,
  );
  const [port] = spec.ports ?? [];
  const metadata: Service['metadata'] = {
    ...service(name, {}).metadata,
    labels: { 'kubernetes.io/service-name': name },
  };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    ports: [{ name: port?.name ?? '', port: all[0]?.port ?? POD_PORT, protocol: port?.protocol ?? 'TCP' }],
    endpoints: all.map(({ address, node, ready = true }) => ({
      addresses: [address],
      nodeName: node,
      conditions: { ready, serving: true, terminating: !ready },
    })),
  };
}
