// Network namespaces as machines and pods: running things in them, a program that answers, a program that asks. What is made
// here is removed by whoever made it.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runHostCommand, type CommandResult } from '../../pkg/network/host-command.ts';

const exec = promisify(execFile);

export interface Answer {
  readonly pod: string;
  readonly client: string;
}

export interface Asking {
  readonly protocol?: 'tcp' | 'udp';
  readonly times?: number;
  readonly timeoutMs?: number;
  /** Bytes that are sent each time; default 1. */
  readonly bytes?: number;
}

/** Throws what ip(8) says when it refuses. */
export async function ip(...args: string[]): Promise<void> {
  const answer = await runHostCommand(['ip', ...args]);
  if (answer.outcome !== 'done')
    throw new Error(`ip ${args.join(' ')}: ${answer.outcome === 'failed' ? answer.message : 'no ip program'}`);
}

export async function runIn(namespace: string, ...command: [string, ...string[]]): Promise<CommandResult> {
  return await runHostCommand(['ip', 'netns', 'exec', namespace, ...command]);
}

/** What a command wrote; throws when it failed. */
export async function outputIn(namespace: string, ...command: [string, ...string[]]): Promise<string> {
  const answer = await runIn(namespace, ...command);
  if (answer.outcome === 'done') return answer.output;
  throw new Error(`${command.join(' ')}: ${answer.outcome === 'failed' ? answer.message : 'no such program'}`);
}

/** Runs the answering program; the caller ends it. */
export async function startServer(namespace: string, name: string, ports: readonly number[]): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('pod-program.ts', import.meta.url));
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, program, name, ports.join()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('the pod program has no output');
  await once(child.stdout, 'data');
  return child;
}

/** Asks `address:port`; 'refused' or 'timeout' when nobody answers. */
export async function askFrom(
  namespace: string,
  address: string,
  port: number,
  { protocol = 'tcp', times = 1, timeoutMs = 1_000, bytes = 1 }: Asking = {},
): Promise<(Answer | 'refused' | 'timeout')[]> {
  const program = fileURLToPath(new URL('client-program.ts', import.meta.url));
  const args = [program, protocol, address, port, times, timeoutMs, bytes].map(String);
  const { stdout } = await exec('ip', ['netns', 'exec', namespace, process.execPath, ...args], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      if (line === 'refused' || line === 'timeout') return line;
      const [pod = '', client = ''] = line.split(' ');
      return { pod, client };
    });
}
