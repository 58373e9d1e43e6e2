// tkctl: gives the commands the process's streams, environment and signals, and exits with what they answer.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { realClock } from '../../pkg/clock/clock.ts';
import type { CommandEntry, Input, Output, ProgramRunner, World } from '../../pkg/ctl/cli/command.ts';
import { codeAfterSignal, Interrupted } from '../../pkg/ctl/cli/interrupts.ts';
import { runCommandLine } from '../../pkg/ctl/cli/run.ts';
import { rootCommand } from '../../pkg/ctl/root-command.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
  process.once(name, () => stop.abort(new Interrupted(name)));
}

/** Ends this process as the signal would if nobody had listened for it. */
function dieOf(signal: NodeJS.Signals): void {
  const ignored = () => undefined;
  // Node itself ignores SIGPIPE; listening and ceasing to listen gives a signal its own effect back.
  process.on(signal, ignored);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function output(stream: NodeJS.WriteStream & { fd: 1 | 2 }): Output {
  // The reader of a pipe may go away (`| head`); there is nobody left to tell.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') dieOf('SIGPIPE');
    process.exit(1);
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal: isatty(stream.fd),
    columns: () => (stream.isTTY ? stream.columns : undefined),
  };
}

const input: Input = {
  isTerminal: isatty(process.stdin.fd),
  async readAll(signal) {
    const parts: Buffer[] = [];
    for await (const chunk of input.chunks(signal)) parts.push(Buffer.from(chunk));
    return Buffer.concat(parts).toString('utf8');
  },
  async *chunks(signal) {
    const destroy = () => process.stdin.destroy();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      for await (const chunk of process.stdin) yield Buffer.from(chunk as Buffer | string);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', destroy);
    }
  },
  setRaw(on) {
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(on);
    // Node's raw mode still puts a carriage return before each line feed, which spoils full-screen programs; turning raw
    // mode off restores this too. Without stty they are as they were.
    if (on) spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  },
};

const programs: ProgramRunner = {
  async run(command, args, env) {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    await once(child, 'exit');
    return child.exitCode ?? 1;
  },
  async capture(command, args, { env = {}, stdin = false, showStderr = false } = {}) {
    const child = spawn(command, args, {
      stdio: [stdin ? 'inherit' : 'ignore', 'pipe', showStderr ? 'inherit' : 'pipe'],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await once(child, 'close');
    return { code: child.exitCode ?? 1, stdout, stderr };
  },
};

const world: World = {
  program: basename(process.argv[1] ?? 'tkctl').replace(/^(main\.ts|tkctl\.js)$/, 'tkctl'),
  out: output(process.stdout),
  err: output(process.stderr),
  input,
  env: process.env,
  home: process.env['HOME'] ?? homedir(),
  cwd: process.cwd(),
  clock: realClock,
  random: Math.random,
  signal: stop.signal,
  programs,
  terminal: process.stdout.isTTY
    ? {
        size: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }),
        onResize(listener) {
          process.stdout.on('resize', listener);
          return { [Symbol.dispose]: () => void process.stdout.off('resize', listener) };
        },
      }
    : undefined,
};

/** Commands about whole clusters; they bring parts that the other verbs do not need, so they too are loaded when called. */
const more: CommandEntry[] = [
  {
    name: 'cluster',
    section: 'Cluster Management Commands',
    summary: 'Create, delete and list clusters on this machine',
    load: async () => (await import('./cluster.ts')).clusterEntry.load(),
  },
  {
    name: 'token',
    section: 'Cluster Management Commands',
    summary: 'Make, list and delete the tokens with which machines join the cluster',
    load: async () => (await import('./token.ts')).token,
  },
  {
    name: 'join',
    section: 'Cluster Management Commands',
    summary: 'Make this machine a node of a cluster',
    load: async () => (await import('./join.ts')).join,
  },
  {
    name: 'leave',
    section: 'Cluster Management Commands',
    summary: 'Take this machine out of its cluster',
    load: async () => (await import('./join.ts')).leave,
  },
];

const words = process.argv.slice(2);
const ended = await runCommandLine(rootCommand(more), words, world);
// Piped output is written asynchronously; exiting before it is flushed would cut it off.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
const reason: unknown = stop.signal.reason;
const code = reason instanceof Interrupted ? codeAfterSignal(words, reason.signal) : ended;
if (code === undefined && reason instanceof Interrupted) dieOf(reason.signal);
process.exit(code ?? 1);
