// A small cluster for tkctl's commands that need running containers: API server, controllers, scheduler and one kubelet as
// processes of their own on the real engine. Everything it makes carries its name and is taken away at the end.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { nodes } from '../../pkg/api/resources.ts';
import { httpsTransport } from '../../pkg/client/https-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { ensureAuthority, ensureCertificate, ensureTokenSigningKey } from '../../pkg/pki/certificate-files.ts';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { importBusyboxImage, missingForContainers } from '../support/busybox-image.ts';

export const IMAGE = 'tk-ctl-e2e-busybox:1';
export const NODE = 'tk-ctl-node';
const NETWORK = 'tkctl-net';
const BRIDGE = 'tkctl0';
const SUBNET = '10.198.7.0/24';
const KUBELET_PORT = 17_220;
const READY_WITHIN_MS = 20_000;

const docker = new Docker();
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Why these tests cannot run here; undefined: they can. */
export const missing = () => missingForContainers(docker);

export interface LiveCluster extends AsyncDisposable {
  readonly kubeconfig: string;
  /** What its programs have logged. */
  log(): string;
}

/** Resolves when its node is ready. The programs in dist/ must be built. */
export async function startLiveCluster(): Promise<LiveCluster> {
  await using parts = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'tk-ctl-live-'));
  parts.defer(() => rmSync(directory, { recursive: true, force: true }));
  const at = (name: string) => join(directory, name);
  await makeCertificates(directory);
  await importBusyboxImage(docker, IMAGE);
  parts.defer(() => docker.getImage(IMAGE).remove({ force: true }));
  parts.defer(() => sweep(directory));
  const api = parts.use(
    await startApiServer({
      // The rows make the default account of their namespaces.
      controllers: '*,-serviceaccount',
      extraFlags: [
        '--advertise-address=192.0.2.1',
        '--enable-metrics-api=true',
        `--service-account-key-file=${at('sa.pub')}`,
        `--service-account-signing-key-file=${at('sa.key')}`,
        `--kubelet-client-certificate=${at('caller.crt')}`,
        `--kubelet-client-key=${at('caller.key')}`,
        `--kubelet-certificate-authority=${at('ca.crt')}`,
      ],
    }),
  );
  const program = (name: string, args: readonly string[]) =>
    parts.use(startProgram(name, [`--kubeconfig=${api.kubeconfig}`, ...args], at('log')));
  program('scheduler.js', ['--leader-elect=false', '--secure-port=0']);
  program('kubelet.js', [
    `--hostname-override=${NODE}`,
    '--node-ip=127.0.0.1',
    '--address=127.0.0.1',
    `--root-dir=${at('kubelet')}`,
    '--cluster-dns=10.96.0.10',
    '--cluster-domain=cluster.local',
    `--pod-cidr=${SUBNET}`,
    `--port=${KUBELET_PORT}`,
    `--tls-cert-file=${at('kubelet.crt')}`,
    `--tls-private-key-file=${at('kubelet.key')}`,
    `--client-ca-file=${at('ca.crt')}`,
    `--pod-network=${NETWORK}`,
    `--pod-bridge=${BRIDGE}`,
  ]);
  const log = () => api.log() + readFileSync(at('log'), 'utf8');
  await untilReady(api, log);
  const owned = parts.move();
  return { kubeconfig: api.kubeconfig, log, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function makeCertificates(directory: string): Promise<void> {
  const now = Date.now();
  const authority = await ensureAuthority(directory, now);
  await ensureTokenSigningKey(directory);
  const host = { hosts: ['127.0.0.1'], usages: ['server' as const] };
  await ensureCertificate(directory, 'kubelet', authority, { commonName: `system:node:${NODE}`, ...host }, now);
  const caller = { commonName: 'kube-apiserver', organizations: ['system:masters'], usages: ['client' as const] };
  await ensureCertificate(directory, 'caller', authority, caller, now);
}

function startProgram(name: string, args: readonly string[], logFile: string): AsyncDisposable {
  const log = openSync(logFile, 'a');
  const child: ChildProcess = spawn(process.execPath, [join(dist, name), ...args], { stdio: ['ignore', log, log] });
  closeSync(log);
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function untilReady(api: ApiServerProcess, log: () => string): Promise<void> {
  const transport = httpsTransport({
    server: new URL(api.url),
    ca: readFileSync(api.caFile, 'utf8'),
    token: api.token,
  });
  try {
    const client = createClient(transport);
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const list = await client.resource(nodes).list();
      const [node] = list.items;
      const ready = node?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      if (ready === true && (node?.spec.taints ?? []).length === 0) return;
      if (Date.now() > deadline) throw new Error(`the node did not become ready:\n${log()}`);
      await pause(50);
    }
  } finally {
    await transport.close();
  }
}

/** Containers, network and mounts that a killed kubelet leaves. */
async function sweep(directory: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const left = await docker.listContainers({ all: true, filters: { label: [`io.typekube.node=${NODE}`] } });
    if (left.length === 0) break;
    if (Date.now() > deadline) throw new Error(`${left.length} containers could not be removed`);
    // Allowed to fail: the engine may be at the same container since before the kubelet was killed.
    await Promise.allSettled(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
    await pause(100);
  }
  const networks = await docker.listNetworks({ filters: { name: [NETWORK] } });
  await Promise.all(networks.map(({ Id }) => docker.getNetwork(Id).remove()));
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const path = line.split(' ')[1];
    if (path?.startsWith(directory) === true) execFileSync('umount', [path]);
  }
}
