// The calls to a container engine that making clusters needs, with their answers as values. Knows nothing of clusters.
import { PassThrough, Readable, type Writable } from 'node:stream';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { ClusterError } from './cluster-record.ts';

const LOCAL_ENGINE = 'unix:///var/run/docker.sock';

export function engineEndpoint(env: NodeJS.ProcessEnv): string {
  return env['DOCKER_HOST'] ?? LOCAL_ENGINE;
}

export function engineAt(endpoint: string): Docker {
  const url = new URL(endpoint);
  return url.protocol === 'unix:'
    ? new Docker({ socketPath: url.pathname })
    : new Docker({ protocol: 'http', host: url.hostname, port: Number(url.port) });
}

export function httpStatusOf(cause: unknown): number | undefined {
  return cause instanceof Error && 'statusCode' in cause && typeof cause.statusCode === 'number'
    ? cause.statusCode
    : undefined;
}

/** For removals: 404 is gone already, 409 is somebody else removing it. */
export async function ignoringAbsence(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (cause) {
    const status = httpStatusOf(cause);
    if (status !== 404 && status !== 409) throw cause;
  }
}

/** One that has stopped already, or is gone, is no fault. */
export async function stopContainer(container: Docker.Container, options: { t?: number } = {}): Promise<void> {
  try {
    await container.stop(options);
  } catch (cause) {
    const status = httpStatusOf(cause);
    if (status !== 304 && status !== 404) throw cause;
  }
}

/** Follows the engine's progress of a pull, build, import or load; rejects with what it says went wrong. */
export function untilDone(engine: Docker, output: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.modem.followProgress(output, (error: Error | null, lines: unknown[] | null) => {
      const failure = lines?.map(errorIn).find((message) => message !== undefined);
      if (error !== null) reject(error);
      else if (failure !== undefined) reject(new ClusterError(failure));
      else resolve();
    });
  });
}

function errorIn(line: unknown): string | undefined {
  if (typeof line !== 'object' || line === null || !('error' in line)) return undefined;
  return String(line.error).trim();
}

export interface ExecAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a container; a command that fails is an answer too. `feed` writes what the command reads, and ends it. */
export async function execIn(
  engine: Docker,
  container: string,
  command: readonly string[],
  signal: AbortSignal,
  feed?: (input: Writable) => Promise<void>,
): Promise<ExecAnswer> {
  const stdin = feed !== undefined;
  const exec = await engine
    .getContainer(container)
    .exec({ Cmd: [...command], AttachStdin: stdin, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin });
  const onAbort = () => stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    engine.modem.demuxStream(stream, stdout, stderr);
    const ended = new Promise<void>((resolve, reject) => {
      stream.once('close', resolve).once('end', resolve).once('error', reject);
    }).finally(() => {
      stdout.end();
      stderr.end();
    });
    // A command that ends without reading everything says why itself.
    const fed = feed?.(stream).catch(() => undefined);
    const [out, err] = await Promise.all([textOf(stdout), textOf(stderr), ended, fed]);
    signal.throwIfAborted();
    const { ExitCode } = await exec.inspect();
    return { code: ExitCode ?? -1, stdout: out, stderr: err };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer)); // a PassThrough without encoding gives Buffers
  return Buffer.concat(chunks).toString();
}

export interface ContainerFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
}

/** Writes files into a container, running or not; directories on the way are made. */
export async function putFiles(container: Docker.Container, files: readonly ContainerFile[]): Promise<void> {
  const archive = pack();
  const directories = new Set<string>();
  for (const { path, content, mode } of files) {
    const parts = path.split('/').slice(1, -1);
    parts.forEach((_, depth) => directories.add(parts.slice(0, depth + 1).join('/')));
    for (const directory of directories) archive.entry({ name: `${directory}/`, type: 'directory', mode: 0o755 });
    directories.clear();
    archive.entry({ name: path.slice(1), mode: mode ?? 0o644 }, content);
  }
  archive.finalize();
  await container.putArchive(Readable.from(archive), { path: '/' });
}
