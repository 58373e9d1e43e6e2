// A cluster of one control plane and three workers with engines of their own, a web server on each that says its name and who asks,
// and ways to ask: from pods, from nodes and from this machine, over HTTP, TCP and UDP.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import type { ExecAnswer } from '../../pkg/cluster/engine.ts';
import { createNodesCluster, type NodesCluster } from '../support/nodes-cluster.ts';

export const NAME = 'e2e-network';
export const NODES = ['control-plane', 'worker', 'worker2', 'worker3'].map((suffix) => `${NAME}-${suffix}`);
/** One on each node. */
export const PODS = NODES.map((node) => node.replace(NAME, 'who'));
export const HOST_PORT = 9090;
export const HOST_NETWORK_PORT = 8088;
/** Where the programs of e2e/network answer over TCP and UDP in the pods of PODS. */
export const PROGRAM_PORT = 8081;
export const SOON = { timeout: 30_000, interval: 250 };
const POD_SUBNET = '10.77.0.0/16';
const SERVICE_SUBNET = '10.78.0.0/16';
/** Of a node container. */
const NODE_PROGRAM = '/typekube/bin/node';

/** busybox's web server, and a script that says who asked. */
export function answering(
  name: string,
  node: string,
  spec: object,
  { port = 8080, ...container }: { port?: number; [field: string]: unknown } = {},
) {
  const script = `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s %s\\n' ${name} "$REMOTE_ADDR"`;
  const put = 'mkdir -p /www/cgi-bin; printf "%s\\n" "$WHO" > /www/cgi-bin/who; chmod +x /www/cgi-bin/who';
  const command = ['sh', '-c', `${put}; exec httpd -f -p ${port} -h /www`];
  const env = [{ name: 'WHO', value: script }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name.replace(/-.*/, ''), name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'web', image: SAMPLE_IMAGE, imagePullPolicy: 'Never', command, env, ...container }],
      ...spec,
    },
  };
}

export function service(name: string, selector: object, spec: object, port: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector, ports: [{ port: 80, targetPort: 8080, ...port }], ...spec },
  };
}

export class EngineWorld implements AsyncDisposable {
  readonly cluster: NodesCluster;
  readonly #addresses = new Map<string, string>();
  readonly #processes = new Map<string, string>();

  private constructor(cluster: NodesCluster) {
    this.cluster = cluster;
  }

