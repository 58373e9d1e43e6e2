// The program that runs this machine's node (dist/node.js) as a process of its own, for machines where nobody else keeps it running.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import type { Clock } from '../clock/clock.ts';
import { ClusterError, processStartedAt } from './cluster-record.ts';
import { nodeFiles, writeWhole } from './node-record.ts';

interface ProcessRecord {
  readonly pid: number;
  /** Pids are used again; the start time tells them apart. */
  readonly startedAt: string;
}

const STOP_WITHIN_MS = 20_000;
const KILL_WITHIN_MS = 5_000;
const POLL_MS = 50;

export function isNodeRunning(directory: string): boolean {
  return runningPid(directory) !== undefined;
}

/** Starts it in the background, unless it runs already. `program`: the path of dist/node.js. */
export function startNode(directory: string, program: string, env: NodeJS.ProcessEnv): void {
  if (isNodeRunning(directory)) return;
  if (!existsSync(program)) throw new ClusterError(`${program} is missing; build it with "npm run build"`);
  mkdirSync(directory, { recursive: true });
  const log = openSync(nodeFiles(directory).log, 'a', 0o600);
  const child = spawn(process.execPath, [program, `--directory=${directory}`], {
    detached: true,
    stdio: ['ignore', log, log],
    env,
    cwd: '/',
  });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new ClusterError(`cannot start ${program}`);
  const record: ProcessRecord = { pid: child.pid, startedAt: processStartedAt(child.pid) };
  writeWhole(nodeFiles(directory).process, JSON.stringify(record));
}

/** SIGTERM first; kill -9 when that does not help. Containers go on. */
export async function stopNode(directory: string, clock: Clock, signal: AbortSignal): Promise<void> {
  for (const [kind, patience] of [
    ['SIGTERM', STOP_WITHIN_MS],
    ['SIGKILL', KILL_WITHIN_MS],
  ] as const) {
    const pid = runningPid(directory);
    if (pid === undefined) return;
    process.kill(pid, kind);
    const deadline = clock.now() + patience;
    while (isNodeRunning(directory) && clock.now() < deadline) await clock.sleep(POLL_MS, signal);
  }
  const pid = runningPid(directory);
  if (pid !== undefined) throw new ClusterError(`process ${pid} of this node does not end`);
}

/** The last lines of its log. */
export function nodeLogTail(directory: string): string {
  const { log } = nodeFiles(directory);
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n') : '';
}

function runningPid(directory: string): number | undefined {
  const file = nodeFiles(directory).process;
  if (!existsSync(file)) return undefined;
  try {
    // Written by startNode alone; anything else has no process that started then.
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
    return startedAt !== '' && processStartedAt(pid) === startedAt ? pid : undefined;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}
