// The tables of `get`: rows of one resource are aligned together, resources are divided by an empty line, and custom
// columns are tables of our own making.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JsonObject } from '../../api/schema/json.ts';
import type { Call, Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { object, objects } from '../objects/access.ts';
import {
  customCells,
  parseCustomColumns,
  parseCustomColumnsFile,
  type CustomColumn,
} from '../printers/custom-columns.ts';
import { alignCells } from '../printers/tab-writer.ts';
import { isTable, plainTable, tableHeader, tableRows, type TableOptions } from '../printers/table.ts';
import { fetchTarget, listCollection } from '../resources/infos.ts';
import type { Target } from '../resources/targets.ts';
import { TABLE_ACCEPT } from '../rest/api.ts';
import { groupKind, type ApiResource } from '../rest/resources.ts';
import { humanDuration } from '../../api/meta/duration.ts';
import type { GetFlags } from './get.ts';

type Fetched =
  | { readonly resource: ApiResource; readonly table: JsonObject }
  | { readonly resource: ApiResource; readonly objects: readonly JsonObject[] };

export class TablePrinter {
  readonly #call: Call<GetFlags>;
  readonly #context: Context;
  readonly #options: Omit<TableOptions, 'kindPrefix' | 'withNamespace'>;
  readonly #custom: readonly CustomColumn[] | undefined;
  #withKind: boolean;
  readonly #allNamespaced: boolean;
  #last: ApiResource | undefined;
  #pending: string[][] = [];
  #wroteAny = false;

  private constructor(
    call: Call<GetFlags>,
    context: Context,
    targets: readonly Target[],
    custom: readonly CustomColumn[] | undefined,
  ) {
    this.#call = call;
    this.#context = context;
    this.#custom = custom;
    this.#options = {
      wide: call.flags.output === 'wide',
      showLabels: call.flags['show-labels'],
      labelColumns: call.flags['label-columns'],
    };
    const kinds = new Set(targets.map((target) => `${target.resource.group}/${target.resource.kind}`));
    this.#withKind = call.flags['show-kind'] || kinds.size > 1;
    this.#allNamespaced = targets.every((target) => target.resource.namespaced);
  }

  static async open(
    call: Call<GetFlags>,
    context: Context,
    targets: readonly Target[],
    output: { format: string; template: string },
  ): Promise<TablePrinter> {
    return new TablePrinter(call, context, targets, await customColumns(context, output));
  }

  /** What a target names; rejects with ApiError. */
  async fetch(target: Target): Promise<Fetched> {
    const { resource } = target;
    if (this.#custom === undefined) return { resource, table: await this.#fetchTable(target) };
    const { api } = await this.#context.session();
    const infos = await fetchTarget(api, target, {}, this.#call.flags['chunk-size']);
    return { resource, objects: await this.#sortedObjects(infos.map((info) => info.object)) };
  }

  /** Adds all that was found. Names tell their kind only when there is more than one among what was found. */
  async show(found: readonly Fetched[]): Promise<void> {
    const kinds = new Set(found.map(({ resource }) => `${resource.group}/${resource.kind}`));
    this.#withKind = this.#call.flags['show-kind'] || kinds.size > 1;
    for (const item of await this.#sorted(found)) {
      if ('table' in item) this.addTable(item.resource, item.table);
      else this.addObjects(item.resource, item.objects);
    }
  }

  /** kubectl sorts the rows of a table that is alone; several tables it takes for the things to sort. */
  async #sorted(found: readonly Fetched[]): Promise<readonly Fetched[]> {
    const by = this.#call.flags['sort-by'];
    if (by === '') return found;
    const { SortFieldError, sortByPath } = await import('../printers/sort-by.ts');
    const tables = found.filter((item) => 'table' in item);
    if (tables.length > 1) return sortByPath(tables, by, ({ table }) => table);
    return found.map((item) => {
      if (!('table' in item)) return item;
      try {
        const rows = sortByPath(objects(item.table, 'rows'), by, (row) => object(row, 'object'));
        return { ...item, table: { ...item.table, rows } };
      } catch (error) {
        // kubectl shows no rows at all when nothing has the field that tables are sorted by.
        if (error instanceof SortFieldError) return { ...item, table: { ...item.table, rows: [] } };
        throw error;
      }
    });
  }

  async #sortedObjects(found: JsonObject[]): Promise<JsonObject[]> {
    const by = this.#call.flags['sort-by'];
    if (by === '') return found;
    const { sortByPath } = await import('../printers/sort-by.ts');
    return sortByPath(found, by, (item) => item);
  }

  async #fetchTable(target: Target): Promise<JsonObject> {
    const { api } = await this.#context.session();
    const sortBy = this.#call.flags['sort-by'];
    const { subresource } = this.#call.flags;
    const accept = this.#call.flags['server-print'] ? TABLE_ACCEPT : undefined;
    const includeObject = sortBy === '' ? undefined : 'Object';
    const answer =
      target.kind === 'collection'
        ? await listCollection(api, target, { includeObject }, this.#call.flags['chunk-size'], accept)
        : await api.get(
            { resource: target.resource, namespace: target.namespace, name: target.name, subresource },
            { includeObject },
            accept,
          );
    return isTable(answer) ? answer : plainTable(answer, (time) => this.#age(time));
  }

  addTable(resource: ApiResource, table: JsonObject): void {
    const options: TableOptions = {
      ...this.#options,
      withNamespace: this.#call.flags['all-namespaces'] && resource.namespaced,
      ...(this.#withKind && { kindPrefix: groupKind(resource) }),
    };
    const rows = tableRows(table, options);
    if (rows.length === 0) return;
    this.#add(resource, tableHeader(table, options), rows);
  }

  addObjects(resource: ApiResource, found: readonly JsonObject[]): void {
    const columns = this.#custom ?? [];
    if (found.length === 0) return;
    this.#add(
      undefined,
      columns.map((column) => column.header),
      found.map((item) => customCells(columns, item)),
    );
    this.#last = resource;
  }

  #add(resource: ApiResource | undefined, header: string[], rows: string[][]): void {
    const same = resource === undefined ? this.#wroteAny || this.#pending.length > 0 : this.#last === resource;
    if (!same) {
      this.flush();
      if (this.#wroteAny && !this.#call.flags['no-headers']) this.#context.out.write('\n');
      if (!this.#call.flags['no-headers']) this.#pending.push(header);
    }
    this.#last = resource ?? this.#last;
    this.#pending.push(...rows);
  }

  /** Writes what is there, keeping the alignment of what comes when `widths` is given. */
  flush(widths?: number[]): void {
    if (this.#pending.length === 0) return;
    this.#context.out.write(alignCells(this.#pending, undefined, widths));
    this.#pending = [];
    this.#wroteAny = true;
  }

  /** Writes the rest; says so when there was nothing. */
  async finish(hadFailures: boolean): Promise<void> {
    this.flush();
    if (this.#wroteAny || hadFailures || this.#call.flags['ignore-not-found']) return;
    const { namespace } = await this.#context.session();
    this.#context.err.write(
      this.#allNamespaced && !this.#call.flags['all-namespaces']
        ? `No resources found in ${namespace} namespace.\n`
        : 'No resources found\n',
    );
  }

  #age(time: string): string {
    return time === '' ? '<unknown>' : humanDuration(this.#context.clock.now() - Date.parse(time));
  }
}

async function customColumns(
  context: Context,
  output: { format: string; template: string },
): Promise<CustomColumn[] | undefined> {
  if (output.format === 'custom-columns') return parseCustomColumns(output.template);
  if (output.format !== 'custom-columns-file') return undefined;
  if (output.template === '') throw new Failure('custom-columns format specified but no custom columns given');
  try {
    return parseCustomColumnsFile(await readFile(resolve(context.cwd, output.template), 'utf8'));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(`error reading template ${output.template}, open ${output.template}: no such file or directory`, {
      cause,
    });
  }
}
