// `get -w`: one resource, first what is there, then every change as it comes, in the format that was asked for.
import type { JsonObject } from '../../api/schema/json.ts';
import { ApiError } from '../../api/meta/status.ts';
import { isStatus } from '../../client/response-error.ts';
import type { Call, Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { asJson, isObject, object, objects, parseJson, text } from '../objects/access.ts';
import { customCells, parseCustomColumns } from '../printers/custom-columns.ts';
import { namesOf, objectPrinter, splitFormat } from '../printers/output.ts';
import { alignCells } from '../printers/tab-writer.ts';
import { isTable, plainTable, tableHeader, tableRows, type TableOptions } from '../printers/table.ts';
import { withType } from '../resources/infos.ts';
import { readTargets, type Target } from '../resources/targets.ts';
import { pathOf, TABLE_ACCEPT, type Place, type Query } from '../rest/api.ts';
import { apiVersionOf } from '../rest/resources.ts';
import { requestTimeout } from '../rest/session.ts';
import { humanDuration } from '../../api/meta/duration.ts';
import type { GetFlags } from './get.ts';

interface Event {
  readonly type: string;
  readonly object: unknown;
}

export async function watchObjects(call: Call<GetFlags>, context: Context): Promise<number> {
  const { flags } = call;
  const { targets, failures } = await readTargets(
    {
      args: call.args,
      filenames: flags.filename,
      recursive: flags.recursive,
      labelSelector: flags.selector,
      fieldSelector: flags['field-selector'],
      allNamespaces: flags['all-namespaces'],
      bareTypeMeansAll: true,
    },
    context,
  );
  if (failures.length > 0) throw failures[0];
  const [target, another] = targets;
  if (target === undefined) throw new UsageFailure('no resource was given');
  if (another !== undefined)
    throw new UsageFailure(
      target.kind === 'named' && another.kind === 'named' && target.resource === another.resource
        ? 'watch is only supported on individual resources and resource collections - more than 1 resource was found'
        : 'you may only specify a single resource type',
    );
  const { api } = await context.session();
  const { format } = splitFormat(flags, call.changed.has('template'));
  const asTable = format === '' || format === 'wide';
  const place: Place = { resource: target.resource, namespace: target.namespace, name: '' };
  const query = selectionOf(target);
  const show = await watchPrinter(call, context, target);
  const accept = asTable ? TABLE_ACCEPT : undefined;
  const before =
    target.kind === 'collection'
      ? await api.list(place, query, flags['chunk-size'], accept)
      : await api.get({ ...place, name: target.name }, {}, accept);
  if (!flags['watch-only']) {
    if (asTable || target.kind !== 'collection') show('ADDED', before);
    else for (const item of objects(before, 'items')) show('ADDED', withType(item, target.resource));
  }
  const resourceVersion = text(before, 'metadata', 'resourceVersion');
  const path = pathOf(place, { ...query, watch: true, resourceVersion });
  // A watch is a request too: with --request-timeout it ends after that, and that is no failure.
  const limit = requestTimeout(context.globals['request-timeout']);
  const ended = new AbortController();
  using _timer =
    limit === undefined ? { [Symbol.dispose]: () => undefined } : context.clock.schedule(limit, () => ended.abort());
  const signal = AbortSignal.any([context.signal, ended.signal]);
  try {
    const events: AsyncIterable<Event> = asTable
      ? lines(await api.transport.stream({ method: 'GET', path, accept: TABLE_ACCEPT }, signal))
      : await api.transport.watch(path, signal);
    for await (const event of events) {
      if (event.type === 'ERROR')
        throw isStatus(event.object) ? ApiError.from(event.object) : new Failure('the watch ended with an error');
      const changed = asJson(event.object);
      if (event.type !== 'BOOKMARK' && isObject(changed)) show(event.type, changed);
    }
  } catch (error) {
    if (!ended.signal.aborted || context.signal.aborted) throw error;
  }
  return 0;
}

function selectionOf(target: Target): Query {
  if (target.kind === 'collection') return { labelSelector: target.labelSelector, fieldSelector: target.fieldSelector };
  return { fieldSelector: `metadata.name=${target.name}` };
}

/** One watch event a line. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Event> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of chunks) {
    pending += decoder.decode(chunk, { stream: true });
    const complete = pending.split('\n');
    pending = complete.pop() ?? '';
    for (const line of complete) {
      if (line.trim() === '') continue;
      const event = parseJson(line);
      yield { type: text(event, 'type'), object: object(event, 'object') };
    }
  }
}

async function watchPrinter(
  call: Call<GetFlags>,
  context: Context,
  target: Target,
): Promise<(type: string, changed: JsonObject) => void> {
  const { flags } = call;
  const { format, template } = splitFormat(flags, call.changed.has('template'));
  const withEvents = flags['output-watch-events'];
  const widths: number[] = [];
  let headed = flags['no-headers'];
  const table = (header: string[], rows: string[][], type: string) => {
    const shown = withEvents ? rows.map((row) => [type, ...row]) : rows;
    if (shown.length === 0) return;
    const all = headed ? shown : [withEvents ? ['EVENT', ...header] : header, ...shown];
    headed = true;
    context.out.write(alignCells(all, undefined, widths));
  };
  if (format === '' || format === 'wide') {
    const options: TableOptions = {
      wide: format === 'wide',
      withNamespace: flags['all-namespaces'] && target.resource.namespaced,
      showLabels: flags['show-labels'],
      labelColumns: flags['label-columns'],
      ...(flags['show-kind'] && { kindPrefix: target.resource.kind.toLowerCase() }),
    };
    let columns: JsonObject['x'] | undefined;
    return (type, changed) => {
      const age = (time: string) => humanDuration(context.clock.now() - Date.parse(time));
      const answer = isTable(changed) ? changed : plainTable(changed, age);
      // Only the first table of a watch says what its columns are.
      if (objects(answer, 'columnDefinitions').length > 0) columns = answer['columnDefinitions'];
      const whole: JsonObject = { ...answer, ...(columns !== undefined && { columnDefinitions: columns }) };
      table(tableHeader(whole, options), tableRows(whole, options), type);
    };
  }
  if (format === 'custom-columns') {
    const columns = parseCustomColumns(template);
    const header = columns.map((column) => column.header);
    return (type, changed) => table(header, [customCells(columns, changed)], type);
  }
  if (format === 'name') return (_, changed) => context.out.write(namesOf(changed));
  const print = await objectPrinter({ flags, templateGiven: call.changed.has('template'), cwd: context.cwd });
  return (type, changed) =>
    context.out.write(
      print(withEvents ? { type, object: { apiVersion: apiVersionOf(target.resource), ...changed } } : changed),
    );
}
