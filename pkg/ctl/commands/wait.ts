// `wait`: until a condition, a field, the creation or the deletion of objects.
import { isApiError } from '../../api/meta/status.ts';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { arrayFlag, boolFlag, durationFlag } from '../cli/flags.ts';
import { allNamespacesFlag, fieldSelectorFlag, filenameFlags, outputFlags, selectorFlag } from '../cli/shared-flags.ts';
import { asJson, isObject, number, objects, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { fetchTarget, visit, type Info } from '../resources/infos.ts';
import { readTargets, type Target } from '../resources/targets.ts';
import { parseCondition, type WaitCondition } from './wait-condition.ts';
import { waitUntilGone } from './delete-objects.ts';

export const wait = command({
  summary: 'Wait for a specific condition on one or many resources',
  usage:
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
  examples: [
    'wait --for=condition=Ready pod/web',
    "wait --for=jsonpath='{.status.phase}'=Running pod/web",
    'wait --for=delete pod/web --timeout=60s',
  ],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...selectorFlag,
    ...fieldSelectorFlag,
    ...allNamespacesFlag,
    all: boolFlag('Select all resources in the namespace of the specified resource types'),
    for: arrayFlag(
      "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]].",
    ),
    local: boolFlag('Accepted for compatibility.', { hidden: true }),
    timeout: durationFlag('How long to wait before giving up; 0: check once; negative: a week.', {
      default: 30_000,
      shown: '30s',
    }),
  },
  async run(call, context) {
    const { flags } = call;
    const condition = await parseCondition(flags.for.at(-1) ?? '');
    const request = {
      args: call.args,
      filenames: flags.filename,
      recursive: flags.recursive,
      labelSelector: flags.selector,
      fieldSelector: flags['field-selector'],
      allNamespaces: flags['all-namespaces'],
      everything: flags.all,
    };
    const limit = flags.timeout < 0 ? 168 * 3_600_000 : flags.timeout;
    const ended = new AbortController();
    using _timer = context.clock.schedule(limit, () => ended.abort());
    const signal = AbortSignal.any([context.signal, ended.signal]);
    const { targets, failures } = await readTargets(request, context);
    const { infos, failed } = await findObjects(targets, condition, limit, context, signal);
    const print = await objectPrinter({
      flags,
      templateGiven: call.changed.has('template'),
      cwd: context.cwd,
      operation: 'condition met',
    });
    if (infos.length === 0 && failed.length === 0 && failures.length === 0 && condition.kind !== 'delete')
      throw new Failure('no matching resources found');
    await visit(
      infos,
      async (info) => {
        const met = await waitFor(info, condition, limit, context, signal);
        if (met === 'timeout')
          throw new Failure(`timed out waiting for the condition on ${info.resource.resource}/${info.name}`);
        context.out.write(print(met));
      },
      [...failures, ...failed],
    );
    return 0;
  },
});

/** The objects to wait on; with --for=create also those that are not there yet. */
async function findObjects(
  targets: readonly Target[],
  condition: WaitCondition,
  limit: number,
  context: Context,
  signal: AbortSignal,
): Promise<{ infos: Info[]; failed: unknown[] }> {
  const { api } = await context.session();
  const infos: Info[] = [];
  const failed: unknown[] = [];
  for (const target of targets) {
    for (;;) {
      try {
        const found = await fetchTarget(api, target);
        infos.push(...found);
        if (found.length > 0 || condition.kind !== 'create') break;
      } catch (error) {
        if (!isApiError(error)) throw error;
        if (error.reason === 'NotFound' && condition.kind === 'delete') break;
        if (error.reason !== 'NotFound' || condition.kind !== 'create') {
          failed.push(error);
          break;
        }
      }
      if (signal.aborted || limit === 0) {
        const what =
          target.kind === 'collection' ? target.resource.resource : `${target.resource.resource}/${target.name}`;
        const on = condition.kind === 'create' ? '' : ` on ${what}`;
        failed.push(new Failure(`timed out waiting for the condition${on}`));
        break;
      }
      await context.clock.sleep(250, context.signal);
    }
  }
  return { infos, failed };
}

/** The object that meets the condition, or that it took too long. */
async function waitFor(
  info: Info,
  condition: WaitCondition,
  limit: number,
  context: Context,
  signal: AbortSignal,
): Promise<JsonObject | 'timeout'> {
  if (condition.kind === 'create') return info.object;
  const { api } = await context.session();
  const place = { resource: info.resource, namespace: info.namespace, name: info.name };
  try {
    if (condition.kind === 'delete') {
      if (limit === 0) return 'timeout';
      await waitUntilGone(api, place, text(info.object, 'metadata', 'uid'), signal);
      return info.object;
    }
    for (let current = info.object; ;) {
      if (isMet(current, condition)) return current;
      if (limit === 0) return 'timeout';
      const events = await api.watch(
        { ...place, name: '' },
        { fieldSelector: `metadata.name=${info.name}`, resourceVersion: text(current, 'metadata', 'resourceVersion') },
        signal,
      );
      for await (const event of events) {
        const changed = asJson(event.object);
        if (event.type === 'ERROR') break;
        if (event.type === 'BOOKMARK' || event.type === 'DELETED' || !isObject(changed)) continue;
        if (isMet(changed, condition)) return changed;
      }
      signal.throwIfAborted();
      current = await api.get(place);
    }
  } catch (error) {
    if (signal.aborted && !context.signal.aborted) return 'timeout';
    throw error;
  }
}

function isMet(object: JsonObject, condition: WaitCondition): boolean {
  switch (condition.kind) {
    case 'condition': {
      const found = objects(object, 'status', 'conditions').find(
        (item) => text(item, 'type').toLowerCase() === condition.type.toLowerCase(),
      );
      if (found === undefined) return false;
      const observed: Json | undefined = found['observedGeneration'];
      if (typeof observed === 'number' && observed < number(object, 'metadata', 'generation')) return false;
      return text(found, 'status').toLowerCase() === condition.status.toLowerCase();
    }
    case 'field':
      return condition.test(object);
    case 'create':
    case 'delete':
      return true;
  }
}
