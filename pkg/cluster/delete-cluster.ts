// Removes every trace of a cluster from this machine: its process, its containers and network, its kernel rules, its data and
// its kubeconfig entry. Safe to repeat, and to run on what an interrupted run has left.
import type { Clock } from '../clock/clock.ts';
import {
  ClusterError,
  clusterDirectory,
  isRunning,
  readRecord,
  removeClusterDirectory,
  type ClusterRecord,
} from './cluster-record.ts';
import { removeFromEngine } from './engine-remains.ts';
import { engineAt } from './engine.ts';
import { kubeconfigPath, removeFromKubeconfig } from './kubeconfig-entry.ts';

export interface DeleteOptions {
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly say: (step: string) => void;
  /** Takes the rules out of the kernel that only the cluster's network knows. */
  readonly removeHostRules: () => Promise<void>;
}

const STOP_WITHIN_MS = 20_000;
const POLL_MS = 50;
const NETWORK = 'typekube';

/** False when there was no such cluster. */
export async function deleteCluster(options: DeleteOptions, signal: AbortSignal): Promise<boolean> {
  const { name, env, say } = options;
  const directory = clusterDirectory(name, env);
  const record = readRecord(directory);
  if (record !== undefined) {
    say('stopping the control plane');
    await stopProcess(record, options.clock, signal);
    say('removing its containers and network');
    await removeFromEngine(engineAt(record.engine), record.nodeName, NETWORK);
    say('removing its kernel rules');
    await options.removeHostRules();
    say('removing its data');
    removeClusterDirectory(directory);
  }
  removeFromKubeconfig(kubeconfigPath(env), name);
  return record !== undefined;
}

/** SIGTERM first; kill -9 when that does not help within 20 s. */
export async function stopProcess(record: ClusterRecord, clock: Clock, signal: AbortSignal): Promise<void> {
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
