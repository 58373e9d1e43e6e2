// `edit`: lets the user change live objects in an editor, and sends what was changed. A refused edit comes back with the
// reasons on top until it is accepted or given up.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { refreshLastApplied, twoWayPatch } from '../apply/last-applied.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, messageOf } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { fieldManagerFlag, filenameFlags, outputFlags, validateFlag } from '../cli/shared-flags.ts';
import { isObject, nameOf, objects } from '../objects/access.ts';
import { listOf, objectPrinter, unknownFormat, withoutManagedFields } from '../printers/output.ts';
import { toPrettyJson } from '../printers/json.ts';
import { toYaml } from '../../api/schema/encode-yaml.ts';
import { liveInfos, type Info } from '../resources/infos.ts';
import { groupResource } from '../rest/resources.ts';
import { parseYamlValue } from '../resources/manifest-text.ts';

const INTRODUCTION = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

export const edit = command({
  summary: 'Edit a resource from the default editor',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  notes: 'The editor is KUBE_EDITOR, EDITOR or vi.',
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...validateFlag,
    ...fieldManagerFlag('kubectl-edit'),
    'output-patch': boolFlag('Output the patch if the resource is edited.'),
    'save-config': boolFlag('Accepted for compatibility.', { hidden: true }),
    subresource: stringFlag('Edit this subresource of the object.'),
    'windows-line-endings': boolFlag('Accepted for compatibility.', { hidden: true }),
  },
  async run(call, context) {
    const { flags } = call;
    const { infos, failures } = await liveInfos(
      { args: call.args, filenames: flags.filename, recursive: flags.recursive },
      context,
    );
    if (failures.length > 0) throw failures[0];
    if (!['', 'json', 'yaml', 'kyaml'].includes(flags.output))
      throw unknownFormat(flags.output, ['json', 'kyaml', 'yaml']);
    const asJson = flags.output === 'json';
    const originals = infos.map((info) => withoutManagedFields(info.object));
    const whole = originals.length === 1 ? (originals[0] ?? {}) : listOf(originals);
    const original = asJson ? toPrettyJson(whole) : toYaml(whole);
    const directory = await mkdtemp(join(tmpdir(), `${context.program}-edit-`));
    const path = join(directory, `edit.${asJson ? 'json' : 'yaml'}`);
    try {
      let content = original;
      let problem = '';
      for (;;) {
        await writeFile(path, INTRODUCTION + problem + content, { mode: 0o600 });
        await openEditor(path, context);
        const edited = stripComments(await readFile(path, 'utf8'));
        if (edited.trim() === '') return cancelled('Edit cancelled, saved file was empty.', context);
        if (edited === original || edited.trimEnd() === original.trimEnd())
          return cancelled('Edit cancelled, no changes made.', context);
        if (problem !== '' && edited === content) {
          await keepCopy(directory, edited, asJson, context);
          throw new Failure('Edit cancelled, no valid changes were saved.');
        }
        content = edited;
        if (!sameObjects(infos, edited)) {
          await keepCopy(directory, edited, asJson, context);
          throw new Failure('At least one of apiVersion, kind and name was changed');
        }
        let fault: string | undefined;
        try {
          fault = await submit(infos, edited, call, context);
        } catch (error) {
          if (!context.signal.aborted) await keepCopy(directory, edited, asJson, context);
          throw error;
        }
        if (fault === undefined) return 0;
        problem = `${fault
          .split('\n')
          .map((line) => `# ${line}`)
          .join('\n')}\n#\n`;
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
});

/** Beside the directory that goes away with us. */
async function keepCopy(directory: string, content: string, asJson: boolean, context: Context): Promise<void> {
  const copy = `${directory}.${asJson ? 'json' : 'yaml'}`;
  await writeFile(copy, content, { mode: 0o600 });
  context.err.write(`A copy of your changes has been stored to ${JSON.stringify(copy)}\n`);
}

function cancelled(sentence: string, context: Context): number {
  context.err.write(`${sentence}\n`);
  return 0;
}

function stripComments(content: string): string {
  const lines = content.split('\n');
  const first = lines.findIndex((line) => !line.startsWith('#'));
  return first < 0 ? '' : lines.slice(first).join('\n');
}

async function openEditor(path: string, context: Context): Promise<void> {
  const editor = context.env['KUBE_EDITOR'] || context.env['EDITOR'] || 'vi';
  // As kubectl: through a shell, so that the variable may hold options.
  const code = await context.programs.run('/bin/sh', ['-c', `${editor} "${path}"`], {});
  if (code !== 0) throw new Failure(`there was a problem with the editor ${JSON.stringify(editor)}`);
}

function itemsOf(edited: string): readonly JsonObject[] {
  const parsed = parseYamlValue(edited);
  if (!isObject(parsed)) return [];
  return Array.isArray(parsed['items']) ? objects(parsed, 'items') : [parsed];
}

const isSame = (item: JsonObject, before: JsonObject) =>
  nameOf(item) === nameOf(before) && item['kind'] === before['kind'] && item['apiVersion'] === before['apiVersion'];

/** Whether what was edited are still the objects that were given; what cannot be read is not judged here. */
function sameObjects(infos: readonly Info[], edited: string): boolean {
  let items: readonly JsonObject[];
  try {
    items = itemsOf(edited);
  } catch {
    return true; // submit says what is wrong with it
  }
  return items.every((item) => infos.some((info) => isSame(item, info.object)));
}

/** Sends every changed object; undefined when all were accepted, else what was said against it. */
async function submit(
  infos: readonly Info[],
  edited: string,
  call: {
    flags: { 'field-manager': string; subresource: string; 'output-patch': boolean };
    changed: ReadonlySet<string>;
  },
  context: Context,
): Promise<string | undefined> {
  let items: readonly JsonObject[];
  try {
    items = itemsOf(edited);
  } catch (error) {
    return `The edited file had a syntax error: ${messageOf(error)}`;
  }
  const { api } = await context.session();
  for (const info of infos) {
    const before = withoutManagedFields(info.object);
    const after = items.find((item) => isSame(item, before));
    if (after === undefined || isDeepStrictEqual(before, after)) {
      context.err.write(`${info.resource.singular}/${info.name} skipped\n`);
      continue;
    }
    const { type, patch } = twoWayPatch(before, refreshLastApplied(before, after));
    if (call.flags['output-patch']) context.out.write(`Patch: ${JSON.stringify(patch)}\n`);
    try {
      const answer = await api.patch(
        { resource: info.resource, namespace: info.namespace, name: info.name, subresource: call.flags.subresource },
        type,
        patch,
        { fieldManager: call.flags['field-manager'] },
      );
      const print = await objectPrinter({
        flags: { output: '', template: '', 'allow-missing-template-keys': true, 'show-managed-fields': false },
        templateGiven: false,
        cwd: context.cwd,
        operation: 'edited',
      });
      context.out.write(print(answer));
    } catch (error) {
      if (!isApiError(error)) throw error;
      const named = `${groupResource(info.resource)} ${JSON.stringify(info.name)}`;
      if (error.reason === 'NotFound') throw new Failure(`${named} could not be found on the server`, { cause: error });
      if (error.reason !== 'Invalid')
        throw new Failure(`${named} could not be patched: ${error.message}`, { cause: error });
      context.err.write(`error: ${named} is invalid\n`);
      const causes = (error.status.details?.causes ?? []).map(
        (cause) => `* ${cause.field ?? ''}: ${cause.message ?? ''}`,
      );
      return `${named} was not valid:\n${causes.length > 0 ? causes.join('\n') : `* ${error.message}`}`;
    }
  }
  return undefined;
}
