// `set selector`: gives Services another selector.
import { command } from '../cli/command.ts';
import { Failure, throwCollected } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { dryRunFlag, fieldManagerFlag, filenameFlags, outputFlags, readDryRun } from '../cli/shared-flags.ts';
import { put } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { changeObject, infosToChange } from '../resources/change.ts';
import { visit } from '../resources/infos.ts';
import { dryRunSuffix } from './create-from-files.ts';

export const setSelector = command({
  summary: 'Set the selector on a resource',
  usage: '(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]',
  notes: 'Only Services can be given another selector.',
  examples: ["set selector service web 'app=web,tier=front'"],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...dryRunFlag,
    ...fieldManagerFlag('kubectl-set'),
    all: boolFlag('Select all resources in the namespace of the specified resource types'),
    local: boolFlag('Change the objects in the files and print them, without asking the server.'),
    'resource-version': stringFlag('Only change the object if this is its resource version; for a single object.'),
  },
  async run({ flags, args, changed }, context) {
    const dryRun = readDryRun(flags['dry-run']);
    const expression = args.at(-1);
    if (expression === undefined) throw new Failure('one selector is required');
    const reading = await infosToChange(
      {
        args: args.slice(0, -1),
        filenames: flags.filename,
        recursive: flags.recursive,
        everything: flags.all,
      },
      flags.local,
      context,
    );
    const print = await objectPrinter({
      flags,
      templateGiven: changed.has('template'),
      cwd: context.cwd,
      operation: 'selector updated',
      dryRunSuffix: dryRunSuffix(dryRun),
    });
    if (reading.infos.length === 0) throwCollected(reading.failures);
    const selector = readSelector(expression);
    await visit(
      reading.infos,
      async (info) => {
        const { object } = await changeObject(
          info,
          (copy) => {
            if (info.resource.kind !== 'Service' || info.resource.group !== '')
              throw new Failure('setting a selector is only supported for Services');
            if (flags['resource-version'] !== '') put(copy, ['metadata', 'resourceVersion'], flags['resource-version']);
            put(copy, ['spec', 'selector'], selector);
          },
          { dryRun, fieldManager: flags['field-manager'], local: flags.local, type: 'strategic' },
          async () => (await context.session()).api,
        );
        context.out.write(print(object));
      },
      reading.failures,
    );
    return 0;
  },
});

function readSelector(expression: string): { [key: string]: string } {
  if (/^[^\s=!,]+$/.test(expression))
    throw new Failure(`match expression [{${expression} Exists []}] not supported on this object`);
  const set = /^\s*([^\s=!]+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(expression);
  if (set !== null) {
    const [, key = '', operator = '', values = ''] = set;
    const words = values.split(',').map((value) => value.trim());
    throw new Failure(
      `match expression [{${key} ${operator === 'in' ? 'In' : 'NotIn'} [${words.join(' ')}]}] not supported on this object`,
    );
  }
  return Object.fromEntries(
    expression.split(',').map((pair) => {
      const parts = /^\s*([^=!\s]+)\s*==?\s*([^=\s]*)\s*$/.exec(pair);
      if (parts === null) throw new Failure(`couldn't parse the selector string ${JSON.stringify(expression)}`);
      return [parts[1] ?? '', parts[2] ?? ''];
    }),
  );
}
