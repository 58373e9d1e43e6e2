// `attach`: joins the caller's terminal with the main process of a running container; `run` uses the same session.
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, durationFlag, stringFlag } from '../cli/flags.ts';
import { flag, nameOf, namespaceOf, objects, text } from '../objects/access.ts';
import { chooseContainer } from '../resources/containers.ts';
import { podsBehind } from '../resources/pods-behind.ts';
import { pathOf } from '../rest/api.ts';
import { joinStreams } from '../rest/remote-session.ts';

const RECORDED = `All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.
If you don't see a command prompt, try pressing enter.
`;

export const attach = command({
  summary: 'Attach to a process that is already running inside an existing container',
  usage: '(POD | TYPE/NAME) -c CONTAINER [options]',
  examples: ['attach web', 'attach web -c app -i -t', 'attach deploy/web'],
  flags: {
    container: stringFlag("Container name; default: the pod's default container or its first.", { short: 'c' }),
    'pod-running-timeout': durationFlag('How long to wait until at least one pod is running', {
      default: 60_000,
      shown: '1m0s',
    }),
    quiet: boolFlag('Only print output from the remote session', { short: 'q' }),
    stdin: boolFlag('Pass stdin to the container', { short: 'i' }),
    tty: boolFlag('Stdin is a TTY', { short: 't' }),
  },
  async run({ flags, args }, context) {
    if (args.length === 0) throw new Failure('at least 1 argument is required for attach');
    if (args.length > 2)
      throw new Failure(
        `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`,
      );
    const [pod] = await podsBehind(
      { argument: args.join('/'), selector: '', all: false, timeoutMs: flags['pod-running-timeout'], purpose: 'exec' },
      context,
    );
    if (pod === undefined) throw new Failure('no pod found');
    return attachToPod(pod, { ...flags }, context);
  },
});

export interface AttachRequest {
  /** Empty: the pod's default. */
  readonly container: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
}

/** Resolves with an exit code when the session ends; rejects with Failure when there is nothing to attach to. */
export async function attachToPod(pod: JsonObject, request: AttachRequest, context: Context): Promise<number> {
  const phase = text(pod, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new Failure(`cannot attach a container in a completed pod; current phase is ${phase}`);
  const silent = { err: { ...context.err, write: () => undefined } };
  const name = request.container || chooseContainer(pod, request.quiet ? silent : context);
  const container = [
    ...objects(pod, 'spec', 'containers'),
    ...objects(pod, 'spec', 'initContainers'),
    ...objects(pod, 'spec', 'ephemeralContainers'),
  ].find((candidate) => text(candidate, 'name') === name);
  if (container === undefined)
    throw new Failure(`cannot attach to the container: container ${name} not found in pod ${nameOf(pod)}`);
  const allocated = flag(container, 'tty');
  if (request.tty && !allocated && !request.quiet)
    context.err.write(`error: Unable to use a TTY - container ${name} did not allocate one\n`);
  // The container's own terminal decides what goes over the wire; ours is made raw only when there is one.
  const raw = allocated && request.stdin && context.input.isTerminal;
  if (allocated && request.stdin && !raw && !request.quiet)
    context.err.write('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  if (!request.quiet) context.err.write(RECORDED);
  using terminal = new DisposableStack();
  if (raw) {
    // Before the session is there: what is typed early must not be echoed here as well.
    context.input.setRaw(true);
    terminal.defer(() => context.input.setRaw(false));
  }
  const { api } = await context.session();
  const resource = (await api.resources()).require('pods');
  const path = pathOf(
    { resource, namespace: namespaceOf(pod), name: nameOf(pod), subresource: 'attach' },
    {
      container: name,
      stdin: request.stdin ? true : undefined,
      stdout: true,
      stderr: raw ? undefined : true,
      tty: raw ? true : undefined,
    },
  );
  const connection = await api.transport.connect(path, context.signal);
  const code = await joinStreams(connection, { stdin: request.stdin, tty: raw }, context);
  if (!request.quiet && raw && text(pod, 'spec', 'restartPolicy') === 'Always')
    context.out.write(
      `Session ended, resume using '${context.program} attach ${nameOf(pod)} -c ${name} -i -t' command when the pod is running\n`,
    );
  return code;
}
