// Makes a cluster on this machine, or brings one back that has stopped: every step finds what an interrupted run has left
// and goes on from there.
import { spawn } from 'node:child_process';
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { createClient } from '../client/typed-client.ts';
import { adminAccess, adminTransport, CLUSTER_DOMAIN } from './access.ts';
import { isNodeReady, probeApi, type ApiProbe } from './api-probe.ts';
import { ensureBootstrapObjects } from './bootstrap-objects.ts';
import {
  ClusterError,
  clusterDirectory,
  isRunning,
  otherHolder,
  processStartedAt,
  readRecord,
  writeRecord,
  type ClusterRecord,
} from './cluster-record.ts';
import { freePort, primaryAddress } from './host-addresses.ts';
import { kubeconfigPath, mergeIntoKubeconfig, type AdminAccess } from './kubeconfig-entry.ts';
import { endLeftOvers } from './left-over-processes.ts';

export interface CreateOptions {
  readonly name: string;
  readonly store: ClusterRecord['store'];
  readonly etcdServers: string;
  readonly layout: ClusterRecord['layout'];
  /** The file of the program that holds a cluster: dist/cluster.js. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Called when a step begins. */
  readonly say: (step: string) => void;
}

const READY_WITHIN_MS = 60_000;
const POLL_MS = 25;
const API_PORT = 6443;
const KUBELET_PORT = 10250;
/** Bridges of container engines, ours among them, come and go; the node's address must not. */
const ENGINE_DEVICE = /^(docker|br-|veth|tk)/;

export async function createCluster(options: CreateOptions, signal: AbortSignal): Promise<ClusterRecord> {
  const { name, env, clock, say } = options;
  const directory = clusterDirectory(name, env);
  const other = await otherHolder(directory);
  if (other !== undefined) {
    throw new ClusterError(
      `${other} runs on this machine, which has room for one cluster without containers: stop or delete it first, ` +
        `or give this one containers with --workers`,
    );
  }
  let record = readRecord(directory);
  if (record !== undefined && !sameKind(record, options)) {
    throw new ClusterError(
      `cluster "${name}" exists with --store ${record.store} and layout ${record.layout}; delete it first to change that`,
    );
  }
  if (record === undefined) {
    say('choosing addresses and ports');
    record = await freshRecord(options);
    writeRecord(directory, record);
  }
  const access = await adminAccess(directory, record, clock.now());
  using probe = probeApi(access);
  if (!isRunning(record)) {
    say(`starting the control plane on port ${record.apiPort}`);
    // An API server that is left would be taken for the new one.
    await endLeftOvers(join(directory, 'pids'), options.clock);
    record = startProcess(directory, record, options);
    writeRecord(directory, record);
  }
  await untilReady({ probe, record, directory, clock, say }, signal);
  await announce(record, access, options, signal);
  mergeIntoKubeconfig(kubeconfigPath(env), name, access);
  return record;
}

function sameKind(record: ClusterRecord, asked: CreateOptions): boolean {
  return record.store === asked.store && record.etcdServers === asked.etcdServers && record.layout === asked.layout;
}

async function freshRecord(options: CreateOptions): Promise<ClusterRecord> {
  const podCidr = '10.244.0.0/24';
  return {
    name: options.name,
    store: options.store,
    etcdServers: options.etcdServers,
    layout: options.layout,
    engine: options.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock',
    nodeName: hostname().toLowerCase(),
    nodeIp: primaryAddress((device) => ENGINE_DEVICE.test(device)) ?? '10.244.0.1',
    apiPort: await freePort(API_PORT),
    kubeletPort: await freePort(KUBELET_PORT),
    podCidr,
    clusterCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/16',
    clusterDns: '10.96.0.10',
    pid: 0,
    pidStartedAt: '',
  };
}

function startProcess(directory: string, record: ClusterRecord, options: CreateOptions): ClusterRecord {
  if (!existsSync(options.program)) {
    throw new ClusterError(`${options.program} is missing; build it with "npm run build"`);
  }
  const log = openSync(join(directory, 'cluster.log'), 'a');
  const child = spawn(process.execPath, [options.program, `--directory=${directory}`], {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.env,
    cwd: '/',
  });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new ClusterError(`cannot start ${options.program}`);
  return { ...record, pid: child.pid, pidStartedAt: processStartedAt(child.pid) };
}

async function untilReady(
  context: { probe: ApiProbe; record: ClusterRecord; directory: string; clock: Clock; say: (step: string) => void },
  signal: AbortSignal,
): Promise<void> {
  const { probe, record, clock, say } = context;
  const deadline = clock.now() + READY_WITHIN_MS;
  const until = async (what: string, done: () => Promise<boolean>) => {
    while (!(await done())) {
      if (!isRunning(record)) {
        throw new ClusterError(`the cluster's process ended while waiting for ${what}:\n${logTail(context.directory)}`);
      }
      if (clock.now() > deadline) {
        throw new ClusterError(
          `${what} did not become ready within 60 s; see ${join(context.directory, 'cluster.log')}`,
        );
      }
      await clock.sleep(POLL_MS, signal);
    }
  };
  say('waiting for the API server');
  await until('the API server', async () => (await probe.get('/readyz')).status === 200);
  say(`waiting for node ${record.nodeName}`);
  await until(`node ${record.nodeName}`, async () => {
    const answer = await probe.get(`/api/v1/nodes/${record.nodeName}`);
    return answer.status === 200 && isNodeReady(answer.body);
  });
}

/** Tells machines that may join where the cluster is and how its nodes are set up. */
async function announce(
  { nodeIp, apiPort, clusterCidr, serviceCidr, clusterDns }: ClusterRecord,
  access: AdminAccess,
  { clock }: CreateOptions,
  signal: AbortSignal,
): Promise<void> {
  const transport = adminTransport(access, clock);
  try {
    await ensureBootstrapObjects(
      createClient(transport),
      {
        server: `https://${nodeIp}:${apiPort}`,
        authority: access.authority,
        clusterCidr,
        serviceCidr,
        clusterDns,
        clusterDomain: CLUSTER_DOMAIN,
      },
      signal,
    );
  } finally {
    await transport.close();
  }
}

function logTail(directory: string): string {
  return readFileSync(join(directory, 'cluster.log'), 'utf8').trim().split('\n').slice(-5).join('\n');
}
