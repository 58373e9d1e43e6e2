// Several nodes made of network namespaces, on two links with a router between that knows nothing of pods and drops their
// packets, and a client outside the cluster. Each node has a bridge like the kubelet's with pods on it. Everything is removed by
// disposing it.
import type { ChildProcess } from 'node:child_process';
import { runHostCommand } from '../../pkg/network/host-command.ts';
import { podTableText } from '../../pkg/network/podnet/host-rules.ts';
import { askFrom, ip, runIn, startServer, type Answer, type Asking } from './namespaces.ts';

export const CLUSTER_CIDR = '10.244.0.0/16';
/** Where every pod, and every node beside its pods, answers. */
export const POD_PORT = 8080;
export const HOST_PORT = 8081;
export const OUTSIDE_IP = '192.168.81.100';

/** a and b share a link; c is behind the router. */
export const NODES = {
  a: { ip: '192.168.81.11', podCidr: '10.244.1.0/24', link: 'left' },
  b: { ip: '192.168.81.12', podCidr: '10.244.2.0/24', link: 'left' },
  c: { ip: '192.168.82.13', podCidr: '10.244.3.0/24', link: 'right' },
} as const;
export type NodeName = keyof typeof NODES;
export const NODE_NAMES: readonly NodeName[] = ['a', 'b', 'c'];

const ROUTER = { left: '192.168.81.254', right: '192.168.82.254' } as const;
const PODS_OF_EACH = [1, 2] as const;

/** `a1` is the first pod of node a. */
export type PodName = `${NodeName}${(typeof PODS_OF_EACH)[number]}`;
export const PODS: readonly PodName[] = NODE_NAMES.flatMap((node) =>
  PODS_OF_EACH.map((pod): PodName => `${node}${pod}`),
);

export type Machine = NodeName | PodName | 'router' | 'outside';

export function podIp(pod: PodName): string {
  return NODES[nodeOf(pod)].podCidr.replace('0/24', `1${pod.slice(1)}`);
}

export function nodeOf(pod: PodName): NodeName {
  const found = NODE_NAMES.find((node) => pod.startsWith(node));
  if (found === undefined) throw new Error(`${pod} is on no node`);
  return found;
}

export class Machines implements AsyncDisposable {
  readonly #prefix: string;
  readonly #children: ChildProcess[] = [];

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** `name` keeps the namespaces of test files apart. */
  static async create(name: string): Promise<Machines> {
    const machines = new Machines(`tknet-${name}`);
    await machines.#removeNamespaces();
    try {
      await machines.#build();
    } catch (error) {
      await machines[Symbol.asyncDispose]();
      throw error;
    }
    return machines;
  }

  namespace(machine: Machine): string {
    return `${this.#prefix}-${machine}`;
  }

  async ask(from: Machine, address: string, port: number, options: Asking = {}): Promise<(Answer | string)[]> {
    return await askFrom(this.namespace(from), address, port, options);
  }

  /** Runs the answering program until the machines are disposed. */
  async serve(machine: Machine, name: string, port: number): Promise<void> {
    this.#children.push(await startServer(this.namespace(machine), name, [port]));
  }

  /** The plug of a node, as seen from outside of it. */
  async plug(node: NodeName, state: 'in' | 'out'): Promise<void> {
    await ip('-n', this.namespace('router'), 'link', 'set', `to-${node}`, state === 'in' ? 'up' : 'down');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#removeNamespaces();
  }

