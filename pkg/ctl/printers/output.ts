// `-o`: which printer an output format means, for commands that print objects. Formats and sentences are kubectl's.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { Failure, messageOf, PrintFailure } from '../cli/failure.ts';
import { isObject, objects, text } from '../objects/access.ts';
import type { Template } from './go-template/nodes.ts';
import { goQuoted } from './go-template/quote.ts';
import { toCompactJson, toPrettyJson } from './json.ts';

/** Prints one object; whatever stands between several is its business. */
export type ObjectPrinter = (object: JsonObject) => string;

export interface OutputFlags {
  readonly output: string;
  readonly template: string;
  readonly 'allow-missing-template-keys': boolean;
  readonly 'show-managed-fields': boolean;
}

export interface OutputChoice {
  readonly flags: OutputFlags;
  readonly templateGiven: boolean;
  readonly cwd: string;
  /** Behind the name of what was done: `created`, `configured`; for `-o name` and for no format. */
  readonly operation?: string;
  /** ` (dry run)`, ` (server dry run)` or nothing. */
  readonly dryRunSuffix?: string;
  /** Whether objects come from the server, whose key order is alphabetical when kubectl prints them. */
  readonly sorted?: boolean;
}

export const OBJECT_FORMATS = [
  'json',
  'yaml',
  'kyaml',
  'name',
  'go-template',
  'go-template-file',
  'template',
  'templatefile',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
];

/** `jsonpath={.a}` taken apart. The template may also come from --template. */
export function splitFormat(flags: OutputFlags, templateGiven: boolean): { format: string; template: string } {
  const { output } = flags;
  for (const name of [
    'jsonpath-as-json',
    'jsonpath-file',
    'jsonpath',
    'go-template-file',
    'go-template',
    'templatefile',
    'template',
    'custom-columns-file',
    'custom-columns',
  ])
    if (output.startsWith(`${name}=`)) return { format: name, template: output.slice(name.length + 1) };
  if (output === '' && templateGiven && flags.template !== '')
    return { format: 'go-template', template: flags.template };
  return { format: output, template: flags.template };
}

/** Throws Failure for a format that is none. */
export async function objectPrinter(choice: OutputChoice): Promise<ObjectPrinter> {
  const { flags } = choice;
  const { format, template } = splitFormat(flags, choice.templateGiven);
  const bare = (object: JsonObject) => (flags['show-managed-fields'] ? object : withoutManagedFields(object));
  const operation = choice.operation ?? '';
  const suffix = operation === '' ? '' : ` ${operation}${choice.dryRunSuffix ?? ''}`;
  switch (format) {
    case '':
      return (object) => `${qualifiedName(object)}${suffix}\n`;
    case 'name':
      return (object) => `${qualifiedName(object)}\n`;
    case 'json':
      return (object) => toPrettyJson(bare(object), choice.sorted ?? true);
    case 'yaml': {
      const { toYaml } = await import('../../api/schema/encode-yaml.ts');
      let printed = 0;
      return (object) => `${printed++ > 0 ? '---\n' : ''}${toYaml(bare(object))}`;
    }
    case 'kyaml': {
      const { toKyaml } = await import('./kyaml.ts');
      return (object) => toKyaml(bare(object), choice.sorted ?? true);
    }
    case 'jsonpath':
    case 'jsonpath-as-json':
    case 'jsonpath-file':
      return jsonPathPrinter(format, template, flags, choice.cwd);
    case 'go-template':
    case 'template':
    case 'go-template-file':
    case 'templatefile':
      return goTemplatePrinter(format, template, flags, choice.cwd);
    default:
      throw unknownFormat(flags.output, OBJECT_FORMATS);
  }
}

export function unknownFormat(output: string, formats: readonly string[]): Failure {
  return new Failure(
    `unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: ${[...formats].sort().join(',')}`,
  );
}

