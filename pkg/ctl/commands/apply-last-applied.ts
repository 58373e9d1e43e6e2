// `apply view-last-applied` and `apply set-last-applied`: the annotation in which apply keeps what it applied last.
import type { JsonObject } from '../../api/schema/json.ts';
import { LAST_APPLIED, lastAppliedText } from '../apply/last-applied.ts';
import { command } from '../cli/command.ts';
import { Failure, throwCollected, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { dryRunFlag, filenameFlags, outputFlags, readDryRun, selectorFlag } from '../cli/shared-flags.ts';
import { isObject, object, parseJson, text } from '../objects/access.ts';
import { escapeHtml } from '../printers/json.ts';
import { objectPrinter } from '../printers/output.ts';
import { toYaml } from '../../api/schema/encode-yaml.ts';
import { liveInfos, visit } from '../resources/infos.ts';
import { NO_RESOURCE, readTargets, type ManifestTarget } from '../resources/targets.ts';
import type { Place } from '../rest/api.ts';
import { dryRunSuffix } from './create-from-files.ts';

function annotationOf(live: JsonObject): string {
  return text(live, 'metadata', 'annotations', LAST_APPLIED);
}

export const viewLastApplied = command({
  summary: 'View the latest last-applied-configuration annotations of a resource/object',
  usage: '(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]',
  examples: ['apply view-last-applied deployment/web', 'apply view-last-applied -f web.yaml -o json'],
  flags: {
    ...filenameFlags,
    ...selectorFlag,
    all: boolFlag('Select all resources in the namespace of the specified resource types'),
    output: stringFlag('Output format. Must be one of (yaml, json)', { short: 'o', default: 'yaml' }),
  },
  async run({ flags, args }, context) {
    if (!['yaml', 'json'].includes(flags.output))
      throw new UsageFailure(`Unexpected -o output mode: ${flags.output}, the flag 'output' must be one of yaml|json`);
    if (args.length === 0 && flags.filename.length === 0) throw new Failure(NO_RESOURCE);
    // Whatever is selected: kubectl's own --all is refused.
    if (flags.all) throw new Failure("setting 'all' parameter but found a non empty selector. ");
    const { infos, failures } = await liveInfos(
      {
        args,
        filenames: flags.filename,
        recursive: flags.recursive,
        labelSelector: flags.selector,
        bareTypeMeansAll: flags.selector !== '',
      },
      context,
    );
    await visit(
      infos,
      async (info) => {
        const saved = annotationOf(info.object);
        if (saved === '') return;
        const parsed = parseJson(saved);
        if (!isObject(parsed)) return;
        context.out.write(
          flags.output === 'yaml' ? toYaml(parsed) : `${escapeHtml(JSON.stringify(parsed, undefined, 2))}\n`,
        );
      },
      failures,
    );
    return 0;
  },
});

export const setLastApplied = command({
  summary: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
  usage: '-f FILENAME [options]',
  notes: 'Nothing else of the object changes.',
  examples: ['apply set-last-applied -f web.yaml', 'apply set-last-applied -f web.yaml --create-annotation'],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...dryRunFlag,
    'create-annotation': boolFlag('Create the annotation where the object does not have it yet'),
  },
  async run({ flags, changed }, context) {
    const dryRun = readDryRun(flags['dry-run']);
    if (flags.filename.length === 0) throw new Failure(NO_RESOURCE);
    const { targets, failures } = await readTargets(
      { args: [], filenames: flags.filename, recursive: flags.recursive },
      context,
    );
    throwCollected(failures.slice(0, 1));
    const manifests = targets.filter((target) => target.kind === 'manifest');
    const { api } = await context.session();
    const lives: { target: ManifestTarget; live: JsonObject }[] = [];
    for (const target of manifests) {
      const live = await api.get(placeOf(target));
      if (annotationOf(live) === '' && !flags['create-annotation'])
        throw new Failure(
          `no last-applied-configuration annotation found on resource: ${target.name}, to create the annotation, run the command with --create-annotation`,
        );
      lives.push({ target, live });
    }
    const print = await objectPrinter({
      flags,
      templateGiven: changed.has('template'),
      cwd: context.cwd,
      operation: 'configured',
      dryRunSuffix: dryRunSuffix(dryRun),
    });
    await visit(lives, async ({ target, live }) => {
      const wanted = lastAppliedText(target.object);
      if (annotationOf(live) === wanted) {
        context.out.write(`set-last-applied ${target.name}: no changes required.\n`);
        return;
      }
      const patch = { metadata: { annotations: { [LAST_APPLIED]: wanted } } };
      const query = { dryRun: dryRun === 'server' ? 'All' : undefined };
      const after =
        dryRun === 'client' ? merged(live, wanted) : await api.patch(placeOf(target), 'merge', patch, query);
      context.out.write(print(after));
    });
    return 0;
  },
});

function placeOf({ resource, namespace, name }: ManifestTarget): Place {
  return { resource, namespace, name };
}

function merged(live: JsonObject, wanted: string): JsonObject {
  const metadata = object(live, 'metadata');
  return {
    ...live,
    metadata: { ...metadata, annotations: { ...object(metadata, 'annotations'), [LAST_APPLIED]: wanted } },
  };
}
