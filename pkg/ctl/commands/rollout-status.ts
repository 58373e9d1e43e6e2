// `rollout status`: says how far a rollout is, and waits until it is done.
import { isStatus } from '../../client/response-error.ts';
import { ApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag } from '../cli/flags.ts';
import { filenameFlags, selectorFlag } from '../cli/shared-flags.ts';
import { asJson, isObject, text } from '../objects/access.ts';
import { liveInfos, visit, type Info } from '../resources/infos.ts';
import { REVISION } from '../rollout/history.ts';
import { rolloutStatus } from '../rollout/status.ts';

interface WaitSettings {
  readonly watch: boolean;
  readonly revision: number;
  readonly timeoutMs: number;
}

export const status = command({
  summary: 'Show the status of the rollout',
  usage: '(TYPE NAME | TYPE/NAME) [flags]',
  examples: ['rollout status deployment/web', 'rollout status deployment/web --watch=false'],
  flags: {
    ...filenameFlags,
    ...selectorFlag,
    revision: intFlag('Pin to a specific revision for showing its status. 0: the last one.'),
    timeout: durationFlag('How long to wait before ending watch; 0: never.'),
    watch: boolFlag("Watch the status of the rollout until it's done.", { short: 'w', default: true }),
  },
  async run(call, context) {
    const { flags } = call;
    if (call.args.length === 0 && flags.filename.length === 0 && flags.selector === '')
      throw new Failure('required resource not specified');
    if (flags.revision < 0) throw new Failure(`revision must be a positive integer: ${flags.revision}`);
    const { infos, failures } = await liveInfos(
      {
        args: call.args,
        filenames: flags.filename,
        recursive: flags.recursive,
        labelSelector: flags.selector,
        bareTypeMeansAll: true,
      },
      context,
    );
    if (infos.length === 0 && failures.length === 0) {
      const { namespace } = await context.session();
      context.err.write(`No resources found in ${namespace} namespace.\n`);
    }
    const settings = { watch: flags.watch, revision: flags.revision, timeoutMs: flags.timeout };
    await visit(infos, (info) => follow(info, settings, context), failures);
    return 0;
  },
});

async function follow(info: Info, settings: WaitSettings, context: Context): Promise<void> {
  const ended = new AbortController();
  using _timer =
    settings.timeoutMs > 0
      ? context.clock.schedule(settings.timeoutMs, () => ended.abort())
      : { [Symbol.dispose]: () => undefined };
  const signal = AbortSignal.any([context.signal, ended.signal]);
  try {
    let current: JsonObject | undefined = info.object;
    if (report(info, current, settings, context)) return;
    while (current !== undefined) current = await watchOnce(info, current, settings, context, signal);
  } catch (error) {
    if (ended.signal.aborted && !context.signal.aborted)
      throw new Failure('timed out waiting for the condition', { cause: error });
    throw error;
  }
}

/** Watches and reports until the rollout is done (undefined) or the watch ends and must begin anew from the answer. */
async function watchOnce(
  info: Info,
  from: JsonObject,
  settings: WaitSettings,
  context: Context,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const { api } = await context.session();
  const collection = { resource: info.resource, namespace: info.namespace, name: '' };
  const events = await api.watch(
    collection,
    { fieldSelector: `metadata.name=${info.name}`, resourceVersion: text(from, 'metadata', 'resourceVersion') },
    signal,
  );
  for await (const event of events) {
    if (event.type === 'ERROR') {
      if (isStatus(event.object) && event.object.code !== 410) throw ApiError.from(event.object);
      break;
    }
    if (event.type === 'DELETED') throw new Failure('object has been deleted');
    const changed = asJson(event.object);
    if (event.type === 'BOOKMARK' || !isObject(changed)) continue;
    if (report(info, changed, settings, context)) return undefined;
  }
  signal.throwIfAborted();
  const current = await api.get({ ...collection, name: info.name });
  return report(info, current, settings, context) ? undefined : current;
}

/** Writes where the rollout is; true when there is nothing to wait for. */
function report(info: Info, object: JsonObject, settings: WaitSettings, context: Context): boolean {
  if (settings.revision > 0 && info.resource.kind === 'Deployment') {
    const revision = Number(text(object, 'metadata', 'annotations', REVISION));
    if (revision !== settings.revision)
      throw new Failure(`desired revision (${settings.revision}) is different from the running revision (${revision})`);
  }
  const status = rolloutStatus(info.resource.kind, object);
  if (status === undefined) throw new Failure(`no status viewer has been implemented for ${info.resource.kind}`);
  if (status.kind === 'failed') throw new Failure(status.message);
  context.out.write(status.message);
  return status.kind === 'done' || !settings.watch;
}
