// Removes every trace of a cluster from this machine: its process, its containers and network, its kernel rules, its data and
// its kubeconfig entry. Safe to repeat, and to run on what an interrupted run has left.
import { existsSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import {
  ClusterError,
  clusterDirectory,
  ifIntact,
  isRunning,
  otherHolder,
  processStartedAt,
  readRecord,
  removeClusterDirectory,
  type ClusterRecord,
} from './cluster-record.ts';
import { removeFromEngine } from './engine-remains.ts';
import { engineAt, engineEndpoint } from './engine.ts';
import { kubeconfigPath, removeFromKubeconfig } from './kubeconfig-entry.ts';
import { argumentsOf, endLeftOvers } from './left-over-processes.ts';

export interface DeleteOptions {
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly say: (step: string) => void;
  /** Takes the rules out of the kernel that only the cluster's network knows. */
  readonly removeHostRules: () => Promise<void>;
}

type Remains = Pick<ClusterRecord, 'name' | 'engine' | 'nodeName' | 'pid' | 'pidStartedAt'>;

const STOP_WITHIN_MS = 20_000;
const POLL_MS = 50;
const NETWORK = 'typekube';

/** False when there was no such cluster. */
export async function deleteCluster(options: DeleteOptions, signal: AbortSignal): Promise<boolean> {
  const { name, env, say } = options;
  const directory = clusterDirectory(name, env);
  const record = ifIntact(() => readRecord(directory)) ?? remainsOf(directory, name, env);
  if (record !== undefined) {
    say('stopping the control plane');
    await stopProcess(record, options.clock, signal);
    await endLeftOvers(join(directory, 'pids'), options.clock);
    // Whoever runs here now has taken them over.
    if ((await otherHolder(directory)) === undefined) {
      say('removing its containers and network');
      await removeFromEngine(engineAt(record.engine), record.nodeName, NETWORK);
      say('removing its kernel rules');
      await options.removeHostRules();
    }
    say('removing its data');
    removeClusterDirectory(directory);
  }
  removeFromKubeconfig(kubeconfigPath(env), name);
  return record !== undefined;
}

/** What can be known of a cluster whose record is damaged. */
function remainsOf(directory: string, name: string, env: NodeJS.ProcessEnv): Remains | undefined {
  if (!existsSync(directory)) return undefined;
  const pid = processesWith(`--directory=${directory}`).find((id) => id !== process.pid) ?? 0;
  const pidStartedAt = pid === 0 ? '' : processStartedAt(pid);
  return { name, engine: engineEndpoint(env), nodeName: hostname().toLowerCase(), pid, pidStartedAt };
}

/** Ids of processes that were started with this argument. */
function processesWith(argument: string): number[] {
  const ids = readdirSync('/proc').filter((id) => /^\d+$/.test(id));
  return ids.filter((id) => argumentsOf(id).includes(argument)).map(Number);
}

/** SIGTERM first; kill -9 when that does not help within 20 s. */
export async function stopProcess(
  record: Pick<Remains, 'name' | 'pid' | 'pidStartedAt'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (!isRunning(record)) return;
  for (const [kind, patience] of [
    ['SIGTERM', STOP_WITHIN_MS],
    ['SIGKILL', POLL_MS * 100],
  ] as const) {
    process.kill(record.pid, kind);
    const deadline = clock.now() + patience;
    while (isRunning(record) && clock.now() < deadline) await clock.sleep(POLL_MS, signal);
    if (!isRunning(record)) return;
  }
  throw new ClusterError(`process ${record.pid} of cluster "${record.name}" does not end`);
}
