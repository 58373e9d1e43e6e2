// `delete`: removes objects by file, name or selector, and waits until they are gone.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Call, type Context } from '../cli/command.ts';
import { Failure, throwCollected } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import {
  allNamespacesFlag,
  deletionFlags,
  dryRunFlag,
  fieldSelectorFlag,
  filenameFlags,
  readCascade,
  readDryRun,
  selectorFlag,
} from '../cli/shared-flags.ts';
import { fetchTarget, withSource, type Info } from '../resources/infos.ts';
import { readTargets } from '../resources/targets.ts';
import type { Place } from '../rest/api.ts';
import { checkRawPath, sendRaw } from '../rest/raw-request.ts';
import { groupKind } from '../rest/resources.ts';
import { deletionOptions, uidOf, waitUntilGone } from './delete-objects.ts';
import { dryRunSuffix } from './create-from-files.ts';

const deleteFlags = {
  ...filenameFlags,
  ...dryRunFlag,
  ...selectorFlag,
  ...fieldSelectorFlag,
  ...allNamespacesFlag,
  ...deletionFlags,
  all: boolFlag('Delete all resources, in the namespace of the specified resource types.'),
  'ignore-not-found': boolFlag('Treat "not found" as a successful delete. Defaults to true with --all.'),
  interactive: boolFlag('Delete only when the user confirms.', { short: 'i' }),
  now: boolFlag('Signal resources for immediate shutdown (same as --grace-period=1).'),
  output: stringFlag('Output mode: "-o name" for shorter output (resource/name).', { short: 'o' }),
  raw: stringFlag('Raw URI to DELETE to the server.'),
  wait: boolFlag('Wait for resources to be gone before returning; this waits for finalizers.', { default: true }),
};

type DeleteFlags = typeof deleteFlags;

/** How long to wait when no timeout was given: practically without end, as kubectl does. */
const LONGEST_WAIT_MS = 168 * 3_600_000;

export const remove = command({
  summary: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  usage: '([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]',
  examples: ['delete -f app.yaml', 'delete pod web', 'delete pods,services -l app=web', 'delete pod web --now'],
  flags: deleteFlags,
  async run(call: Call<DeleteFlags>, context: Context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    const propagation = readCascade(flags.cascade);
    if (flags.output !== '' && flags.output !== 'name')
      throw new Failure(`unexpected -o output mode: ${flags.output}. We only support '-o name'`);
    if (flags.raw !== '') {
      checkRawPath(flags.raw);
      return sendRaw({ method: 'DELETE', path: flags.raw }, context);
    }
    const selects = flags.selector !== '' || flags['field-selector'] !== '';
    if (flags.all && selects) throw new Failure("setting 'all' parameter but found a non empty selector. ");
    if ((flags.all || selects) && (call.args.length > 1 || call.args.some((word) => word.includes('/'))))
      throw new Failure('name cannot be provided when a selector is specified');
    const gracePeriod = readGracePeriod(call);
    const { targets, failures } = await readTargets(
      {
        args: call.args,
        filenames: flags.filename,
        recursive: flags.recursive,
        kustomize: flags.kustomize,
        labelSelector: flags.selector,
        fieldSelector: flags['field-selector'],
        allNamespaces: flags['all-namespaces'],
        everything: flags.all,
      },
      context,
    );
    warnForce(call, context);
    const ignoreMissing = flags['ignore-not-found'] || flags.all || flags.selector !== '';
    const { api } = await context.session();
    const failed: unknown[] = [...failures];
    const infos: Info[] = [];
    for (const target of targets) {
      if (target.kind === 'manifest') {
        infos.push({ ...target, object: target.object });
        continue;
      }
      if (target.kind === 'named') {
        infos.push({
          resource: target.resource,
          namespace: target.namespace,
          name: target.name,
          object: {},
          source: '',
        });
        continue;
      }
      try {
        infos.push(...(await fetchTarget(api, target)));
      } catch (error) {
        if (!isApiError(error)) throw error;
        failed.push(error);
      }
    }
    if (flags.interactive && !(await confirmed(infos, context))) return 0;
    const gone: { place: Place; uid: string }[] = [];
    let found = 0;
    let warned = context.globals.namespace === '';
    for (const info of infos) {
      if (!warned && !info.resource.namespaced) {
        warned = true;
        context.err.write('Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n');
      }
      const place: Place = { resource: info.resource, namespace: info.namespace, name: info.name };
      try {
        found++;
        const request = { propagation, dryRun: dryRun === 'server', ...gracePeriod };
        let answer: JsonObject = info.object;
        if (dryRun === 'client') {
          if (Object.keys(info.object).length === 0) answer = await api.get(place);
        } else answer = await api.delete(place, deletionOptions(request));
        report(info, call, context, dryRunSuffix(dryRun));
        if (dryRun === 'none') gone.push({ place, uid: uidOf(answer) });
      } catch (error) {
        if (isApiError(error, 'NotFound') && ignoreMissing) {
          found--;
          continue;
        }
        if (!isApiError(error)) throw error;
        failed.push(withSource('deleting', info.source, error));
      }
    }
    if (found === 0 && failed.length === 0 && !(flags['ignore-not-found'] && infos.length > 0))
      context.out.write('No resources found\n');
    throwCollected(failed);
    if (flags.wait && gone.length > 0) await waitAll(gone, call, context);
    return 0;
  },
});

