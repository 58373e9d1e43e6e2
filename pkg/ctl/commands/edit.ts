// `edit`: lets the user change live objects in an editor, and sends what was changed.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { twoWayPatch, withLastApplied } from '../apply/last-applied.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { fieldManagerFlag, filenameFlags, outputFlags, readValidation, validateFlag } from '../cli/shared-flags.ts';
import {
  editInEditor,
  infosToEdit,
  INTRODUCTION,
  isSameObject,
  type EditOutcome,
  type EditReason,
} from '../edit/edit-loop.ts';
import { text } from '../objects/access.ts';
import { objectPrinter, withoutManagedFields, type OutputFlags } from '../printers/output.ts';
import type { Info } from '../resources/infos.ts';
import { groupResource } from '../rest/resources.ts';

const SUBRESOURCES = ['status'];

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
    'save-config': boolFlag('Save the configuration in the object, for a later apply.'),
    subresource: stringFlag('Edit this subresource of the object.'),
    'windows-line-endings': boolFlag('Give the file lines that end as on Windows.'),
  },
  async run(call, context) {
    const { flags } = call;
    const validation = readValidation(flags.validate);
    const infos = await ofSubresource(await infosToEdit(call.args, flags, context), flags.subresource, context);
    const settings: SubmitSettings = {
      flags,
      templateGiven: call.changed.has('template'),
      fieldManager: flags['field-manager'],
      subresource: flags.subresource,
      showPatch: flags['output-patch'],
      saveConfig: flags['save-config'],
      fieldValidation: validation,
    };
    return editInEditor(
      {
        infos,
        introduction: INTRODUCTION,
        flags,
        submit: (edited) => submit(infos, edited, settings, context),
      },
      context,
    );
  },
});

/** The objects as a subresource shows them; throws Failure for one that cannot be edited. */
async function ofSubresource(infos: readonly Info[], subresource: string, context: Context): Promise<readonly Info[]> {
  if (subresource === '') return infos;
  const { api } = await context.session();
  const found = infos.map(async (info) => {
    const place = { resource: info.resource, namespace: info.namespace, name: info.name, subresource };
    return { ...info, object: await api.get(place) };
  });
  const answers = await Promise.all(found);
  if (SUBRESOURCES.includes(subresource)) return answers;
  throw new Failure(
    `invalid subresource value: ${JSON.stringify(subresource)}. Must be one of [${SUBRESOURCES.join(' ')}]`,
  );
}

interface SubmitSettings {
  readonly flags: OutputFlags;
  readonly templateGiven: boolean;
  readonly fieldManager: string;
  readonly subresource: string;
  readonly showPatch: boolean;
  readonly saveConfig: boolean;
  readonly fieldValidation: string;
}

/** The live object that an edited one is about, by its uid. Throws Failure when it was made another object. */
function originalOf(item: JsonObject, infos: readonly Info[]): Info {
  const uid = text(item, 'metadata', 'uid');
  const info = infos.find(({ object }) => text(object, 'metadata', 'uid') === uid);
  if (info === undefined) throw new Failure(`no original object found for ${JSON.stringify(item)}`);
  if (!isSameObject(item, info.object)) throw new Failure('At least one of apiVersion, kind and name was changed');
  return info;
}

/** Sends every changed object, one after the other. */
async function submit(
  infos: readonly Info[],
  edited: readonly JsonObject[],
  settings: SubmitSettings,
  context: Context,
): Promise<EditOutcome> {
  const { api } = await context.session();
  const reasons: EditReason[] = [];
  let advice: ((path: string) => string) | undefined;
  const printer = (operation: string) =>
    objectPrinter({ flags: settings.flags, templateGiven: settings.templateGiven, cwd: context.cwd, operation });
  for (const item of edited) {
    const info = originalOf(item, infos);
    const before = withoutManagedFields(info.object);
    if (isDeepStrictEqual(before, item)) {
      context.out.write((await printer('skipped'))(item));
      continue;
    }
    const { type, patch } = twoWayPatch(before, settings.saveConfig ? withLastApplied(item) : item);
    if (settings.showPatch) context.out.write(`Patch: ${JSON.stringify(patch)}\n`);
    const place = { resource: info.resource, namespace: info.namespace, name: info.name };
    try {
      const answer = await api.patch({ ...place, subresource: settings.subresource }, type, patch, {
        fieldManager: settings.fieldManager,
        fieldValidation: settings.fieldValidation,
      });
      context.out.write((await printer('edited'))(answer));
    } catch (error) {
      if (!isApiError(error)) throw error;
      const named = `${groupResource(info.resource)} ${JSON.stringify(info.name)}`;
      if (error.reason === 'Invalid') {
        const causes = (error.status.details?.causes ?? []).map(
          (cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`,
        );
        reasons.push({ head: `${named} was not valid`, others: causes });
        context.err.write(`error: ${named} is invalid\n`);
      } else if (error.reason === 'NotFound') {
        advice ??= (path) => `The edits you made on deleted resources have been saved to ${JSON.stringify(path)}`;
        context.err.write(`error: ${named} could not be found on the server\n`);
      } else {
        advice = (path) => `You can run \`${context.program} replace -f ${path}\` to try this update again.`;
        context.err.write(`error: ${named} could not be patched: ${error.message}\n`);
      }
    }
  }
  if (advice !== undefined) return { kind: 'given up', advice };
  return reasons.length > 0 ? { kind: 'again', reasons } : { kind: 'accepted' };
}
