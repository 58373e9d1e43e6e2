// `cp`: copies files and directories between here and a container, as a tar stream through exec. The container's image
// must have `tar`.
import { stat } from 'node:fs/promises';
import { basename, posix, resolve } from 'node:path';
import type { JsonObject } from '../../api/schema/json.ts';
import { UnreachableError } from '../../client/transport.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { memberPrefix, parseFileSpec, type FileSpec } from '../copy/file-spec.ts';
import { packTree } from '../copy/pack.ts';
import { unpackTree } from '../copy/unpack.ts';
import { chooseContainer } from '../resources/containers.ts';
import { checkRunning, openExec } from '../resources/exec-session.ts';
import { runSession, type SessionEnds } from '../rest/remote-session.ts';

export const cp = command({
  summary: 'Copy files and directories to and from containers',
  usage: '<file-spec-src> <file-spec-dest> [options]',
  notes: 'The image of the container must have tar. Symbolic links in a container are not copied.',
  examples: [
    'cp /tmp/dir web:/tmp/dir',
    'cp site.conf prod/web:/etc/site.conf -c app',
    'cp web:/var/log/app.log app.log',
  ],
  flags: {
    container: stringFlag("Container name; default: the pod's default container or its first.", { short: 'c' }),
    'no-preserve': boolFlag("The copied files' ownership and permissions are not kept in the container"),
    retries: intFlag('How often to take up a broken copy from a container again; negative: without end.'),
  },
  async run({ flags, args }, context) {
    const [from, to, ...more] = args;
    if (from === undefined || to === undefined || more.length > 0)
      throw new Failure('source and destination are required');
    const source = parseFileSpec(from);
    const destination = parseFileSpec(to);
    if (source.pod !== '' && destination.pod !== '')
      throw new Failure('one of src or dest must be a local file specification');
    if (source.path === '' || destination.path === '') throw new Failure('filepath can not be empty');
    if (source.pod === '' && destination.pod === '')
      throw new Failure('one of src or dest must be a remote file specification');
    const copy: Copy = { source, destination, ...flags, context };
    return source.pod === '' ? copyToPod(copy) : copyFromPod(copy);
  },
});

interface Copy {
  readonly source: FileSpec;
  readonly destination: FileSpec;
  readonly container: string;
  readonly 'no-preserve': boolean;
  readonly retries: number;
  readonly context: Context;
}

async function podOf(spec: FileSpec, context: Context): Promise<JsonObject> {
  const { api, namespace } = await context.session();
  const resource = (await api.resources()).require('pods');
  const pod = await api.get({ resource, namespace: spec.namespace || namespace, name: spec.pod });
  checkRunning(pod);
  return pod;
}

async function runIn(pod: JsonObject, words: readonly string[], ends: SessionEnds, copy: Copy): Promise<number> {
  const container =
    copy.container || chooseContainer(pod, { err: { ...copy.context.err, write: (text) => ends.err(bytes(text)) } });
  const stdin = ends.input !== undefined;
  const connection = await openExec(pod, { container, words, stdin, tty: false }, copy.context);
  return runSession(connection, ends, copy.context.signal);
}

function bytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

async function copyToPod(copy: Copy): Promise<number> {
  const { source, destination, context } = copy;
  const local = resolve(context.cwd, source.path);
  try {
    await stat(local);
  } catch (cause) {
    throw new Failure(`${source.path} doesn't exist in local filesystem`, { cause });
  }
  const pod = await podIfThere(destination, context);
  const target = (await isDirectory(pod, destination.path, copy))
    ? posix.join(destination.path, basename(local))
    : destination.path;
  const directory = posix.dirname(target);
  const words = [
    'tar',
    ...(copy['no-preserve'] ? ['--no-same-permissions', '--no-same-owner'] : []),
    '-xmf',
    '-',
    ...(directory === '' ? [] : ['-C', directory]),
  ];
  return runIn(
    await podOf(destination, context),
    words,
    {
      input: () => packTree(local, posix.basename(target)),
      out: (data) => context.out.write(data),
      err: (data) => context.err.write(data),
    },
    copy,
  );
}

/** The first look at the pod fails in silence; the copy itself says what is wrong. */
async function podIfThere(spec: FileSpec, context: Context): Promise<JsonObject | undefined> {
  try {
    return await podOf(spec, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return undefined;
  }
}

async function isDirectory(pod: JsonObject | undefined, path: string, copy: Copy): Promise<boolean> {
  if (pod === undefined) return false;
  try {
    await runIn(pod, ['test', '-d', path], { out: () => undefined, err: () => undefined }, copy);
    return true;
  } catch (error) {
    if (copy.context.signal.aborted) throw error;
    return false;
  }
}

async function copyFromPod(copy: Copy): Promise<number> {
  const { source, destination, context } = copy;
  const pod = await podOf(source, context);
  await unpackTree(archiveFrom(pod, copy), {
    destination: destination.path,
    cwd: context.cwd,
    prefix: memberPrefix(source.path),
    warn: (line) => context.err.write(line),
    linkAdvice: `(consider using "${context.program} exec -n "${source.namespace}" "${source.pod}" -- tar cf - "${source.path}" | tar xf -")`,
  });
  return 0;
}

/** The archive as it arrives; a broken connection is taken up where it broke as often as allowed. */
async function* archiveFrom(pod: JsonObject, copy: Copy): AsyncGenerator<Uint8Array> {
  const { source, retries, context } = copy;
  let had = 0;
  for (let attempt = 1; ; attempt++) {
    const words =
      retries === 0
        ? ['tar', 'cf', '-', source.path]
        : ['sh', '-c', `tar cf - ${shellQuoted(source.path)} | tail -c+${had + (attempt === 1 ? 0 : 1)}`];
    try {
      for await (const chunk of outputOf(pod, words, copy)) {
        had += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (!(error instanceof UnreachableError) || (retries >= 0 && attempt > retries)) throw error;
      context.out.write(`Resuming copy at ${had} bytes, retry ${attempt}/${retries}\n`);
    }
  }
}

function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** What a command in the container prints, one chunk at a time; rejects when it fails. */
async function* outputOf(pod: JsonObject, words: readonly string[], copy: Copy): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const running = runIn(
    pod,
    words,
    // What the other side has to say goes to stdout, as kubectl has it.
    { out: (data) => writer.write(data), err: (data) => copy.context.out.write(data) },
    copy,
  ).then(
    () => writer.close(),
    (error: unknown) => writer.abort(error),
  );
  try {
    yield* readable;
  } finally {
    await running;
  }
}
