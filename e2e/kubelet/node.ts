// One node for tests: a real API server, the real kubelet as a process of its own on the real engine, an image of busybox made from the
// machine's own. Everything it makes carries its name and is taken away at the end.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { isApiError } from '../../pkg/api/meta/status.ts';
import { configMaps, events, nodes, pods, serviceAccounts } from '../../pkg/api/resources.ts';
import type { Pod, PodSpec } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../pkg/client/client.ts';
import { httpsTransport } from '../../pkg/client/https-transport.ts';
import type { Transport } from '../../pkg/client/transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { ensureAuthority, ensureCertificate, ensureTokenSigningKey } from '../../pkg/pki/certificate-files.ts';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { importBusyboxImage, missingForContainers } from '../support/busybox-image.ts';

export const IMAGE = 'tk-kubelet-e2e-busybox:1';
export const NODE = 'tk-kubelet-e2e';
const NETWORK = 'tk-kubelet-e2e';
const BRIDGE = 'tkkube2e';
export const SUBNET = '10.198.0.0/24';
const KUBELET_PORT = 16_520;

const docker = new Docker();
const main = fileURLToPath(new URL('../../cmd/kubelet/main.ts', import.meta.url));

/** Why these tests cannot run here; undefined: they can. */
export const missing = () => missingForContainers(docker);

export interface TestNode extends AsyncDisposable {
  readonly client: Client;
  readonly transport: Transport;
  readonly docker: Docker;
  readonly directory: string;
  readonly kubeconfig: string;
  create(name: string, spec: Omit<PodSpec, 'nodeName'>, more?: { labels?: Record<string, string> }): Promise<Pod>;
  get(name: string): Promise<Pod>;
  /** Waits until the pod is as asked; fails with all that explains why it is not. */
  until(name: string, is: (pod: Pod) => boolean, seconds?: number): Promise<Pod>;
  untilGone(name: string, seconds?: number): Promise<void>;
  eventsOf(name: string): Promise<string[]>;
  logs(name: string, query?: string): Promise<string>;
  /** kill -9 */
  killKubelet(): Promise<void>;
  startKubelet(podCidr?: string): void;
  /** It takes connections and answers nothing, until it is released. */
  holdApiServer(): void;
  releaseApiServer(): void;
}

export interface NodeOptions {
  /** Undefined: the kubelet waits for what its Node object says, and nobody waits for the node. */
  readonly podCidr: string | undefined;
  /** Of a file system of its own for the kubelet's directory. */
  readonly diskMiB?: number;
  readonly flags?: readonly string[];
}

