// The programs that are measured, as users run them: the bundles in dist/, each a process of its own on free ports of the
// loopback with fresh data in a temporary directory. Everything started here ends with its owner.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, startEtcd } from '../../e2e/support/etcd-server.ts';
import { Connection } from '../load/connection.ts';
import { renderKubeconfig } from '../../pkg/cluster/kubeconfig-entry.ts';
import { ensureAuthority, ensureCertificate, ensureTokenSigningKey } from '../../pkg/pki/certificate-files.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const READY_WITHIN_MS = 20_000;
const PROBE_EVERY_MS = 5;

export interface Target {
  readonly port: number;
  readonly ca: string;
  /** Of a member of system:masters. */
  readonly token: string;
}

export interface ControlPlane extends AsyncDisposable {
  readonly target: Target;
  /** From the start of the process to the first 200 of /readyz. */
  readonly readyMs: number;
  sinceStartMs(): number;
  /** In the one process where it waits, or as a process of its own. */
  startScheduler(): void;
  /** Starts `scheduler.js` or `controller-manager.js` beside the API server. */
  start(program: string, args?: readonly string[]): ChildProcess;
  /** Resident memory of all processes, in MiB; etcd not included. */
  residentMiB(): number;
}

export interface ControlPlaneOptions {
  readonly store?: 'embedded' | 'etcd';
  /** Bundle of bench/support/one-process.ts: everything in one process, on the embedded store. */
  readonly oneProcess?: string;
  /** Nothing is scheduled before `startScheduler` is called. */
  readonly schedulerWaits?: boolean;
}

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  await using parts = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'typekube-bench-'));
  parts.defer(() => rmSync(directory, { recursive: true, force: true }));
  const etcd = options.store === 'etcd' ? parts.use(await startEtcd()) : undefined;
  const target = await prepare(directory);
  const logFile = join(directory, 'log');
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]) => {
    const log = openSync(logFile, 'a');
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', log, log] });
    closeSync(log);
    children.push(child);
    return child;
  };
  parts.defer(async () => {
    for (const child of children.toReversed()) await end(child);
  });
  const began = performance.now();
  const server =
    options.oneProcess === undefined
      ? start(join(dist, 'apiserver.js'), apiServerFlags(directory, target, etcd?.endpoint))
      : start(options.oneProcess, [directory, ...(options.schedulerWaits === true ? ['scheduler-waits'] : [])]);
  while (!(await isReady(target))) {
    if (performance.now() - began > READY_WITHIN_MS || server.exitCode !== null) {
      throw new Error(`the API server did not become ready:\n${readFileSync(logFile, 'utf8')}`);
    }
    await pause(PROBE_EVERY_MS);
  }
  const readyMs = performance.now() - began;
  if (options.oneProcess === undefined) await createServiceAccount(target);
  const kubeconfig = `--kubeconfig=${join(directory, 'kubeconfig')}`;
  const startBeside = (program: string, args: readonly string[] = []) =>
    start(join(dist, program), [kubeconfig, '--leader-elect=false', ...args]);
  const owned = parts.move();
  return {
    target,
    readyMs,
    sinceStartMs: () => performance.now() - began,
    start: startBeside,
    startScheduler() {
      if (options.oneProcess === undefined) startBeside('scheduler.js', ['--secure-port=0']);
      else server.kill('SIGUSR2');
    },
    residentMiB: () => children.reduce((sum, child) => sum + residentMiB(child), 0),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Certificates, keys, tokens and a kubeconfig: what is there before anything is measured. */
async function prepare(directory: string): Promise<Target> {
  const now = Date.now();
  const authority = await ensureAuthority(directory, now);
  const who = { commonName: 'kube-apiserver', hosts: ['127.0.0.1', 'localhost'], usages: ['server' as const] };
  await ensureCertificate(directory, 'apiserver', authority, who, now);
  await ensureTokenSigningKey(directory);
  const target: Target = { port: await freePort(), ca: authority.certificate, token: 'bench' };
  writeFileSync(join(directory, 'tokens.csv'), `${target.token},bench,1,system:masters\n`, { mode: 0o600 });
  writeFileSync(join(directory, 'kubeconfig'), renderKubeconfig(kubeconfigOf(target)), { mode: 0o600 });
  writeFileSync(join(directory, 'port'), String(target.port));
  return target;
}

function apiServerFlags(directory: string, { port }: Target, etcd: string | undefined): string[] {
  return [
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=192.0.2.1', // the loopback cannot be advertised, and nobody asks for this address
    etcd === undefined ? `--data-dir=${join(directory, 'store')}` : `--etcd-servers=${etcd}`,
    `--tls-cert-file=${join(directory, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(directory, 'apiserver.key')}`,
    `--client-ca-file=${join(directory, 'ca.crt')}`,
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
    `--service-account-key-file=${join(directory, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(directory, 'sa.key')}`,
  ];
}

/** Pods are admitted only with their namespace's `default`, which a controller makes that does not run here. */
async function createServiceAccount(target: Target): Promise<void> {
  using connection = await Connection.open(target);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  const { status } = await connection.send(
    'POST',
    '/api/v1/namespaces/default/serviceaccounts',
    JSON.stringify(account),
  );
  if (status !== 201) throw new Error(`could not create the default service account: status ${status}`);
}

function kubeconfigOf({ port, ca, token }: Target): object {
  const authority = Buffer.from(ca).toString('base64');
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': authority };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster }],
    users: [{ name: 'bench', user: { token } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench',
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function residentMiB(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

function isReady({ port, ca }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/readyz', ca, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    call.once('error', () => resolve(false));
    call.end();
  });
}
