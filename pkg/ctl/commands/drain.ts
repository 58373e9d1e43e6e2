// `drain`: takes a node out of service: no new pods, and the ones there are evicted.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, messageOf, PlainFailure } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { dryRunFlag, readDryRun, selectorFlag, type DryRun } from '../cli/shared-flags.ts';
import { nameOf, namespaceOf, objects, text } from '../objects/access.ts';
import type { Info } from '../resources/infos.ts';
import type { Api } from '../rest/api.ts';
import { planDrain, type DrainOptions, type DrainPlan } from './drain-plan.ts';
import { dryRunSuffix } from './create-from-files.ts';
import { markNode, selectNodes } from './cordon.ts';
import { deletionOptions, waitUntilGone } from './delete-objects.ts';

/** How long to wait before an eviction that a disruption budget refused is tried again. */
const EVICTION_RETRY_MS = 5000;

export const drain = command({
  summary: 'Drain node in preparation for maintenance',
  usage: 'NODE [options]',
  examples: ['drain worker --ignore-daemonsets', 'drain worker --force --grace-period=900'],
  flags: {
    ...dryRunFlag,
    ...selectorFlag,
    'chunk-size': intFlag('Ask for large lists in chunks of this many.', { default: 500 }),
    'delete-emptydir-data': boolFlag('Continue even if there are pods using emptyDir.'),
    'disable-eviction': boolFlag('Delete pods and do not evict them. This bypasses disruption budgets.'),
    force: boolFlag('Continue even if there are pods that do not declare a controller.'),
    'grace-period': intFlag('Seconds each pod has to terminate; negative: its own.', { default: -1 }),
    'ignore-daemonsets': boolFlag('Ignore DaemonSet-managed pods.'),
    'pod-selector': stringFlag('Label selector to filter pods on the node'),
    'skip-wait-for-delete-timeout': intFlag(
      'Do not wait for pods that have been terminating longer than this many seconds.',
    ),
    timeout: durationFlag('The length of time to wait before giving up, zero means infinite'),
  },
  async run(call, context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    const { infos, failures } = await selectNodes(call, context, 'drain');
    if (failures.length > 0) throw failures[0];
    for (const info of infos) await markNode(info, false, dryRun, context);
    const options: DrainOptions = {
      force: flags.force,
      ignoreDaemonSets: flags['ignore-daemonsets'],
      deleteEmptyDirData: flags['delete-emptydir-data'],
    };
    const pending: { node: string; reason: string }[] = [];
    for (const info of infos) {
      try {
        await drainNode(info, options, { ...flags, dryRun }, context);
        context.out.write(`node/${info.name} drained${dryRunSuffix(dryRun)}\n`);
      } catch (error) {
        if (context.signal.aborted) throw error;
        const reason = messageOf(error);
        pending.push({ node: info.name, reason });
        context.err.write(
          `error: unable to drain node ${JSON.stringify(info.name)} due to error: ${reason}, continuing command...\n`,
        );
      }
    }
    if (pending.length === 0) return 0;
    throw new PlainFailure(
      `There are pending nodes to be drained:\n${pending.map(({ node }) => ` ${node}\n`).join('')}${pending.map(({ reason }) => `error: ${reason}\n`).join('')}`,
    );
  },
});

interface DrainSettings {
  readonly dryRun: DryRun;
  readonly 'grace-period': number;
  readonly 'disable-eviction': boolean;
  readonly 'pod-selector': string;
  readonly timeout: number;
  readonly 'chunk-size': number;
}

async function drainNode(info: Info, options: DrainOptions, settings: DrainSettings, context: Context): Promise<void> {
  const { api } = await context.session();
  const resource = (await api.resources()).require('pods');
  const answer = await api.list(
    { resource, namespace: '', name: '' },
    { fieldSelector: `spec.nodeName=${info.name}`, labelSelector: settings['pod-selector'] },
    settings['chunk-size'],
  );
  const daemonSets = await existingDaemonSets(api, objects(answer, 'items'));
  const plan: DrainPlan = planDrain(objects(answer, 'items'), daemonSets, options);
  if (plan.errors.length > 0)
    throw new Failure(plan.errors.length === 1 ? (plan.errors[0] ?? '') : `[${plan.errors.join(', ')}]`);
  if (plan.warnings.length > 0) context.err.write(`Warning: ${plan.warnings.join('; ')}\n`);
  const ended = new AbortController();
  using _timer =
    settings.timeout > 0
      ? context.clock.schedule(settings.timeout, () => ended.abort())
      : { [Symbol.dispose]: () => undefined };
  const signal = AbortSignal.any([context.signal, ended.signal]);
  try {
    await Promise.all(plan.pods.map((pod) => removePod(pod, api, settings, context, signal)));
  } catch (error) {
    if (ended.signal.aborted && !context.signal.aborted)
      throw new Failure(
        `error when waiting for pods to terminate: global timeout reached: ${settings.timeout / 1000}s`,
        { cause: error },
      );
    throw error;
  }
}

/** Which of the daemon sets that pods belong to are still there. */
async function existingDaemonSets(api: Api, pods: readonly JsonObject[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const resource = (await api.resources()).find('daemonsets.apps');
  if (resource === undefined) return found;
  for (const pod of pods) {
    const owner = objects(pod, 'metadata', 'ownerReferences').find((one) => text(one, 'kind') === 'DaemonSet');
    if (owner === undefined) continue;
    try {
      await api.get({ resource, namespace: namespaceOf(pod), name: text(owner, 'name') });
      found.add(`${namespaceOf(pod)}/${text(owner, 'name')}`);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }
  return found;
}

async function removePod(
  pod: JsonObject,
  api: Api,
  settings: DrainSettings,
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  const resource = (await api.resources()).require('pods');
  const place = { resource, namespace: namespaceOf(pod), name: nameOf(pod) };
  const verb = settings['disable-eviction'] ? 'deleting' : 'evicting';
  const label = `${place.namespace}/${place.name}`;
  const grace = settings['grace-period'];
  const options = deletionOptions({
    ...(grace >= 0 && { gracePeriodSeconds: grace }),
    dryRun: settings.dryRun === 'server',
  });
  delete options['propagationPolicy'];
  for (;;) {
    context.out.write(`${verb} pod ${label}${dryRunSuffix(settings.dryRun)}\n`);
    if (settings.dryRun === 'client') return;
    try {
      if (settings['disable-eviction']) await api.delete(place, options);
      else
        await api.create(
          { ...place, subresource: 'eviction' },
          {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { name: place.name, namespace: place.namespace },
            deleteOptions: options,
          },
        );
      break;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return;
      if (!isApiError(error, 'TooManyRequests'))
        throw new Failure(
          `error when ${verb} pods/${JSON.stringify(place.name)} -n ${JSON.stringify(place.namespace)}: ${messageOf(error)}`,
          { cause: error },
        );
      context.err.write(
        `error when evicting pods/${JSON.stringify(place.name)} -n ${JSON.stringify(place.namespace)} (will retry after 5s): ${error.message}\n`,
      );
      await context.clock.sleep(EVICTION_RETRY_MS, signal);
    }
  }
  if (settings.dryRun === 'server') return;
  await waitUntilGone(api, place, text(pod, 'metadata', 'uid'), signal);
  context.out.write(`pod/${place.name} ${settings['disable-eviction'] ? 'deleted' : 'evicted'}\n`);
}
