// `label` and `annotate`: sets and removes labels and annotations.
import type { JsonObject } from '../../api/schema/json.ts';
import { labelValueFaults } from '../../api/meta/names.ts';
import { command, type Call, type Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import {
  allNamespacesFlag,
  dryRunFlag,
  fieldManagerFlag,
  fieldSelectorFlag,
  filenameFlags,
  outputFlags,
  readDryRun,
  selectorFlag,
} from '../cli/shared-flags.ts';
import { at, object, pairs, put, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { changeObject, infosToChange, splitAssignments } from '../resources/change.ts';
import { visit } from '../resources/infos.ts';
import { dryRunSuffix } from './create-from-files.ts';

const common = {
  ...filenameFlags,
  ...outputFlags,
  ...dryRunFlag,
  ...selectorFlag,
  ...fieldSelectorFlag,
  ...allNamespacesFlag,
  all: boolFlag('Select all resources, in the namespace of the specified resource types'),
  local: boolFlag('Change the objects in the files and print them, without asking the server.'),
  overwrite: boolFlag('Allow what is already there to be overwritten.'),
  'resource-version': stringFlag('Only change an object that is at this version; one object only.'),
};

const labelFlags = { ...common, ...fieldManagerFlag('kubectl-label'), list: boolFlag('Display the labels.') };
const annotateFlags = {
  ...common,
  ...fieldManagerFlag('kubectl-annotate'),
  list: boolFlag('Display the annotations.'),
};

type Noun = 'label' | 'annotation';

interface Assignments {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

export const label = command({
  summary: 'Update the labels on a resource',
  usage: '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  examples: ['label pods web tier=front', 'label --overwrite pods web tier=back', 'label pods web tier-'],
  flags: labelFlags,
  run: (call, context) => change('label', call, context),
});

export const annotate = command({
  summary: 'Update the annotations on one or more resources',
  usage: '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  examples: ["annotate pods web description='my frontend'", 'annotate pods web description-'],
  flags: annotateFlags,
  run: (call, context) => change('annotation', call, context),
});

async function change(noun: Noun, call: Call<typeof labelFlags>, context: Context): Promise<number> {
  const { flags } = call;
  const dryRun = readDryRun(flags['dry-run']);
  const { resources, changes } = splitAssignments(call.args, noun === 'label' ? 'label' : 'annotation');
  if (resources.length < 1 && flags.filename.length === 0)
    throw new Failure('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  if (changes.length < 1 && !flags.list) throw new Failure(`at least one ${noun} update is required`);
  if (flags.all && flags.selector !== '') throw new Failure('cannot set --all and --selector at the same time');
  if (flags.all && flags['field-selector'] !== '')
    throw new Failure('cannot set --all and --field-selector at the same time');
  const assignments = parseAssignments(noun, changes);
  const { infos, failures } = await infosToChange(
    {
      args: resources,
      filenames: flags.filename,
      recursive: flags.recursive,
      labelSelector: flags.selector,
      fieldSelector: flags['field-selector'],
      allNamespaces: flags['all-namespaces'],
      everything: flags.all,
    },
    flags.local,
    context,
  );
  if (flags['resource-version'] !== '' && infos.length > 1)
    throw new UsageFailure('--resource-version may only be used with a single resource');
  const one = infos.length === 1 && !flags.all && flags.selector === '' && resources.length > 0;
  await visit(
    infos,
    async (info) => {
      const field = noun === 'label' ? 'labels' : 'annotations';
      if (flags.list) {
        if (!one)
          context.out.write(`Listing ${field} for ${info.resource.kind}.${info.resource.group}/${info.name}:\n`);
        for (const [key, value] of pairs(info.object, 'metadata', field))
          context.out.write(`${one ? '' : ' '}${key}=${value}\n`);
        return;
      }
      if (!flags.overwrite) checkOverwrite(noun, info.object, assignments);
      if (noun === 'label')
        for (const key of assignments.remove)
          if (at(info.object, 'metadata', 'labels', key) === undefined)
            context.out.write(`label ${JSON.stringify(key)} not found.\n`);
      const answer = await changeObject(
        info,
        (copy) => assign(copy, field, assignments, flags['resource-version']),
        { dryRun, fieldManager: flags['field-manager'], local: flags.local, type: 'merge' },
        async () => (await context.session()).api,
      );
      const operation =
        noun === 'annotation' ? 'annotated' : labelOperation(info.object, answer.object, flags.overwrite);
      const print = await objectPrinter({
        flags,
        templateGiven: call.changed.has('template'),
        cwd: context.cwd,
        operation,
        dryRunSuffix: dryRunSuffix(dryRun),
      });
      context.out.write(print(answer.object));
    },
    failures,
  );
  return 0;
}

function parseAssignments(noun: Noun, changes: readonly string[]): Assignments {
  const set = new Map<string, string>();
  const remove: string[] = [];
  for (const part of changes) {
    const equals = part.indexOf('=');
    if (equals < 0) {
      remove.push(part.slice(0, -1));
      continue;
    }
    const key = part.slice(0, equals);
    const value = part.slice(equals + 1);
    if (key === '' || (noun === 'label' && value.includes('=')))
      throw new Failure(noun === 'label' ? `invalid label spec: ${part}` : `invalid annotation format: ${part}`);
    const faults = noun === 'label' ? labelValueFaults(value) : [];
    if (faults.length > 0) throw new Failure(`invalid label value: ${JSON.stringify(part)}: ${faults.join(';')}`);
    set.set(key, value);
  }
  const both = remove.filter((key) => set.has(key));
  if (both.length > 0)
    throw new Failure(
      noun === 'label'
        ? 'can not both modify and remove a label in the same command'
        : `can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`,
    );
  return { set, remove };
}

function checkOverwrite(noun: Noun, current: JsonObject, { set }: Assignments): void {
  const field = noun === 'label' ? 'labels' : 'annotations';
  const there = [...set].flatMap(([key, value]) => {
    const before = at(current, 'metadata', field, key);
    return before === undefined || before === value ? [] : [`'${key}' already has a value (${text(before)})`];
  });
  if (there.length === 0) return;
  throw new Failure(
    noun === 'label'
      ? `${there.join(', ')}, and --overwrite is false`
      : `--overwrite is false but found the following declared annotation(s): ${there.join('; ')}`,
  );
}

function assign(copy: JsonObject, field: string, { set, remove }: Assignments, resourceVersion: string): void {
  const values = { ...object(copy, 'metadata', field) };
  for (const [key, value] of set) values[key] = value;
  for (const key of remove) delete values[key];
  if (Object.keys(values).length > 0 || at(copy, 'metadata', field) !== undefined)
    put(copy, ['metadata', field], values);
  if (resourceVersion !== '') put(copy, ['metadata', 'resourceVersion'], resourceVersion);
}

/** kubectl says `unlabeled` when the object got shorter. */
function labelOperation(before: JsonObject, after: JsonObject, overwrite: boolean): string {
  const old = JSON.stringify(object(before, 'metadata', 'labels'));
  const now = JSON.stringify(object(after, 'metadata', 'labels'));
  if (old === now) return 'not labeled';
  return !overwrite && now.length < old.length ? 'unlabeled' : 'labeled';
}
