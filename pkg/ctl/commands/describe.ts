// `describe`: details of objects for people, with the events about them.
import { isApiError } from '../../api/meta/status.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, throwCollected } from '../cli/failure.ts';
import { boolFlag, intFlag } from '../cli/flags.ts';
import { allNamespacesFlag, filenameFlags, selectorFlag } from '../cli/shared-flags.ts';
import { eventsOf, writeEvents } from '../describe/events.ts';
import { DescriptionWriter } from '../describe/writer.ts';
import { nameOf } from '../objects/access.ts';
import { fetchTarget, type Info } from '../resources/infos.ts';
import { readTargets, type Target } from '../resources/targets.ts';
import type { Api } from '../rest/api.ts';
import { describeBody } from './describe-kinds.ts';

export const describe = command({
  summary: 'Show details of a specific resource or group of resources',
  usage: '(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]',
  examples: ['describe nodes worker', 'describe pod/web', 'describe pods -l app=web', 'describe pods web-'],
  flags: {
    ...filenameFlags,
    ...selectorFlag,
    ...allNamespacesFlag,
    'chunk-size': intFlag('Ask for large lists in chunks of this many. 0 asks for all at once.', { default: 500 }),
    'show-events': boolFlag('Display events related to the described object.', { default: true }),
  },
  async run(call, context) {
    const { flags } = call;
    if (call.args.length === 0 && flags.filename.length === 0)
      throw new Failure(
        `You must specify the type of resource to describe. Use "${context.program} api-resources" for a complete list of supported resources.`,
      );
    const { targets, failures } = await readTargets(
      {
        args: call.args,
        filenames: flags.filename,
        recursive: flags.recursive,
        labelSelector: flags.selector,
        allNamespaces: flags['all-namespaces'],
        bareTypeMeansAll: true,
      },
      context,
    );
    const { api, namespace } = await context.session();
    const failed: unknown[] = [...failures];
    let described = 0;
    for (const target of targets) {
      try {
        const { infos, byPrefix } = await find(api, target, call.args);
        for (const info of infos) {
          if (described++ > 0 && !byPrefix) context.out.write('\n\n');
          context.out.write(await describeInfo(info, flags['show-events'], context, api));
          if (byPrefix) context.out.write('\n');
        }
      } catch (error) {
        if (!isApiError(error)) throw error;
        failed.push(error);
      }
    }
    if (described === 0 && failed.length === 0)
      context.err.write(
        targets.every((target) => target.resource.namespaced) && !flags['all-namespaces']
          ? `No resources found in ${namespace} namespace.\n`
          : 'No resources found\n',
      );
    throwCollected(failed);
    return 0;
  },
});

interface Found {
  readonly infos: readonly Info[];
  readonly byPrefix: boolean;
}

/** The objects; a name that is none is tried as the beginning of names, as kubectl does for `TYPE NAME_PREFIX`. */
async function find(api: Api, target: Target, args: readonly string[]): Promise<Found> {
  try {
    return { infos: await fetchTarget(api, target), byPrefix: false };
  } catch (error) {
    const isPrefix = target.kind === 'named' && args.length === 2 && !args.some((argument) => argument.includes('/'));
    if (!isPrefix || !isApiError(error, 'NotFound')) throw error;
    const all = await fetchTarget(api, {
      kind: 'collection',
      resource: target.resource,
      namespace: target.namespace,
      labelSelector: '',
      fieldSelector: '',
    });
    const matching = all.filter((info) => nameOf(info.object).startsWith(target.name));
    if (matching.length === 0) throw error;
    return { infos: matching, byPrefix: true };
  }
}

async function describeInfo(info: Info, showEvents: boolean, context: Context, api: Api): Promise<string> {
  const out = new DescriptionWriter();
  const now = context.clock.now();
  const withEvents = await describeBody(info, api, now, out);
  if (showEvents && withEvents) writeEvents(await eventsOf(info, api), now, out);
  return out.aligned();
}