function readGracePeriod(call: Call<DeleteFlags>): { gracePeriodSeconds?: number } {
  const { flags } = call;
  let grace = flags['grace-period'];
  if (flags.now) {
    if (grace !== -1) throw new Failure('--now and --grace-period cannot be specified together');
    grace = 1;
  }
  if (grace === 0 && !flags.force) {
    // As kubectl: without --force a period of 0 becomes the shortest graceful one, and the wait stays.
    grace = 1;
  } else if (flags.force && grace > 0)
    throw new Failure('--force and --grace-period greater than 0 cannot be specified together');
  else if (flags.force && grace < 0) grace = 0;
  return grace >= 0 ? { gracePeriodSeconds: grace } : {};
}

function warnForce(call: Call<DeleteFlags>, context: Context): void {
  const { flags } = call;
  if (flags['grace-period'] === 0 && !flags.force) return;
  if (flags.force)
    context.err.write(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
}

async function confirmed(infos: readonly Info[], context: Context): Promise<boolean> {
  context.out.write('You are about to delete the following ' + String(infos.length) + ' resource(s):\n');
  for (const info of infos) context.out.write(`${groupKind(info.resource)}/${info.name}\n`);
  context.out.write('Do you want to continue? (y/N): ');
  for await (const chunk of context.input.chunks(context.signal)) {
    if (/^\s*(y|yes)\s*$/i.test(Buffer.from(chunk).toString('utf8'))) return true;
    break;
  }
  context.out.write('deletion is cancelled\n');
  return false;
}

function report(info: Info, call: Call<DeleteFlags>, context: Context, suffix: string): void {
  const kind = groupKind(info.resource);
  if (call.flags.output === 'name') return context.out.write(`${kind}/${info.name}\n`);
  const operation = call.flags.force ? 'force deleted' : 'deleted';
  const from = info.resource.namespaced && info.namespace !== '' ? ` from ${info.namespace} namespace` : '';
  context.out.write(`${kind} "${info.name}" ${operation}${from}${suffix}\n`);
}

async function waitAll(
  gone: readonly { place: Place; uid: string }[],
  call: Call<DeleteFlags>,
  context: Context,
): Promise<void> {
  const { api } = await context.session();
  const limit = call.flags.timeout === 0 ? LONGEST_WAIT_MS : call.flags.timeout;
  const ended = new AbortController();
  using _timer = context.clock.schedule(limit, () => ended.abort());
  const signal = AbortSignal.any([context.signal, ended.signal]);
  for (const { place, uid } of gone) {
    try {
      await waitUntilGone(api, place, uid, signal);
    } catch (error) {
      if (!ended.signal.aborted || context.signal.aborted) throw error;
      throw new Failure(`timed out waiting for the condition on ${place.resource.resource}/${place.name}`, {
        cause: error,
      });
    }
  }
}
