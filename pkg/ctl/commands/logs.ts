// `logs`: the output of containers, once or as it comes, of one pod or of many.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { readScalar } from '../../api/schema/decode-scalars.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, throwCollected, UsageFailure } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { selectorFlag } from '../cli/shared-flags.ts';
import { namespaceOf, nameOf } from '../objects/access.ts';
import { pathOf, type Query } from '../rest/api.ts';
import { chooseContainer, containerNames } from '../resources/containers.ts';
import { podsBehind } from '../resources/pods-behind.ts';

/** With all pods at once nobody is told which containers were chosen. */
const SILENT = { err: { write: () => undefined, isTerminal: false, columns: () => undefined } };

interface LogSource {
  readonly pod: JsonObject;
  readonly container: string;
}

export const logs = command({
  summary: 'Print the logs for a container in a pod or specified resource',
  usage: '[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]',
  examples: ['logs web', 'logs -f -c app web', 'logs --tail=20 -l app=web', 'logs deployment/web', 'logs -p web'],
  flags: {
    ...selectorFlag,
    'all-containers': boolFlag("Get all containers' logs in the pod(s)."),
    'all-pods': boolFlag('Get logs from all pod(s). Sets prefix to true.'),
    container: stringFlag('Print the logs of this container', { short: 'c' }),
    follow: boolFlag('Stream the logs as they come.', { short: 'f' }),
    'ignore-errors': boolFlag('Go on with other logs when one fails.'),
    'insecure-skip-tls-verify-backend': boolFlag('Skip verifying the identity of the kubelet.'),
    'limit-bytes': intFlag('Maximum bytes of logs to return. 0: no limit.'),
    'max-log-requests': intFlag('Most logs to follow at once with a selector.', { default: 5 }),
    'pod-running-timeout': durationFlag('How long to wait until at least one pod is running', {
      default: 20_000,
      shown: '20s',
    }),
    prefix: boolFlag('Prefix each log line with the pod name and container name'),
    previous: boolFlag('Print the logs for the previous instance of the container.', { short: 'p' }),
    since: durationFlag('Only logs newer than a relative duration like 5s, 2m, or 3h.'),
    'since-time': stringFlag('Only logs after a specific date (RFC3339).'),
    tail: intFlag('Lines of recent log to show; -1: all, with a selector 10.', { default: -1 }),
    timestamps: boolFlag('Include timestamps on each line in the log output'),
  },
  async run(call, context) {
    const { flags, args } = call;
    if (args.length === 0 && flags.selector === '')
      throw new UsageFailure(
        `expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command`,
      );
    if (args.length > 2)
      throw new UsageFailure(
        `expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command`,
      );
    if (args.length > 0 && flags.selector !== '')
      throw new UsageFailure('only a selector (-l) or a POD name is allowed');
    const sinceTime = readScalar('time', flags['since-time']);
    if (flags['since-time'] !== '' && !sinceTime.ok)
      throw new Failure(sinceTime.fault === 'format' ? sinceTime.message : 'invalid --since-time');
    if (flags['since-time'] !== '' && flags.since !== 0)
      throw new Failure('at most one of `sinceTime` or `sinceSeconds` may be specified');
    if (flags['all-containers'] && flags.container !== '')
      throw new Failure('--all-containers=true should not be specified with container name');
    if (call.changed.has('tail') && flags.tail < -1) throw new Failure('--tail must be greater than or equal to -1');
    if (args.length === 2 && flags.container !== '')
      throw new UsageFailure('only one of -c or an inline [CONTAINER] arg is allowed');
    const wanted = args[1] ?? flags.container;
    const pods = await podsBehind(
      {
        argument: args[0],
        selector: flags.selector,
        all: flags['all-pods'],
        timeoutMs: flags['pod-running-timeout'],
        purpose: 'logs',
      },
      context,
    );
    if (pods.length === 0) {
      const { namespace } = await context.session();
      context.err.write(`No resources found in ${namespace} namespace.\n`);
      return 0;
    }
    const sources = pods.flatMap((pod): LogSource[] => {
      if (flags['all-containers']) return containerNames(pod).map((container) => ({ pod, container }));
      if (wanted === '') return [{ pod, container: chooseContainer(pod, flags['all-pods'] ? SILENT : context) }];
      if (!containerNames(pod).includes(wanted))
        throw new Failure(`container ${wanted} is not valid for pod ${nameOf(pod)}`);
      return [{ pod, container: wanted }];
    });
    if (flags.follow && sources.length > flags['max-log-requests'])
      throw new Failure(
        `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${flags['max-log-requests']}, use --max-log-requests to increase the limit`,
      );
    const query: Query = {
      follow: flags.follow ? true : undefined,
      previous: flags.previous ? true : undefined,
      timestamps: flags.timestamps ? true : undefined,
      sinceSeconds: flags.since > 0 ? Math.ceil(flags.since / 1000) : undefined,
      sinceTime: flags['since-time'],
      tailLines: tailLines(flags.tail, call.changed.has('tail'), flags.selector !== ''),
      limitBytes: flags['limit-bytes'] > 0 ? flags['limit-bytes'] : undefined,
      insecureSkipTLSVerifyBackend: flags['insecure-skip-tls-verify-backend'] ? true : undefined,
    };
    const prefixed = flags.prefix || flags['all-pods'];
    const failed: unknown[] = [];
    const one = async (source: LogSource) => {
      try {
        await printLog(source, query, prefixed, context);
      } catch (error) {
        if (!isApiError(error) || (!flags['ignore-errors'] && !flags.follow)) throw error;
        if (flags['ignore-errors']) context.err.write(`error: ${error.message}\n`);
        else failed.push(error);
      }
    };
    if (flags.follow) await Promise.all(sources.map(one));
    else for (const source of sources) await one(source);
    throwCollected(failed);
    return 0;
  },
});

function tailLines(tail: number, given: boolean, selected: boolean): number | undefined {
  if (given) return tail >= 0 ? tail : undefined;
  return selected ? 10 : undefined;
}

async function printLog(source: LogSource, query: Query, prefixed: boolean, context: Context): Promise<void> {
  const { api } = await context.session();
  const resource = (await api.resources()).require('pods');
  const name = nameOf(source.pod);
  const path = pathOf(
    { resource, namespace: namespaceOf(source.pod), name, subresource: 'log' },
    { container: source.container, ...query },
  );
  const chunks = await api.transport.stream({ method: 'GET', path }, context.signal);
  if (!prefixed) {
    for await (const chunk of chunks) context.out.write(chunk);
    return;
  }
  const start = `[pod/${name}/${source.container}] `;
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    if (lines.length > 0) context.out.write(lines.map((line) => `${start}${line}\n`).join(''));
  }
  if (pending !== '') context.out.write(start + pending);
}