async function jsonPathPrinter(
  format: string,
  template: string,
  flags: OutputFlags,
  cwd: string,
): Promise<ObjectPrinter> {
  const [{ parseJsonPath }, { goSyntax, renderJsonPath }] = await Promise.all([
    import('./jsonpath/parse.ts'),
    import('./jsonpath/evaluate.ts'),
  ]);
  if (template === '') throw new Failure(`template format specified but no template given`);
  const source = format === 'jsonpath-file' ? await readTemplate(template, cwd) : template;
  let parsed;
  try {
    parsed = parseJsonPath(source);
  } catch (cause) {
    throw new Failure(`error parsing jsonpath ${source}, ${messageOf(cause)}`, { cause });
  }
  const path = parsed;
  return (object) => {
    try {
      return renderJsonPath(path, object, {
        allowMissing: flags['allow-missing-template-keys'],
        asJson: format === 'jsonpath-as-json',
      });
    } catch (cause) {
      throw new Failure(
        `error executing jsonpath ${JSON.stringify(source)}: Error executing template: ${messageOf(cause)}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${source}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(object)}\n\n\n`,
        { cause },
      );
    }
  };
}

async function goTemplatePrinter(
  format: string,
  template: string,
  flags: OutputFlags,
  cwd: string,
): Promise<ObjectPrinter> {
  if (template === '') throw new Failure('template format specified but no template given');
  const [
    { parseTemplate, TemplateSyntaxError },
    { executeTemplate, TemplateExecutionError },
    { FUNCTIONS },
    { goText },
  ] = await Promise.all([
    import('./go-template/parse.ts'),
    import('./go-template/evaluate.ts'),
    import('./go-template/functions.ts'),
    import('./go-template/values.ts'),
  ]);
  const source = format.endsWith('file') ? await readTemplate(template, cwd) : template;
  let parsed: Template;
  try {
    parsed = parseTemplate(source, new Set(Object.keys(FUNCTIONS)));
  } catch (cause) {
    if (!(cause instanceof TemplateSyntaxError)) throw cause;
    throw new Failure(`error parsing template ${source}, ${cause.message}`, { cause });
  }
  return (object) => {
    let printed = '';
    try {
      executeTemplate(parsed, object, {
        allowMissing: flags['allow-missing-template-keys'],
        write: (text) => {
          printed += text;
        },
      });
    } catch (cause) {
      if (!(cause instanceof TemplateExecutionError)) throw cause;
      throw new PrintFailure(
        `error executing template ${goQuoted(source)}: ${cause.message}`,
        `${printed}Error executing template: ${cause.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${source}\n\traw data was:\n\t\t${toCompactJson(object)}\n\tobject given to template engine was:\n\t\t${goText(object)}\n\n`,
        { cause },
      );
    }
    return printed;
  };
}

async function readTemplate(path: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, path), 'utf8');
  } catch (cause) {
    throw new Failure(`error reading --template ${path}, open ${path}: no such file or directory\n`, { cause });
  }
}

/** `deployment.apps/x`: from the object itself. */
export function qualifiedName(object: JsonObject): string {
  const apiVersion = text(object, 'apiVersion');
  const kind = text(object, 'kind').toLowerCase();
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const name = text(object, 'metadata', 'name') || '<unknown>';
  return `${group === '' ? kind : `${kind}.${group}`}/${name}`;
}

/** What `-o name` prints: lists item by item. */
export function namesOf(object: JsonObject): string {
  if (text(object, 'kind').endsWith('List') && Array.isArray(object['items']))
    return objects(object, 'items')
      .map((item) => `${qualifiedName(item)}\n`)
      .join('');
  return `${qualifiedName(object)}\n`;
}

export function withoutManagedFields(object: JsonObject): JsonObject {
  const strip = (item: Json): Json => {
    if (!isObject(item) || !isObject(item['metadata']) || item['metadata']['managedFields'] === undefined) return item;
    const { managedFields: _, ...metadata } = item['metadata'];
    return { ...item, metadata };
  };
  const stripped = strip(object);
  if (!isObject(stripped)) return object;
  return Array.isArray(stripped['items']) ? { ...stripped, items: stripped['items'].map(strip) } : stripped;
}

/** A list of kubectl's own making. */
export function listOf(items: readonly JsonObject[]): JsonObject {
  return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: [...items] };
}
