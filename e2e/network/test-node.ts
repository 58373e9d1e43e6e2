// A node made of network namespaces: the node itself with a bridge like the kubelet's, pods on that bridge, and a client
// outside the cluster. Pods answer every TCP connection and UDP packet with their name and who asked. Everything is
// removed again by disposing it.
import type { ChildProcess } from 'node:child_process';
import type { RunHostCommand } from '../../pkg/network/host-command.ts';
import { runHostCommand } from '../../pkg/network/host-command.ts';
import { watchHost } from '../../pkg/network/host-watch.ts';
import type { Sysctls } from '../../pkg/network/sysctl.ts';
import { askFrom, ip, startServer, type Answer, type Asking } from './namespaces.ts';

export const CLUSTER_CIDR = '10.244.0.0/16';
export const POD_CIDR = '10.244.7.0/24';
export const NODE_IP = '192.168.77.1';
export const OUTSIDE_IP = '192.168.77.2';
/** Where every pod listens, TCP and UDP. */
export const POD_PORT = 8080;

export type Place = 'node' | 'outside' | 'p1' | 'p2' | 'p3';

export class TestNode implements AsyncDisposable {
  readonly #prefix: string;
  readonly #children: ChildProcess[] = [];
  readonly run: RunHostCommand;
  readonly watch: typeof watchHost;
  readonly sysctls: Sysctls;

  private constructor(prefix: string) {
    this.#prefix = prefix;
    const inNode = ['ip', 'netns', 'exec', this.namespace('node')] as const;
    this.run = ([program, ...args], options, signal) =>
      runHostCommand([inNode[0], ...inNode.slice(1), program, ...args], options, signal);
    this.watch = ([program, ...args], options) => watchHost([inNode[0], ...inNode.slice(1), program, ...args], options);
    this.sysctls = {
      read: async (name) => {
        const answer = await this.run(['cat', `/proc/sys/${name}`]);
        return answer.outcome === 'done' ? answer.output.trim() : undefined;
      },
      set: async (name, value) =>
        (await this.run(['sh', '-c', `echo ${value} > /proc/sys/${name}`])).outcome === 'done',
    };
  }

  static podIp(pod: 'p1' | 'p2' | 'p3'): string {
    return `10.244.7.1${pod.slice(1)}`;
  }

  /** `name` keeps the namespaces of test files apart. */
  static async create(name: string): Promise<TestNode> {
    const node = new TestNode(`tknet-${name}`);
    await node.#removeNamespaces();
    const ns = (place: Place) => node.namespace(place);
    for (const place of ['node', 'outside', 'p1', 'p2', 'p3'] as const) {
      await ip('netns', 'add', ns(place));
      await ip('-n', ns(place), 'link', 'set', 'lo', 'up');
    }
    const inNode = (...args: string[]) => ip('-n', ns('node'), ...args);
    await inNode('link', 'add', 'tk0', 'type', 'bridge');
    await inNode('addr', 'add', '10.244.7.1/24', 'dev', 'tk0');
    await inNode('link', 'set', 'tk0', 'up');
    await inNode('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns('outside'));
    await inNode('addr', 'add', `${NODE_IP}/24`, 'dev', 'eth0');
    await inNode('link', 'set', 'eth0', 'up');
    await ip('-n', ns('outside'), 'addr', 'add', `${OUTSIDE_IP}/24`, 'dev', 'eth0');
    await ip('-n', ns('outside'), 'link', 'set', 'eth0', 'up');
    // Service addresses are reached through the node, as with a load balancer in front.
    await ip('-n', ns('outside'), 'route', 'add', 'default', 'via', NODE_IP);
    await inNode('route', 'add', 'default', 'via', OUTSIDE_IP);
    for (const pod of ['p1', 'p2', 'p3'] as const) {
      await inNode('link', 'add', pod, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns(pod));
      await inNode('link', 'set', pod, 'master', 'tk0');
      await inNode('link', 'set', pod, 'up');
      await ip('-n', ns(pod), 'addr', 'add', `${TestNode.podIp(pod)}/24`, 'dev', 'eth0');
      await ip('-n', ns(pod), 'link', 'set', 'eth0', 'up');
      await ip('-n', ns(pod), 'route', 'add', 'default', 'via', '10.244.7.1');
      await node.startServer(pod, pod, [POD_PORT]);
    }
    await node.sysctls.set('net/ipv4/ip_forward', '1');
    // New namespaces start with what the host has just then.
    await node.sysctls.set('net/ipv4/conf/all/route_localnet', '0');
    return node;
  }

  namespace(place: Place): string {
    return `${this.#prefix}-${place}`;
  }

  /** Runs the answering program in a namespace until the node is disposed. */
  async startServer(place: Place, answer: string, ports: readonly number[]): Promise<ChildProcess> {
    const child = await startServer(this.namespace(place), answer, ports);
    this.#children.push(child);
    return child;
  }

  /** Asks `address:port` from somewhere; 'refused' or 'timeout' when nobody answers. */
  async ask(
    from: Place,
    address: string,
    port: number,
    options: Asking = {},
  ): Promise<(Answer | 'refused' | 'timeout')[]> {
    return await askFrom(this.namespace(from), address, port, options);
  }

  /** The node's rules, as nft lists them. */
  async ruleset(): Promise<string> {
    const answer = await this.run(['nft', 'list', 'ruleset']);
    if (answer.outcome !== 'done') throw new Error('nft list ruleset failed');
    return answer.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#removeNamespaces();
  }

  async #removeNamespaces(): Promise<void> {
    for (const place of ['p1', 'p2', 'p3', 'outside', 'node'] as const)
      await runHostCommand(['ip', 'netns', 'del', this.namespace(place)]);
  }
}
