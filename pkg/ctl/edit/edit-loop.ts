// The loop behind `edit`, `create --edit` and `apply edit-last-applied`: objects go into a file, the user's editor changes
// it, and what came of it is handed on. A refused edit comes back with the reasons on top until it is accepted or given up.
// Whatever could not be used stays on disk, and the user is told where.
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import type { Context } from '../cli/command.ts';
import { Failure, messageOf, PlainFailure, throwCollected } from '../cli/failure.ts';
import { readValidation } from '../cli/shared-flags.ts';
import { isObject, nameOf, namespaceOf, objects, text } from '../objects/access.ts';
import { unknownFormat, withoutManagedFields } from '../printers/output.ts';
import { toPrettyJson } from '../printers/json.ts';
import { parseYamlValue } from '../resources/manifest-text.ts';
import { liveInfos, type Info } from '../resources/infos.ts';
import { groupResource } from '../rest/resources.ts';

/** Why a file must be edited again; shown on top of it. */
export interface EditReason {
  readonly head: string;
  readonly others: readonly string[];
}

export type EditOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'again'; readonly reasons: readonly EditReason[] }
  /** Nothing to be mended by editing: `advice` names the file that holds the changes. */
  | { readonly kind: 'given up'; readonly advice: (path: string) => string };

export interface EditFlags {
  readonly output: string;
  readonly validate: string;
  /** Whether the file's lines end as on Windows. */
  readonly 'windows-line-endings': boolean;
}

export interface EditRequest {
  /** What is edited: one object, or several as a list. Their objects are shown as they are. */
  readonly infos: readonly Info[];
  /** Comment lines above it; JSON has none. */
  readonly introduction: string;
  readonly flags: EditFlags;
  readonly submit: (edited: readonly JsonObject[]) => Promise<EditOutcome>;
}

/** As much of a command's context as editing needs. */
export type EditContext = Pick<Context, 'program' | 'env' | 'err' | 'programs' | 'session'>;

export const INTRODUCTION = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

/** The live objects that are to be edited, at least one. */
export async function infosToEdit(
  args: readonly string[],
  flags: { readonly filename: readonly string[]; readonly recursive: boolean; readonly kustomize: string },
  context: Context,
): Promise<readonly Info[]> {
  const { filename: filenames, recursive, kustomize } = flags;
  const { infos, failures } = await liveInfos(
    { args, filenames, recursive, kustomize, bareTypeMeansAll: true },
    context,
  );
  throwCollected(failures);
  if (infos.length === 0) throw new Failure('edit cancelled, no objects found');
  return infos;
}

/** The exit code; throws what `submit` throws, after the file was put aside. */
export async function editInEditor(request: EditRequest, context: EditContext): Promise<number> {
  const { output, validate, 'windows-line-endings': windows } = request.flags;
  const asJson = output === 'json';
  const original = await shownText(request);
  let file: EditFile | undefined;
  let content = original;
  let reasons: readonly EditReason[] = [];
  try {
    for (;;) {
      const again = reasons.length > 0;
      const opened = await EditFile.open(`${asJson ? '' : request.introduction + reasonLines(reasons)}${content}`, {
        prefix: `${context.program}-edit-`,
        extension: asJson ? '.json' : '.yaml',
        windows,
      });
      await openEditor(opened, context);
      await file?.remove();
      file = opened;
      const edited = await file.read();
      if (again && sameText(content, edited)) throw new Failure('Edit cancelled, no valid changes were saved.');
      content = withoutComments(edited);
      reasons = readValidation(validate) === 'Ignore' ? [] : faultsOf(edited, request.infos, context);
      if (reasons.length > 0) continue;
      if (sameText(original, edited)) return await cancelled('Edit cancelled, no changes made.', file, context);
      if (content.trim() === '') return await cancelled('Edit cancelled, saved file was empty.', file, context);
      const items = itemsOf(edited);
      await checkNamespaces(items, request.infos, context);
      const outcome = await request.submit(items);
      if (outcome.kind === 'accepted') {
        await file.remove();
        return 0;
      }
      if (outcome.kind === 'given up') {
        context.err.write(`${outcome.advice(file.path)}\n`);
        throw new PlainFailure('');
      }
      reasons = outcome.reasons;
    }
  } catch (error) {
    const told = error instanceof PlainFailure && error.message === '';
    if (!told && file !== undefined)
      context.err.write(`A copy of your changes has been stored to ${JSON.stringify(file.path)}\n`);
    throw error;
  }
}

/** Throws Failure for a format that cannot be edited. */
async function shownText({ infos, flags: { output } }: EditRequest): Promise<string> {
  const shown = infos.map((info) => withoutManagedFields(info.object));
  const whole: JsonObject =
    shown.length === 1 ? (shown[0] ?? {}) : { kind: 'List', apiVersion: 'v1', metadata: {}, items: shown };
  switch (output) {
    case 'json':
      return toPrettyJson(whole);
    case 'kyaml':
      return (await import('../printers/kyaml.ts')).toKyaml(whole);
    case '':
    case 'yaml':
      return (await import('../../api/schema/encode-yaml.ts')).toYaml(whole);
    default:
      throw unknownFormat(output, ['json', 'kyaml', 'yaml']);
  }
}

