// `scale`: sets how many replicas a workload asks for, through its scale subresource.
import { isApiError } from '../../api/meta/status.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { dryRunFlag, filenameFlags, outputFlags, readDryRun, selectorFlag } from '../cli/shared-flags.ts';
import { number, put, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { liveInfos, visit, type Info } from '../resources/infos.ts';
import type { Api } from '../rest/api.ts';
import { dryRunSuffix } from './create-from-files.ts';

export const scale = command({
  summary: 'Set a new size for a deployment, replica set, replication controller, or stateful set',
  usage: '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  examples: ['scale --replicas=3 deployment/web', 'scale --current-replicas=2 --replicas=3 deployment/web'],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...dryRunFlag,
    ...selectorFlag,
    all: boolFlag('Select all resources in the namespace of the specified resource types'),
    'current-replicas': intFlag('Precondition for current size; -1: none.', { default: -1 }),
    replicas: intFlag('The new desired number of replicas. Required.'),
    'resource-version': stringFlag('Precondition for resource version.'),
    timeout: durationFlag('How long to wait for the replicas to be there; 0: do not wait.'),
  },
  required: ['replicas'],
  async run(call, context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    if (flags.replicas < 0)
      throw new Failure(`The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0`);
    const { infos, failures } = await liveInfos(
      {
        args: call.args,
        filenames: flags.filename,
        recursive: flags.recursive,
        labelSelector: flags.selector,
        everything: flags.all,
      },
      context,
    );
    if (flags['resource-version'] !== '' && infos.length > 1)
      throw new Failure('cannot use --resource-version with multiple resources');
    const { api } = await context.session();
    let scaled = 0;
    await visit(
      infos,
      async (info) => {
        const place = { resource: info.resource, namespace: info.namespace, name: info.name, subresource: 'scale' };
        if (dryRun !== 'client') {
          const { 'current-replicas': expected, 'resource-version': version } = flags;
          if (expected !== -1 || version !== '') {
            const current = await api.get(place);
            const replicas = number(current, 'spec', 'replicas');
            if (expected !== -1 && replicas !== expected)
              throw new Failure(`Expected replicas to be ${expected}, was ${replicas}`);
            if (version !== '' && text(current, 'metadata', 'resourceVersion') !== version)
              throw new Failure(
                `Expected resource version to be ${version}, was ${text(current, 'metadata', 'resourceVersion')}`,
              );
            put(current, ['spec', 'replicas'], flags.replicas);
            await api.update(place, current, { dryRun: dryRun === 'server' ? 'All' : undefined });
          } else {
            await api.patch(
              place,
              'merge',
              { spec: { replicas: flags.replicas } },
              { dryRun: dryRun === 'server' ? 'All' : undefined },
            );
          }
          if (flags.timeout > 0 && dryRun === 'none')
            await waitForReplicas(api, info, flags.replicas, flags.timeout, context);
        }
        scaled++;
        const print = await objectPrinter({
          flags,
          templateGiven: call.changed.has('template'),
          cwd: context.cwd,
          operation: 'scaled',
          dryRunSuffix: dryRunSuffix(dryRun),
        });
        context.out.write(print(info.object));
      },
      failures,
    );
    if (scaled === 0) throw new Failure('no objects passed to scale');
    return 0;
  },
});

/** Until the scale's status says so. */
async function waitForReplicas(
  api: Api,
  info: Info,
  replicas: number,
  timeoutMs: number,
  context: Pick<Context, 'clock' | 'signal'>,
): Promise<void> {
  const deadline = context.clock.now() + timeoutMs;
  const place = { resource: info.resource, namespace: info.namespace, name: info.name, subresource: 'scale' };
  for (;;) {
    try {
      if (number(await api.get(place), 'status', 'replicas') === replicas) return;
    } catch (error) {
      if (!isApiError(error)) throw error;
    }
    if (context.clock.now() >= deadline)
      throw new Failure(`timed out waiting for the condition on ${info.resource.resource}/${info.name}`);
    await context.clock.sleep(500, context.signal);
  }
}
