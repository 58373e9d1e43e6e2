// Exec, attach, logs and connections into a pod's network: the engine's byte streams, given the runtime's shape.
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import {
  RuntimeError,
  type ExecOptions,
  type LogChunk,
  type LogOptions,
  type SandboxState,
  type StreamSession,
} from '../runtime.ts';
import { engineCall } from './engine-errors.ts';
import { relayInto } from './network-relay.ts';
import { unframe, unframed } from './streams.ts';

/** The part of docker-modem that dockerode leaves untyped: a call whose answer comes as a stream. */
interface Modem {
  dial(
    options: {
      path: string;
      method: string;
      isStream: boolean;
      abortSignal: AbortSignal;
      statusCodes: Record<number, true | string>;
      options: object;
    },
    done: (error: unknown, stream: AsyncIterable<Buffer>) => void,
  ): void;
}

/** The log from the engine's files. Not by `container.logs`, which holds the whole of it in memory unless it follows. */
export async function readLogs(
  docker: Docker,
  id: string,
  options: LogOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<LogChunk>> {
  const terminal = await hasTerminal(docker, id, signal);
  const stream = await engineCall('read logs', () => {
    const modem = docker.modem as Modem; // typed `any` by dockerode
    return new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
      const dialled = {
        path: `/containers/${id}/logs?`,
        method: 'GET',
        isStream: true,
        abortSignal: signal,
        statusCodes: { 200: true as const, 404: 'no such container', 500: 'server error' },
        options: {
          stdout: true,
          stderr: true,
          follow: options.follow,
          timestamps: options.timestamps,
          ...(options.tailLines !== undefined && { tail: String(options.tailLines) }),
          ...(options.since !== undefined && { since: (options.since / 1000).toFixed(3) }),
        },
      };
      modem.dial(dialled, (error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
  });
  return terminal ? unframed(stream) : unframe(stream);
}

export async function startExec(
  docker: Docker,
  id: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<StreamSession> {
  return await engineCall('exec', async () => {
    const exec = await docker.getContainer(id).exec({
      Cmd: [...options.command],
      AttachStdin: options.stdin,
      AttachStdout: options.stdout,
      AttachStderr: options.stderr && !options.tty,
      Tty: options.tty,
      abortSignal: signal,
    });
    const socket = await exec.start({ hijack: true, stdin: options.stdin, Tty: options.tty });
    return session(socket, options.tty, signal, {
      resize: ({ columns, rows }) => exec.resize({ w: columns, h: rows }),
      exitCode: async () => (await exec.inspect()).ExitCode ?? undefined,
      kill: async () => {
        const { Pid: pid, Running: isRunning } = await exec.inspect();
        if (isRunning) await killInside(id, pid);
      },
    });
  });
}

export async function startAttach(
  docker: Docker,
  id: string,
  options: Omit<ExecOptions, 'command'>,
  signal: AbortSignal,
): Promise<StreamSession> {
  const terminal = await hasTerminal(docker, id, signal);
  return await engineCall('attach', async () => {
    const container = docker.getContainer(id);
    const socket = await container.attach({
      stream: true,
      stdin: options.stdin,
      stdout: options.stdout,
      stderr: options.stderr,
      hijack: true,
    });
    if (!(socket instanceof Duplex)) throw new RuntimeError('attach: the engine gave no stream');
    return session(socket, terminal, signal, {
      resize: ({ columns, rows }) => container.resize({ w: columns, h: rows }),
      exitCode: () => Promise.resolve(undefined),
      kill: () => Promise.resolve(),
    });
  });
}

function session(
  socket: Duplex,
  terminal: boolean,
  signal: AbortSignal,
  calls: {
    resize(size: { columns: number; rows: number }): Promise<unknown>;
    exitCode(): Promise<number | undefined>;
    kill(): Promise<void>;
  },
): StreamSession {
  const onAbort = () => socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', onAbort));
  if (signal.aborted) onAbort(); // while the engine began it
  // An error ends the iteration of `output`; without a listener it would end the process when nobody iterates.
  socket.on('error', () => undefined);
  return {
    output: terminal ? unframed(socket) : unframe(socket),
    write: (data) =>
      new Promise((resolve) => {
        if (socket.destroyed || socket.writableEnded) return resolve();
        socket.write(data, () => resolve());
      }),
    closeStdin: () => void socket.end(),
    async resize(size) {
      await engineCall('resize', () => calls.resize(size));
    },
    exitCode: () => engineCall('inspect exec', () => calls.exitCode()),
    kill: () => engineCall('inspect exec', () => calls.kill()),
    close: () => void socket.destroy(),
  };
}

/** The engine has no call for it. Its process ids are those of its machine, so this does nothing for one that is elsewhere. */
async function killInside(containerId: string, pid: number): Promise<void> {
  try {
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8');
    if (groups.includes(containerId)) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')))
      throw error;
  }
}

async function hasTerminal(docker: Docker, id: string, signal: AbortSignal): Promise<boolean> {
  const details = await engineCall('inspect container', () => docker.getContainer(id).inspect({ abortSignal: signal }));
  return details.Config.Tty;
}

/**
 * A connection to a port of the pod. The pod's address is tried first, because it costs nothing; a server that listens on the
 * pod's loopback only is reached from inside the network namespace, by a relay started there with `nsenter`.
 */
export async function dialPod(
  docker: Docker,
  sandbox: SandboxState,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  try {
    return await dial(sandbox.ip === '' ? '127.0.0.1' : sandbox.ip, port, signal);
  } catch (cause) {
    if (sandbox.ip === '') throw new RuntimeError(`port ${port}: connection refused`, { cause });
  }
  const details = await engineCall('inspect sandbox', () => docker.getContainer(sandbox.id).inspect());
  return await relayInto(details.State.Pid, port, signal);
}

function dial(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
