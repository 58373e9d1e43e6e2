// `get`: shows objects, as the server's tables or in any other format, and watches them.
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { command, type Call, type Context } from '../cli/command.ts';
import { Failure, throwCollected, UsageFailure } from '../cli/failure.ts';
import { boolFlag, intFlag, stringFlag } from '../cli/flags.ts';
import {
  allNamespacesFlag,
  fieldSelectorFlag,
  filenameFlags,
  labelColumnsFlags,
  outputFlags,
  selectorFlag,
} from '../cli/shared-flags.ts';
import { OBJECT_FORMATS, listOf, namesOf, objectPrinter, splitFormat, unknownFormat } from '../printers/output.ts';
import { checkRawPath, sendRaw } from '../rest/raw-request.ts';
import { fetchTarget, type Info } from '../resources/infos.ts';
import { readTargets, type Target } from '../resources/targets.ts';
import { TablePrinter } from './get-tables.ts';

const flags = {
  ...outputFlags,
  ...allNamespacesFlag,
  ...selectorFlag,
  ...fieldSelectorFlag,
  ...filenameFlags,
  ...labelColumnsFlags,
  'chunk-size': intFlag('Ask for large lists in chunks of this many. 0 asks for all at once.', { default: 500 }),
  'ignore-not-found': boolFlag('Say nothing about named objects that do not exist.'),
  'no-headers': boolFlag("Don't print headers."),
  'output-watch-events': boolFlag('Show the kind of each event with --watch or --watch-only.'),
  raw: stringFlag('Raw URI to request from the server.'),
  'server-print': boolFlag("Let the server make the table's cells.", { default: true }),
  'show-kind': boolFlag('Put the resource type in front of each name.'),
  'sort-by': stringFlag("Sort lists by this field, a JSONPath expression ('{.metadata.name}')."),
  subresource: stringFlag('Get this subresource of the named object.'),
  watch: boolFlag('After listing, watch for changes.', { short: 'w' }),
  'watch-only': boolFlag('Watch for changes without listing first.'),
};

export type GetFlags = typeof flags;

const TABLE_FORMATS = ['', 'wide'];
const FORMATS = [...OBJECT_FORMATS, 'custom-columns', 'custom-columns-file', 'wide'];

export const get = command({
  summary: 'Display one or many resources',
  usage: '(TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]',
  notes: 'The output is a table by default. An unknown type gets the nearest known ones suggested.',
  examples: [
    'get pods',
    'get pods -o wide -A',
    'get deployment web -o yaml',
    "get pods -l app=web -o jsonpath='{.items[*].metadata.name}'",
    'get deploy,svc --sort-by=.metadata.name',
  ],
  flags,
  async run(call: Call<GetFlags>, context: Context) {
    const { flags: given, args } = call;
    if (given.raw !== '') return getRaw(call, context);
    const { format, template } = splitFormat(given, call.changed.has('template'));
    if (!FORMATS.includes(format) && format !== '') throw unknownFormat(given.output, FORMATS);
    if (given['show-labels'] && ![...TABLE_FORMATS, 'name'].includes(format))
      throw new Failure(`--show-labels option cannot be used with ${format} printer`);
    if (given['output-watch-events'] && !given.watch && !given['watch-only'])
      throw new Failure('--output-watch-events option can only be used with --watch or --watch-only');
    if (args.length === 0 && given.filename.length === 0) throw missingType(context);
    if (given.watch && given['sort-by'] !== '')
      context.err.write('warning: --watch requested, --sort-by will be ignored for watch events received\n');
    if (given.watch || given['watch-only']) {
      const { watchObjects } = await import('./get-watch.ts');
      return watchObjects(call, context);
    }
    const { targets, failures } = await readTargets(
      {
        args,
        filenames: given.filename,
        recursive: given.recursive,
        kustomize: given.kustomize,
        labelSelector: given.selector,
        fieldSelector: given['field-selector'],
        allNamespaces: given['all-namespaces'],
        bareTypeMeansAll: true,
      },
      context,
    );
    if (given.subresource !== '' && targets.some((target) => target.kind === 'collection'))
      throw new Failure('subresource cannot be used when bulk resources are specified');
    const failed = [...failures];
    const asTable = TABLE_FORMATS.includes(format) || format.startsWith('custom-columns');
    if (asTable) {
      const printer = await TablePrinter.open(call, context, targets, { format, template });
      const found: Awaited<ReturnType<typeof printer.fetch>>[] = [];
      for (const target of targets)
        await collectFailures(given, failed, async () => {
          found.push(await printer.fetch(target));
        });
      await printer.show(found);
      await printer.finish(failed.length > 0);
    } else await printObjects(call, context, targets, failed);
    throwCollected(failed);
    return 0;
  },
});