export async function startNode(options: NodeOptions = { podCidr: SUBNET }): Promise<TestNode> {
  const directory = mkdtempSync(join(tmpdir(), 'tk-kubelet-'));
  const now = Date.now();
  const authority = await ensureAuthority(directory, now);
  await ensureTokenSigningKey(directory);
  const host = { hosts: ['127.0.0.1'], usages: ['server' as const] };
  await ensureCertificate(directory, 'kubelet', authority, { commonName: `system:node:${NODE}`, ...host }, now);
  const caller = { commonName: 'kube-apiserver', organizations: ['system:masters'], usages: ['client' as const] };
  await ensureCertificate(directory, 'caller', authority, caller, now);
  await makeImage();
  const api = await startApiServer({
    extraFlags: [
      '--advertise-address=192.0.2.1',
      `--service-account-key-file=${join(directory, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(directory, 'sa.key')}`,
      `--kubelet-client-certificate=${join(directory, 'caller.crt')}`,
      `--kubelet-client-key=${join(directory, 'caller.key')}`,
      `--kubelet-certificate-authority=${join(directory, 'ca.crt')}`,
    ],
  });
  if (options.diskMiB !== undefined) {
    mkdirSync(join(directory, 'kubelet'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${options.diskMiB}m`, 'tmpfs', join(directory, 'kubelet')]);
  }
  const node = new RunningNode(api, directory, options.flags ?? []);
  node.startKubelet(options.podCidr);
  await node.prepare();
  if (options.podCidr !== undefined) await node.untilReady();
  return node;
}

async function makeImage(): Promise<void> {
  try {
    await docker.getImage(IMAGE).inspect();
    return;
  } catch {
    // made now
  }
  await importBusyboxImage(docker, IMAGE);
}

class RunningNode implements TestNode {
  readonly client: Client;
  readonly transport: Transport;
  readonly docker = docker;
  readonly directory: string;
  readonly kubeconfig: string;
  readonly #api: ApiServerProcess;
  #kubelet: ChildProcess | undefined;
  #podCidr: string | undefined;
  readonly #flags: readonly string[];

  constructor(api: ApiServerProcess, directory: string, flags: readonly string[]) {
    this.#flags = flags;
    this.#api = api;
    this.directory = directory;
    this.kubeconfig = api.kubeconfig;
    this.transport = httpsTransport({
      server: new URL(api.url),
      ca: readFileSync(api.caFile, 'utf8'),
      token: api.token,
    });
    this.client = createClient(this.transport);
  }

  startKubelet(podCidr: string | undefined = this.#podCidr): void {
    this.#podCidr = podCidr;
    const log = openSync(join(this.directory, 'kubelet.log'), 'a');
    const at = (name: string) => join(this.directory, name);
    this.#kubelet = spawn(
      process.execPath,
      [
        main,
        `--kubeconfig=${this.#api.kubeconfig}`,
        `--hostname-override=${NODE}`,
        '--node-ip=127.0.0.1',
        '--address=127.0.0.1',
        `--root-dir=${at('kubelet')}`,
        '--cluster-dns=10.96.0.10',
        '--cluster-domain=cluster.local',
        ...(podCidr === undefined ? [] : [`--pod-cidr=${podCidr}`]),
        `--port=${KUBELET_PORT}`,
        `--tls-cert-file=${at('kubelet.crt')}`,
        `--tls-private-key-file=${at('kubelet.key')}`,
        `--client-ca-file=${at('ca.crt')}`,
        `--pod-network=${NETWORK}`,
        `--pod-bridge=${BRIDGE}`,
        '--node-labels=test=kubelet',
        '--v=4',
        ...this.#flags,
      ],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
  }

  holdApiServer(): void {
    process.kill(this.#api.pid, 'SIGSTOP');
  }

  releaseApiServer(): void {
    process.kill(this.#api.pid, 'SIGCONT');
  }

  async killKubelet(): Promise<void> {
    const child = this.#kubelet;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** What controllers would make: a service account and the CA that pods are given. */
  async prepare(): Promise<void> {
    const metadata = { namespace: 'default', name: 'default' };
    await this.client.resource(serviceAccounts).create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    await this.client.resource(configMaps).create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name: 'kube-root-ca.crt' },
      data: { 'ca.crt': readFileSync(this.#api.caFile, 'utf8') },
    });
  }

  async untilReady(): Promise<void> {
    const deadline = Date.now() + 40_000;
    for (;;) {
      const list = await this.client.resource(nodes).list();
      const ready = list.items[0]?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      if (ready === true) return;
      if (Date.now() > deadline) throw new Error(`the node did not become ready:\n${this.#log()}`);
      await pause(50);
    }
  }

  async create(
    name: string,
    spec: Omit<PodSpec, 'nodeName'>,
    more: { labels?: Record<string, string> } = {},
  ): Promise<Pod> {
    const client = this.client.resource(pods);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name, ...more },
      spec: { terminationGracePeriodSeconds: 2, ...spec, nodeName: NODE },
    } as const;
    try {
      return await client.create(pod);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
      // Left by the first try of a test that is tried again.
      await client.delete({ namespace: 'default', name });
      await this.untilGone(name);
      return await client.create(pod);
    }
  }

  get(name: string): Promise<Pod> {
    return this.client.resource(pods).get({ namespace: 'default', name });
  }

  async until(name: string, is: (pod: Pod) => boolean, seconds = 90): Promise<Pod> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const pod = await this.get(name);
      if (is(pod)) return pod;
      if (Date.now() > deadline) {
        const told = JSON.stringify(pod.status, undefined, 1);
        throw new Error(
          `${name} is not as it should be: ${told}\n${(await this.eventsOf(name)).join('\n')}\n${this.#log()}`,
        );
      }
      await pause(100);
    }
  }

  async untilGone(name: string, seconds = 60): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const list = await this.client
        .resource(pods)
        .list({ namespace: 'default', fieldSelector: `metadata.name=${name}` });
      if (list.items.length === 0) return;
      if (Date.now() > deadline)
        throw new Error(`${name} is still there: ${JSON.stringify(list.items[0]?.status)}\n${this.#log()}`);
      await pause(100);
    }
  }

  async eventsOf(name: string): Promise<string[]> {
    const fieldSelector = `involvedObject.name=${name}`;
    const list = await this.client.resource(events).list({ namespace: 'default', fieldSelector });
    return list.items.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }

  async logs(name: string, query = ''): Promise<string> {
    const path = `/api/v1/namespaces/default/pods/${name}/log${query}`;
    let text = '';
    for await (const chunk of await this.transport.stream({ method: 'GET', path }, AbortSignal.timeout(20_000))) {
      text += Buffer.from(chunk).toString();
    }
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close();
    const kubelet = this.#kubelet;
    if (kubelet !== undefined && kubelet.exitCode === null && kubelet.signalCode === null) {
      const gone = once(kubelet, 'exit');
      kubelet.kill('SIGTERM');
      await gone;
    }
    await this.#api[Symbol.asyncDispose]();
    const left = await docker.listContainers({ all: true, filters: { label: [`io.typekube.node=${NODE}`] } });
    await Promise.all(left.map(({ Id }) => unlessGoing(docker.getContainer(Id).remove({ force: true, v: true }))));
    await docker
      .getNetwork(NETWORK)
      .remove()
      .catch(() => undefined); // not made when the kubelet never got that far
    for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n').reverse()) {
      const path = line.split(' ')[1];
      if (path?.startsWith(this.directory) === true) execFileSync('umount', [path]);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  #log(): string {
    return readFileSync(join(this.directory, 'kubelet.log'), 'utf8').split('\n').slice(-30).join('\n');
  }
}

/** The kubelet may be removing the same container at this moment, or have done so. */
async function unlessGoing(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
    if (status !== 404 && status !== 409) throw error;
  }
}
