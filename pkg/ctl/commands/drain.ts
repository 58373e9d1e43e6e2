// `drain`: takes a node out of service: no new pods, and the ones there are evicted.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { parseLabelSelector } from '../../api/meta/label-selector.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, messageOf, PlainFailure, SeveralFailures, throwCollected } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { dryRunFlag, readDryRun, selectorFlag, type DryRun } from '../cli/shared-flags.ts';
import { nameOf, namespaceOf, objects, text } from '../objects/access.ts';
import type { Info } from '../resources/infos.ts';
import type { Api } from '../rest/api.ts';
import { planDrain, type DrainOptions, type DrainPlan } from './drain-plan.ts';
import { dryRunSuffix } from './create-from-files.ts';
import { markNode, selectNodes } from './cordon.ts';
import { removePods } from './drain-pods.ts';

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
    checkPodSelector(flags['pod-selector']);
    const { infos, failures } = await selectNodes(call, context, 'drain');
    if (failures.length > 0) throw failures[0];
    for (const info of infos) await markNode(info, false, dryRun, context);
    const options: DrainOptions = {
      force: flags.force,
      ignoreDaemonSets: flags['ignore-daemonsets'],
      deleteEmptyDirData: flags['delete-emptydir-data'],
    };
    const pending: { node: string; error: unknown }[] = [];
    for (const info of infos) {
      try {
        await drainNode(info, options, { ...flags, dryRun }, context);
        context.out.write(`node/${info.name} drained${dryRunSuffix(dryRun)}\n`);
      } catch (error) {
        if (context.signal.aborted) throw error;
        pending.push({ node: info.name, error });
        context.err.write(
          `error: unable to drain node ${JSON.stringify(info.name)} due to error: ${aggregate(error)}, continuing command...\n`,
        );
      }
    }
    if (pending.length === 0) return 0;
    const nodes = pending.map(({ node }) => ` ${node}\n`).join('');
    const reasons = pending.flatMap(({ error }) => (error instanceof SeveralFailures ? error.failures : [error]));
    throw new PlainFailure(
      `There are pending nodes to be drained:\n${nodes}${reasons.map((reason) => `${messageOf(reason)}\n`).join('')}`,
    );
  },
});

function checkPodSelector(selector: string): void {
  try {
    parseLabelSelector(selector);
  } catch (cause) {
    throw new Failure('--pod-selector=<pod_selector> must be a valid label selector', { cause });
  }
}

/** As Go prints an error made of several. */
function aggregate(error: unknown): string {
  if (!(error instanceof SeveralFailures)) return messageOf(error);
  const messages = [...new Set(error.failures.map(messageOf))];
  return messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`;
}

interface DrainSettings {
  readonly dryRun: DryRun;
  readonly 'grace-period': number;
  readonly 'disable-eviction': boolean;
  readonly 'pod-selector': string;
  readonly timeout: number;
  readonly 'chunk-size': number;
  readonly 'skip-wait-for-delete-timeout': number;
}

async function drainNode(info: Info, options: DrainOptions, settings: DrainSettings, context: Context): Promise<void> {
  const plan = await planFor(info, options, settings, context);
  if (plan.errors.length > 0) throwCollected(plan.errors.map((message) => new Failure(message)));
  if (plan.warnings.length > 0) context.err.write(`Warning: ${plan.warnings.join('; ')}\n`);
  if (settings.dryRun === 'client') {
    for (const pod of plan.pods) context.out.write(`evicting pod ${namespaceOf(pod)}/${nameOf(pod)} (dry run)\n`);
    return;
  }
  try {
    await removePods(
      plan.pods,
      {
        dryRun: settings.dryRun,
        gracePeriod: settings['grace-period'],
        evict: !settings['disable-eviction'],
        timeoutMs: settings.timeout,
      },
      context,
    );
  } catch (error) {
    if (context.signal.aborted) throw error;
    const { pods } = await planFor(info, options, settings, context);
    if (pods.length > 0)
      context.err.write(
        `There are pending pods in node ${JSON.stringify(info.name)} when an error occurred: ${aggregate(error)}\n${pods.map((pod) => `pod/${nameOf(pod)}\n`).join('')}`,
      );
    throw error;
  }
}

async function planFor(
  info: Info,
  options: DrainOptions,
  settings: DrainSettings,
  context: Context,
): Promise<DrainPlan> {
  const { api } = await context.session();
  const resource = (await api.resources()).require('pods');
  const answer = await api.list(
    { resource, namespace: '', name: '' },
    { fieldSelector: `spec.nodeName=${info.name}`, labelSelector: settings['pod-selector'] },
    settings['chunk-size'],
  );
  const longest = settings['skip-wait-for-delete-timeout'] * 1000;
  const pods = objects(answer, 'items').filter((pod) => {
    const since = Date.parse(text(pod, 'metadata', 'deletionTimestamp'));
    return longest <= 0 || Number.isNaN(since) || context.clock.now() - since <= longest;
  });
  return planDrain(pods, await existingDaemonSets(api, pods), options);
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
