// `cordon` and `uncordon`: whether a node takes new pods.
import { command, type Call, type Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { dryRunFlag, readDryRun, selectorFlag, type DryRun } from '../cli/shared-flags.ts';
import { flag, put } from '../objects/access.ts';
import { changeObject } from '../resources/change.ts';
import { liveInfos, visit, type Info } from '../resources/infos.ts';
import { dryRunSuffix } from './create-from-files.ts';

const flags = { ...dryRunFlag, ...selectorFlag };

export const cordon = command({
  summary: 'Mark node as unschedulable',
  usage: 'NODE [options]',
  flags,
  run: (call, context) => setSchedulable(false, call, context),
});

export const uncordon = command({
  summary: 'Mark node as schedulable',
  usage: 'NODE [options]',
  flags,
  run: (call, context) => setSchedulable(true, call, context),
});

async function setSchedulable(schedulable: boolean, call: Call<typeof flags>, context: Context): Promise<number> {
  const dryRun = readDryRun(call.flags['dry-run']);
  const { infos, failures } = await selectNodes(call, context, schedulable ? 'uncordon' : 'cordon');
  await visit(infos, (info) => markNode(info, schedulable, dryRun, context), failures);
  return 0;
}

/** The nodes that names or a selector give; refuses neither and both, in the words of `verb`. */
export async function selectNodes(
  call: { flags: { selector: string }; args: readonly string[] },
  context: Context,
  verb: string,
) {
  const { selector } = call.flags;
  if (call.args.length === 0 && selector === '') throw new UsageFailure(`USAGE: ${verb} NODE [flags]`);
  if (call.args.length > 0 && selector !== '')
    throw new UsageFailure('error: cannot specify both a node name and a --selector option');
  const names = call.args.map((name) => (name.includes('/') ? name : `node/${name}`));
  const reading = await liveInfos(
    selector === '' ? { args: names } : { args: ['nodes'], labelSelector: selector },
    context,
  );
  if (reading.infos.length === 0 && reading.failures.length === 0 && selector !== '')
    context.out.write('No resources found\n');
  const other = reading.infos.find((info) => info.resource.kind !== 'Node');
  if (other !== undefined) throw new Failure(`error: ${other.name} is not a node`);
  return reading;
}

/** Sets spec.unschedulable where it is not so already, and says what happened. */
export async function markNode(info: Info, schedulable: boolean, dryRun: DryRun, context: Context): Promise<void> {
  const verb = schedulable ? 'uncordoned' : 'cordoned';
  if (flag(info.object, 'spec', 'unschedulable') === !schedulable) {
    context.out.write(`node/${info.name} already ${verb}${dryRunSuffix(dryRun)}\n`);
    return;
  }
  await changeObject(
    info,
    (copy) => put(copy, ['spec', 'unschedulable'], !schedulable),
    { dryRun, fieldManager: `kubectl-${schedulable ? 'uncordon' : 'cordon'}`, type: 'strategic' },
    async () => (await context.session()).api,
  );
  context.out.write(`node/${info.name} ${verb}${dryRunSuffix(dryRun)}\n`);
}
