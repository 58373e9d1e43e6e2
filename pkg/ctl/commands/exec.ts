// `exec`: runs a command inside of a container.
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, durationFlag, stringFlag } from '../cli/flags.ts';
import { filenameFlags } from '../cli/shared-flags.ts';
import { chooseContainer } from '../resources/containers.ts';
import { podsBehind } from '../resources/pods-behind.ts';
import { joinStreams } from '../rest/remote-session.ts';
import { checkRunning, openExec } from '../resources/exec-session.ts';

export const exec = command({
  summary: 'Execute a command in a container',
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]',
  examples: ['exec web -- date', 'exec -it web -c app -- sh', 'exec deploy/web -- date'],
  flags: {
    filename: filenameFlags.filename,
    container: stringFlag("Container name; default: the pod's default container or its first.", { short: 'c' }),
    'pod-running-timeout': durationFlag('How long to wait until at least one pod is running', {
      default: 60_000,
      shown: '1m0s',
    }),
    quiet: boolFlag('Only print output from the remote session', { short: 'q' }),
    stdin: boolFlag('Pass stdin to the container', { short: 'i' }),
    tty: boolFlag('Stdin is a TTY', { short: 't' }),
  },
  async run(call, context) {
    const { flags, args, dash } = call;
    const words = dash < 0 ? args.slice(1) : args.slice(dash);
    const [argument, ...extra] = dash < 0 ? args.slice(0, 1) : args.slice(0, dash);
    if (argument === undefined) throw new Failure('pod, type/name or --filename must be specified');
    if (extra.length > 0 && dash >= 0)
      throw new UsageFailure(`exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead`);
    if (words.length === 0) throw new Failure('you must specify at least one command for the container');
    if (dash < 0)
      throw new UsageFailure('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead');
    const [pod] = await podsBehind(
      { argument, selector: '', all: false, timeoutMs: flags['pod-running-timeout'], purpose: 'exec' },
      context,
    );
    if (pod === undefined) throw new Failure('no pod found');
    return execInPod(
      pod,
      { container: flags.container, words, stdin: flags.stdin, tty: flags.tty, quiet: flags.quiet },
      context,
    );
  },
});

interface ExecRequest {
  readonly container: string;
  readonly words: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
}

async function execInPod(pod: JsonObject, request: ExecRequest, context: Context): Promise<number> {
  checkRunning(pod);
  const quietly = { ...context, err: { ...context.err, write: () => undefined } };
  // A name that is wrong is refused by the server.
  const container = request.container || chooseContainer(pod, request.quiet ? quietly : context);
  const tty = request.tty && request.stdin && context.input.isTerminal;
  if (request.tty && request.stdin && !tty && !request.quiet)
    context.err.write('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  const { stdin, words } = request;
  const connection = await openExec(pod, { container, words, stdin, tty }, context);
  return joinStreams(connection, { stdin, tty }, context);
}