/** Adds what fails to `failed`, except what the caller does not want to hear. */
async function collectFailures(
  flags: Call<GetFlags>['flags'],
  failed: unknown[],
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (flags['ignore-not-found'] && isApiError(error, 'NotFound')) return;
    if (!isApiError(error)) throw error;
    failed.push(error);
  }
}

async function printObjects(
  call: Call<GetFlags>,
  context: Context,
  targets: readonly Target[],
  failed: unknown[],
): Promise<void> {
  const { flags: given } = call;
  const printer = await objectPrinter({
    flags: given,
    templateGiven: call.changed.has('template'),
    cwd: context.cwd,
  });
  const found: JsonObject[] = [];
  for (const target of targets) {
    await collectFailures(given, failed, async () => {
      const infos = await fetchAny(call, context, target);
      found.push(...infos.map((info) => info.object));
    });
  }
  const single = targets.length === 1 && targets[0]?.kind !== 'collection';
  if (single && found.length === 0) return;
  if (failed.length > 0 && found.length === 0 && targets.every((target) => target.kind !== 'collection')) {
    return;
  }
  const sorted = await sortObjects(found, given['sort-by']);
  const [first] = sorted;
  const { format } = splitFormat(given, call.changed.has('template'));
  const whole = single && first !== undefined ? first : listOf(sorted);
  context.out.write(format === 'name' ? namesOf(whole) : printer(whole));
}

async function fetchAny(call: Call<GetFlags>, context: Context, target: Target): Promise<Info[]> {
  const { api } = await context.session();
  const { subresource } = call.flags;
  if (subresource !== '' && target.kind !== 'collection') {
    const { resource, namespace, name } = target;
    const object = await api.get({ resource, namespace, name, subresource });
    return [{ resource, namespace, name, object, source: '' }];
  }
  return fetchTarget(api, target, {}, call.flags['chunk-size']);
}

async function sortObjects(found: readonly JsonObject[], sortBy: string): Promise<JsonObject[]> {
  if (sortBy === '') return [...found];
  const { sortByPath } = await import('../printers/sort-by.ts');
  return sortByPath(found, sortBy, (object) => object);
}

function missingType(context: Context): Failure {
  const name = context.program;
  context.err.write(
    `You must specify the type of resource to get. Use "${name} api-resources" for a complete list of supported resources.\n\n`,
  );
  return new UsageFailure(
    `Required resource not specified.\nUse "${name} explain <resource>" for a detailed description of that resource (e.g. ${name} explain pods).`,
  );
}

async function getRaw(call: Call<GetFlags>, context: Context): Promise<number> {
  const { flags: given, args } = call;
  if (given.output !== '') throw new Failure('--raw and --output are mutually exclusive');
  if (args.length > 0) throw new Failure('arguments may not be passed when --raw is specified');
  const filters =
    given.watch ||
    given['watch-only'] ||
    given.selector !== '' ||
    given['field-selector'] !== '' ||
    given['sort-by'] !== '';
  if (given.filename.length > 0 || filters || given['show-labels'] || given['label-columns'].length > 0)
    throw new Failure('--raw may not be specified with other flags that filter the server request or alter the output');
  checkRawPath(given.raw);
  return sendRaw({ method: 'GET', path: given.raw }, context);
}