  async #build(): Promise<void> {
    const names: Machine[] = ['router', 'outside', ...NODE_NAMES, ...PODS];
    for (const machine of names) {
      await ip('netns', 'add', this.namespace(machine));
      await ip('-n', this.namespace(machine), 'link', 'set', 'lo', 'up');
    }
    for (const link of ['left', 'right'] as const) {
      const inRouter = (...args: string[]) => ip('-n', this.namespace('router'), ...args);
      await inRouter('link', 'add', link, 'type', 'bridge');
      await inRouter('addr', 'add', `${ROUTER[link]}/24`, 'dev', link);
      await inRouter('link', 'set', link, 'up');
    }
    await this.#connect('outside', 'left', OUTSIDE_IP);
    for (const node of NODE_NAMES) {
      await this.#connect(node, NODES[node].link, NODES[node].ip);
      await this.#addPods(node);
      await this.serve(node, `host-${node}`, HOST_PORT);
    }
    for (const machine of ['router', ...NODE_NAMES] as const) await this.#set(machine, 'net/ipv4/ip_forward', '1');
    // New namespaces start with what the host has just then.
    for (const node of NODE_NAMES) await this.#set(node, 'net/ipv4/conf/all/route_localnet', '0');
    const rules = ['add table ip fence', 'add chain ip fence forward { type filter hook forward priority 0; }'];
    for (const [from, to] of [['left', 'right'] as const, ['right', 'left'] as const])
      for (const side of ['saddr', 'daddr'])
        rules.push(`add rule ip fence forward iifname ${from} oifname ${to} ip ${side} ${CLUSTER_CIDR} drop`);
    // The machine in between is the switch of its links too, with a cluster of its own whose pods have addresses as node a's.
    const another = podTableText({ bridge: 'tk0', podCidr: NODES.a.podCidr, clusterCidr: NODES.a.podCidr });
    const fenced = await runHostCommand(['ip', 'netns', 'exec', this.namespace('router'), 'nft', '-f', '-'], {
      input: `${rules.join('\n')}\n${another}`,
    });
    if (fenced.outcome !== 'done') throw new Error('the router takes no rules');
    await this.#set('router', 'net/bridge/bridge-nf-call-iptables', '1');
  }

  async #connect(machine: NodeName | 'outside', link: keyof typeof ROUTER, address: string): Promise<void> {
    const [inside, router] = [this.namespace(machine), this.namespace('router')];
    const plug = `to-${machine}`;
    await ip('-n', router, 'link', 'add', plug, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inside);
    await ip('-n', router, 'link', 'set', plug, 'master', link);
    await ip('-n', router, 'link', 'set', plug, 'up');
    await ip('-n', inside, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await ip('-n', inside, 'link', 'set', 'eth0', 'up');
    await ip('-n', inside, 'route', 'add', 'default', 'via', ROUTER[link]);
  }

  async #addPods(node: NodeName): Promise<void> {
    const inNode = (...args: string[]) => ip('-n', this.namespace(node), ...args);
    const gateway = NODES[node].podCidr.replace('0/24', '1');
    await inNode('link', 'add', 'tk0', 'type', 'bridge');
    await inNode('addr', 'add', `${gateway}/24`, 'dev', 'tk0');
    await inNode('link', 'set', 'tk0', 'up');
    for (const pod of PODS.filter((one) => nodeOf(one) === node)) {
      const inPod = this.namespace(pod);
      await inNode('link', 'add', `veth${pod}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inPod);
      await inNode('link', 'set', `veth${pod}`, 'master', 'tk0');
      await inNode('link', 'set', `veth${pod}`, 'up');
      await ip('-n', inPod, 'addr', 'add', `${podIp(pod)}/24`, 'dev', 'eth0');
      await ip('-n', inPod, 'link', 'set', 'eth0', 'up');
      await ip('-n', inPod, 'route', 'add', 'default', 'via', gateway);
      await this.serve(pod, pod, POD_PORT);
    }
  }

  async #set(machine: Machine, name: string, value: string): Promise<void> {
    await runIn(this.namespace(machine), 'sh', '-c', `echo ${value} > /proc/sys/${name}`);
  }

  async #removeNamespaces(): Promise<void> {
    for (const machine of [...PODS, ...NODE_NAMES, 'outside', 'router'] as const)
      await runHostCommand(['ip', 'netns', 'del', this.namespace(machine)]);
  }
}