class EditFile {
  readonly path: string;
  readonly #windows: boolean;

  private constructor(path: string, windows: boolean) {
    this.path = path;
    this.#windows = windows;
  }

  static async open(content: string, how: { prefix: string; extension: string; windows: boolean }): Promise<EditFile> {
    const name = `${how.prefix}${randomBytes(4).readUInt32BE()}${how.extension}`;
    const file = new EditFile(join(tmpdir(), name), how.windows);
    const bytes = how.windows ? content.replaceAll('\n', '\r\n') : content;
    await writeFile(file.path, bytes, { mode: 0o600, flag: 'wx' });
    return file;
  }

  async read(): Promise<string> {
    const content = await readFile(this.path, 'utf8');
    return this.#windows ? content.replaceAll('\r\n', '\n') : content;
  }

  remove(): Promise<void> {
    return rm(this.path, { force: true });
  }
}

async function cancelled(sentence: string, file: EditFile, context: EditContext): Promise<number> {
  await file.remove();
  context.err.write(`${sentence}\n`);
  return 0;
}

/** Takes the file away when the editor fails: nothing was changed in it then. */
async function openEditor(file: EditFile, context: EditContext): Promise<void> {
  const editor = context.env['KUBE_EDITOR'] || context.env['EDITOR'] || 'vi';
  // As kubectl: through a shell, so that the variable may hold options.
  const code = await context.programs.run('/bin/sh', ['-c', `${editor} "${file.path}"`], {});
  if (code === 0) return;
  await file.remove();
  throw new Failure(`there was a problem with the editor ${JSON.stringify(editor)}`);
}

function reasonLines(reasons: readonly EditReason[]): string {
  const commented = (text: string) => text.replaceAll(/\n(?=[^#])/g, '\n# ');
  return reasons
    .map(({ head, others }) => {
      const lines = others.map((other) => `# * ${commented(other)}\n`).join('');
      return `# ${commented(head)}${others.length > 0 ? ':' : ''}\n${lines}#\n`;
    })
    .join('');
}

export function withoutComments(content: string): string {
  return content
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n');
}

/** Whether two texts mean the same, whatever their comments and layout. */
function sameText(left: string, right: string): boolean {
  const values = [left, right].map(valueOrUndefined);
  if (values.includes(undefined)) return withoutComments(left) === withoutComments(right);
  return isDeepStrictEqual(values[0], values[1]);
}

function valueOrUndefined(content: string): Json | undefined {
  try {
    return parseYamlValue(content);
  } catch {
    return undefined; // compared as text then
  }
}

/** What kubectl refuses before anything is sent: a file that is no YAML, or that does not say what it is. */
function faultsOf(edited: string, infos: readonly Info[], context: EditContext): EditReason[] {
  const fault = documentFault(edited);
  const [info] = infos;
  if (fault === undefined || info === undefined) return [];
  const named = `${groupResource(info.resource)} ${JSON.stringify(info.name)}`;
  context.err.write(`error: ${named} is invalid\n`);
  const cause = `<nil>: Invalid value: "The edited file failed validation": ${fault}`;
  return [{ head: `${named} was not valid`, others: [cause] }];
}

function documentFault(edited: string): string | undefined {
  let value: Json;
  try {
    value = parseYamlValue(edited);
  } catch (error) {
    return messageOf(error).replace(/^error converting YAML to JSON: /, '');
  }
  if (!isObject(value)) return 'invalid object to validate';
  const missing = ['apiVersion', 'kind']
    .filter((field) => text(value, field) === '')
    .map((field) => `${field} not set`);
  return missing.length > 1 ? `[${missing.join(', ')}]` : missing[0];
}

function itemsOf(edited: string): readonly JsonObject[] {
  const parsed = parseYamlValue(edited);
  if (!isObject(parsed)) return [];
  return Array.isArray(parsed['items']) ? objects(parsed, 'items') : [parsed];
}

/** Throws Failure when an object was moved to another namespace. */
async function checkNamespaces(
  items: readonly JsonObject[],
  infos: readonly Info[],
  context: EditContext,
): Promise<void> {
  const { namespace } = await context.session();
  for (const item of items) {
    const own = namespaceOf(item);
    const kind = infos.find((info) => info.resource.kind === text(item, 'kind'))?.resource;
    if (own === '' || own === namespace || kind?.namespaced === false) continue;
    throw new Failure(
      `the namespace from the provided object ${JSON.stringify(own)} does not match the namespace ${JSON.stringify(namespace)}. You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
}

export const isSameObject = (item: JsonObject, before: JsonObject) =>
  nameOf(item) === nameOf(before) && item['kind'] === before['kind'] && item['apiVersion'] === before['apiVersion'];
