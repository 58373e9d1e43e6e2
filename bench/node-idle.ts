// Measures: what the process of a node (kubelet, pod network, service rules and DNS) needs while 30 pods run on it and nothing
// happens: resident memory, and its share of one core over a minute. A third of the pods has an HTTP, a third an exec
// readiness probe with the default period; all have the token volume that every pod gets.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Docker from 'dockerode';
import { startApiServer } from '../e2e/support/api-server.ts';
import { projectRoot } from '../e2e/support/test-cluster.ts';
import { ensureSampleImage, SAMPLE_IMAGE } from '../hack/sample-image.ts';
import { pods } from '../pkg/api/resources.ts';
import type { Probe } from '../pkg/api/schema/generated/core.v1.gen.ts';
import { httpsTransport } from '../pkg/client/https-transport.ts';
import { createClient } from '../pkg/client/typed-client.ts';
import { ensureAuthority, ensureCertificate, ensureTokenSigningKey } from '../pkg/pki/certificate-files.ts';
import { atMost, type Benchmark } from './benchmark.ts';
import { bundle } from './support/bundle.ts';

const NODE = 'tk-bench-node';
const PODS = 30;
const REST_MS = 20_000;
const MEASURED_MS = 60_000;
const READY_WITHIN_MS = 120_000;
const TICKS_PER_SECOND = 100;

export const nodeIdle: Benchmark = {
  name: 'node-idle',
  async run(say) {
    await ensureSampleImage(join(projectRoot, 'manifests/examples/hello'), say);
    const program = await bundle('bench/support/node-process.ts', 'node-process');
    const directory = mkdtempSync(join(tmpdir(), 'typekube-bench-node-'));
    await using owned = new AsyncDisposableStack();
    owned.defer(() => rmSync(directory, { recursive: true, force: true }));
    const authority = await ensureAuthority(directory, Date.now());
    await ensureTokenSigningKey(directory);
    const serving = { commonName: `system:node:${NODE}`, hosts: ['127.0.0.1'], usages: ['server' as const] };
    await ensureCertificate(directory, 'kubelet', authority, serving, Date.now());
    const keys = ['--service-account-key-file=sa.pub', '--service-account-signing-key-file=sa.key'];
    const api = owned.use(
      await startApiServer({
        controllers: '*',
        extraFlags: keys.map((flag) => flag.replace('=', `=${directory}/`)),
      }),
    );
    owned.defer(() => removeContainers());
    const node = startNode(program, api.kubeconfig, directory);
    owned.defer(() => end(node));
    const transport = httpsTransport({
      server: new URL(api.url),
      ca: readFileSync(api.caFile, 'utf8'),
      token: api.token,
    });
    owned.defer(() => transport.close());
    const client = createClient(transport).resource(pods);
    const namespace = 'default';
    say(`starting ${PODS} pods`);
    for (let i = 0; i < PODS; i++) {
      const create = () =>
        client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: `p${i}` }, spec: podSpec(i) });
      // Until the controllers have made the service account.
      for (let tries = 0; ; tries++) {
        try {
          await create();
          break;
        } catch (error) {
          if (tries > 100) throw error;
          await pause(100);
        }
      }
    }
    for (let waited = 0; ; waited += 200) {
      const { items } = await client.list({ namespace });
      const ready = items.filter(({ status }) =>
        status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
      );
      if (ready.length === PODS) break;
      if (waited > READY_WITHIN_MS || node.exitCode !== null) {
        throw new Error(
          `only ${ready.length} pods are ready\n${readFileSync(join(directory, 'log'), 'utf8').slice(-4000)}`,
        );
      }
      await pause(200);
    }
    say(`letting the node rest for ${REST_MS / 1000} s and measuring for ${MEASURED_MS / 1000} s`);
    await pause(REST_MS);
    const before = cpuSeconds(node);
    await pause(MEASURED_MS);
    const share = (cpuSeconds(node) - before) / (MEASURED_MS / 1000);
    return [
      atMost(`RSS of a node's process with ${PODS} pods (MiB)`, residentMiB(node), 120),
      atMost(`share of a core it takes when idle (%)`, share * 100, 5),
    ];
  },
};

function podSpec(i: number) {
  const probes: (Probe | undefined)[] = [
    undefined,
    { httpGet: { path: '/', port: 8080 } },
    { exec: { command: ['/bin/busybox', 'true'] } },
  ];
  const readinessProbe = probes[i % probes.length];
  const container = {
    name: 'app',
    image: SAMPLE_IMAGE,
    imagePullPolicy: 'Never',
    ...(readinessProbe && { readinessProbe }),
  };
  return { nodeName: NODE, terminationGracePeriodSeconds: 0, containers: [container] };
}

function startNode(program: string, kubeconfig: string, directory: string): ChildProcess {
  const log = openSync(join(directory, 'log'), 'a');
  const child = spawn(process.execPath, [program, kubeconfig, directory, NODE], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

async function removeContainers(): Promise<void> {
  const docker = new Docker();
  const left = await docker.listContainers({ all: true, filters: { label: [`io.typekube.node=${NODE}`] } });
  await Promise.allSettled(left.map(({ Id: id }) => docker.getContainer(id).remove({ force: true, v: true })));
  await docker
    .getNetwork(NODE)
    .remove()
    .catch(() => undefined); // not made when the node never got that far
}

function residentMiB({ pid }: ChildProcess): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 'NaN') / 1024;
}

function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
