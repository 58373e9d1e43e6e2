// A cluster's control plane and node programs as processes inside network namespaces: API server, proxy and DNS server of this
// repository over HTTPS, objects written by stock kubectl.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '../../pkg/api/schema/resource-type.ts';
import { renderKubeconfig } from '../../pkg/cluster/kubeconfig-entry.ts';
import { ensureAuthority, ensureCertificate } from '../../pkg/pki/certificate-files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const READY_WITHIN_MS = 20_000;
/** Nobody else listens in the namespace. */
const API_PORT = 6443;

export interface ControlPlanePlace {
  readonly namespace: string;
  /** Where it is reached, by kubectl in the same namespace too. */
  readonly address: string;
}

export class NamespaceCluster implements AsyncDisposable {
  readonly #place: ControlPlanePlace;
  readonly #directory: string;
  readonly #children = new Map<string, ChildProcess>();
  readonly kubeconfig: string;

  private constructor(place: ControlPlanePlace) {
    this.#place = place;
    this.#directory = mkdtempSync(join(tmpdir(), 'tknet-cluster-'));
    this.kubeconfig = join(this.#directory, 'kubeconfig');
  }

  static async create(place: ControlPlanePlace): Promise<NamespaceCluster> {
    const cluster = new NamespaceCluster(place);
    const directory = cluster.#directory;
    const authority = await ensureAuthority(directory, Date.now());
    const names = { commonName: 'kube-apiserver', hosts: [place.address], usages: ['server' as const] };
    await ensureCertificate(directory, 'apiserver', authority, names, Date.now());
    writeFileSync(join(directory, 'tokens.csv'), 'test-token,admin,1,system:masters\n', { mode: 0o600 });
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: {
            server: `https://${place.address}:${API_PORT}`,
            'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
          },
        },
      ],
      users: [{ name: 'admin', user: { token: 'test-token' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      'current-context': 'test',
    };
    writeFileSync(cluster.kubeconfig, renderKubeconfig(config), { mode: 0o600 });
    cluster.start('apiserver', [
      `--secure-port=${API_PORT}`,
      '--bind-address=0.0.0.0',
      `--advertise-address=${place.address}`,
      `--data-dir=${join(directory, 'store')}`,
      `--tls-cert-file=${join(directory, 'apiserver.crt')}`,
      `--tls-private-key-file=${join(directory, 'apiserver.key')}`,
      `--client-ca-file=${join(directory, 'ca.crt')}`,
      `--token-auth-file=${join(directory, 'tokens.csv')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
    ]);
    try {
      await cluster.until('the API server is ready', async () => {
        return (await cluster.kubectl(['get', '--raw', '/readyz'])).code === 0;
      });
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** Starts a program of cmd/, beside the API server or in another namespace, where it needs a name of its own. */
  start(
    program: string,
    args: readonly string[],
    { name = program, namespace = this.#place.namespace }: { name?: string; namespace?: string } = {},
  ): ChildProcess {
    const log = openSync(join(this.#directory, `${name}.log`), 'a');
    const child = spawn(
      'ip',
      ['netns', 'exec', namespace, process.execPath, join(root, 'cmd', program, 'main.ts'), ...args],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
    this.#children.set(name, child);
    return child;
  }

  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#children.get(name);
    this.#children.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  log(name: string): string {
    return readFileSync(join(this.#directory, `${name}.log`), 'utf8');
  }

  kubectl(args: readonly string[], input = ''): Promise<{ code: number; out: string }> {
    return new Promise((resolve) => {
      const command = ['netns', 'exec', this.#place.namespace, 'kubectl', `--kubeconfig=${this.kubeconfig}`, ...args];
      const child = execFile('ip', command, { timeout: 20_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, out: stdout + stderr });
      });
      child.stdin?.end(input);
    });
  }

  /** Throws with what kubectl says when it fails. What only the server may write of the metadata is left out. */
  async apply(...objects: readonly KubeObject[]): Promise<void> {
    const items = objects.map((object) => {
      const { name, namespace, labels } = object.metadata;
      return { ...object, metadata: { name, namespace, labels }, status: undefined };
    });
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const { code, out } = await this.kubectl(['apply', '-f', '-'], list);
    if (code !== 0) throw new Error(`kubectl apply: ${out}\n${this.log('apiserver')}`);
  }

  /** Throws, with the logs, when `holds` is not true within `withinMs`. */
  async until(what: string, holds: () => Promise<boolean>, withinMs: number = READY_WITHIN_MS): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!(await holds())) {
      if (Date.now() > deadline) {
        const logs = [...this.#children.keys()].map((name) => `--- ${name}\n${this.log(name)}`);
        throw new Error(`not within ${withinMs / 1000} seconds: ${what}\n${logs.join('\n')}`);
      }
      await pause(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of [...this.#children.keys()].toReversed()) await this.stop(program, 'SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