  static async create(objects: readonly object[]): Promise<EngineWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'tknet-config-'));
    const config = join(directory, 'config.yaml');
    await writeFile(
      config,
      `apiVersion: typekube.dev/v1alpha1\nkind: Cluster\nnetworking: {podSubnet: ${POD_SUBNET}, serviceSubnet: ${SERVICE_SUBNET}}\n`,
    );
    const world = new EngineWorld(await createNodesCluster(NAME, ['--workers', '3', '--config', config]));
    await rm(directory, { recursive: true });
    await world.add(...NODES.map((node, index) => answering(PODS[index] ?? '', node, {})), ...objects);
    for (const { name, address } of world.cluster.record().containers) world.#addresses.set(name, address);
    await Promise.all(PODS.map((pod) => world.#serve(pod)));
    return world;
  }

  /** Creates them and waits until all pods are ready. */
  async add(...items: readonly object[]): Promise<void> {
    const path = `${this.cluster.kubeconfig}-objects.json`;
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await this.cluster.must('create', '-f', path);
    await this.cluster.must('wait', '--for=condition=Ready', 'pods', '--all', '--timeout=90s');
    const columns = 'jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}';
    for (const line of (await this.cluster.must('get', 'pods', '-o', columns)).trim().split('\n')) {
      const [name = '', address = ''] = line.split(' ');
      this.#addresses.set(name, address);
    }
  }

  /** Of a pod or a node. */
  address(name: string): string {
    return this.#addresses.get(name) ?? `no ${name}`;
  }

  async nodePort(service: string): Promise<string> {
    return await this.cluster.must('get', 'service', service, '-o', 'jsonpath={.spec.ports[0].nodePort}');
  }

  async clusterIp(service: string): Promise<string> {
    return await this.cluster.must('get', 'service', service, '-o', 'jsonpath={.spec.clusterIP}');
  }

  /** What each place answers a pod, in the order of `places`: the name of the pod and the client that it saw. */
  async fromPod(pod: string, places: readonly string[], seconds = 15): Promise<string[]> {
    const asked = (place: string) => `timeout ${seconds} wget -q -O - http://${place}/cgi-bin/who || echo none`;
    const { stdout } = await this.cluster.kubectl('exec', pod, '--', 'sh', '-c', places.map(asked).join('; '));
    return stdout.trim().split('\n').map(plain);
  }

  /** Runs a program of this folder in the network of a pod of PODS. Its input stays open for `seconds`. */
  async program(pod: string, name: string, args: readonly (string | number)[], seconds = 0): Promise<string[]> {
    const command = await this.#programCommand(pod, name, args);
    const { code, stdout, stderr } = await this.cluster.exec(
      nodeOf(pod),
      'sh',
      '-c',
      seconds === 0 ? command : `sleep ${seconds} | ${command}`,
    );
    if (code !== 0) throw new Error(`${name} in ${pod}: exit ${code} ${stderr}`);
    return stdout.trim().split('\n');
  }

  /** Answers of the programs in PODS, each with the client that was seen. */
  async ask(
    pod: string,
    protocol: 'tcp' | 'udp',
    place: string,
    { times = 1, bytes = 1, timeoutMs = 2_000 } = {},
  ): Promise<string[]> {
    const [address = '', port = ''] = place.split(':');
    return await this.program(pod, 'client-program.ts', [protocol, address, port, times, timeoutMs, bytes]);
  }

  async onNode(node: string, ...command: string[]): Promise<string> {
    const { code, stdout, stderr }: ExecAnswer = await this.cluster.exec(node, ...command);
    expect({ command, code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  async #serve(pod: string): Promise<void> {
    const command = await this.#programCommand(pod, 'pod-program.ts', [pod, PROGRAM_PORT]);
    await this.onNode(nodeOf(pod), 'sh', '-c', `setsid ${command} >/tmp/${pod}.log 2>&1 </dev/null &`);
    const listens = async () => expect(await this.onNode(nodeOf(pod), 'cat', `/tmp/${pod}.log`)).toContain('listening');
    await vi.waitFor(listens, SOON);
  }

  async #programCommand(pod: string, name: string, args: readonly (string | number)[]): Promise<string> {
    const text = readFileSync(fileURLToPath(new URL(name, import.meta.url))).toString('base64');
    const file = `/tmp/${basename(name, '.ts')}.mts`;
    await this.onNode(nodeOf(pod), 'sh', '-c', `echo ${text} | base64 -d >${file}`);
    return `nsenter -t ${await this.#processOf(pod)} -n ${NODE_PROGRAM} ${file} ${args.join(' ')}`;
  }

  /** Of the pod's web server, on its node. */
  async #processOf(pod: string): Promise<string> {
    const known = this.#processes.get(pod);
    if (known !== undefined) return known;
    const find = `docker inspect -f '{{.State.Pid}}' $(docker ps -q --filter name=k8s_web_${pod}_)`;
    const found = (await this.onNode(nodeOf(pod), 'sh', '-c', find)).trim();
    this.#processes.set(pod, found);
    return found;
  }
}

/** Of a pod of PODS. */
function nodeOf(pod: string): string {
  return pod.replace('who', NAME);
}

/** From this machine, which is outside of the cluster, by a connection of its own. */
export function fromOutside(place: string): Promise<string> {
  return new Promise((resolve) => {
    const asking = get(`http://${place}/cgi-bin/who`, { agent: false, timeout: 4_000 }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (data: string) => (text += data));
      response.on('close', () => resolve(plain(text.trim())));
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve('none'));
  });
}

function plain(answer: string): string {
  return answer.replace(/\[::ffff:([\d.]+)\]/, '$1');
}
