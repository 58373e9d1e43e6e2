// `events`: what has happened, oldest first.
import type { JsonObject } from '../../api/schema/json.ts';
import { ApiError } from '../../api/meta/status.ts';
import { isStatus } from '../../client/response-error.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, intFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { allNamespacesFlag, outputFlags } from '../cli/shared-flags.ts';
import { intervalText, lastSeen } from '../describe/events.ts';
import { asJson, isObject, namespaceOf, objects, text } from '../objects/access.ts';
import { listOf, objectPrinter } from '../printers/output.ts';
import { alignCells } from '../printers/tab-writer.ts';
import { withType } from '../resources/infos.ts';

export const events = command({
  summary: 'Display events',
  usage: '[(-o|--output=)json|yaml|name|jsonpath] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]',
  examples: ['events', 'events -A', 'events --for pod/web --watch', 'events --types=Warning'],
  flags: {
    ...outputFlags,
    ...allNamespacesFlag,
    'chunk-size': intFlag('Ask for large lists in chunks of this many.', { default: 500 }),
    for: stringFlag('Only events about this resource, TYPE/NAME.'),
    'no-headers': boolFlag("Don't print headers."),
    types: listFlag('Only events of these types.'),
    watch: boolFlag('After listing, watch for more.', { short: 'w' }),
  },
  async run(call, context) {
    const { flags } = call;
    for (const type of flags.types)
      if (!['normal', 'warning'].includes(type.toLowerCase())) throw new Failure('valid --types are Normal or Warning');
    if (flags.for !== '' && !flags.for.includes('/')) throw new Failure('--for must be in resource/name form');
    const print =
      flags.output === ''
        ? undefined
        : await objectPrinter({ flags, templateGiven: call.changed.has('template'), cwd: context.cwd });
    const { api, namespace } = await context.session();
    const resources = await api.resources();
    const resource = resources.require('events');
    const place = { resource, namespace: flags['all-namespaces'] ? '' : namespace, name: '' };
    const about = await selectorFor(flags.for, context);
    const answer = await api.list(place, { fieldSelector: about }, flags['chunk-size']);
    const wanted = (event: JsonObject) =>
      flags.types.length === 0 || flags.types.some((type) => type.toLowerCase() === text(event, 'type').toLowerCase());
    const found = objects(answer, 'items')
      .map((item) => withType(item, resource))
      .filter(wanted)
      .sort((left, right) => lastSeen(left) - lastSeen(right));
    if (print !== undefined) {
      context.out.write(flags.output === 'name' ? found.map(print).join('') : print(listOf(found)));
      return 0;
    }
    if (found.length === 0 && !flags.watch) {
      context.err.write(
        flags['all-namespaces'] ? 'No events found.\n' : `No events found in ${namespace} namespace.\n`,
      );
      return 0;
    }
    const widths: number[] = [];
    const rows = found.map((event) => row(event, flags['all-namespaces'], context));
    const header = [
      ...(flags['all-namespaces'] ? ['NAMESPACE'] : []),
      'LAST SEEN',
      'TYPE',
      'REASON',
      'OBJECT',
      'MESSAGE',
    ];
    let headed = flags['no-headers'];
    /** The header comes with the first event. */
    const show = (lines: string[][]) => {
      if (lines.length > 0) context.out.write(alignCells(headed ? lines : [header, ...lines], undefined, widths));
      headed ||= lines.length > 0;
    };
    show(rows);
    if (!flags.watch) return 0;
    const stream = await api.watch(place, {
      fieldSelector: about,
      resourceVersion: text(answer, 'metadata', 'resourceVersion'),
    });
    for await (const change of stream) {
      if (change.type === 'ERROR')
        throw isStatus(change.object) ? ApiError.from(change.object) : new Failure('the watch ended with an error');
      const event = asJson(change.object);
      if (change.type === 'BOOKMARK' || change.type === 'DELETED' || !isObject(event) || !wanted(event)) continue;
      show([row(event, flags['all-namespaces'], context)]);
    }
    return 0;
  },
});

async function selectorFor(about: string, context: Context): Promise<string> {
  if (about === '') return '';
  const [type = '', name = '', more] = about.split('/');
  if (name === '' || more !== undefined) throw new Failure('--for must be in resource/name form');
  const { api } = await context.session();
  const resource = (await api.resources()).require(type);
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return `involvedObject.apiVersion=${apiVersion},involvedObject.kind=${resource.kind},involvedObject.name=${name}`;
}

function row(event: JsonObject, withNamespace: boolean, context: Context): string[] {
  const about = `${text(event, 'involvedObject', 'kind')}/${text(event, 'involvedObject', 'name')}`;
  return [
    ...(withNamespace ? [namespaceOf(event)] : []),
    intervalText(event, context.clock.now()),
    text(event, 'type'),
    text(event, 'reason'),
    about,
    text(event, 'message').trim(),
  ];
}
