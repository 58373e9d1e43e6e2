// `apply edit-last-applied`: lets the user change in an editor what apply remembers of objects, and nothing else of them.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../api/schema/json.ts';
import { LAST_APPLIED, lastAppliedOf } from '../apply/last-applied.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { fieldManagerFlag, filenameFlags, outputFlags, readValidation, validateFlag } from '../cli/shared-flags.ts';
import { editInEditor, infosToEdit, type EditOutcome } from '../edit/edit-loop.ts';
import { nameOf, namespaceOf, text } from '../objects/access.ts';
import { objectPrinter, type OutputFlags } from '../printers/output.ts';
import { toCompactJson } from '../printers/json.ts';
import type { Info } from '../resources/infos.ts';

const ANNOTATION_INTRODUCTION = `# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
`;

export const editLastApplied = command({
  summary: 'Edit the latest last-applied-configuration annotations of resources from the default editor',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  notes: 'The editor is KUBE_EDITOR, EDITOR or vi. Nothing but the annotation changes.',
  examples: ['apply edit-last-applied deployment/web', 'apply edit-last-applied -f web.yaml -o json'],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...validateFlag,
    ...fieldManagerFlag('kubectl-client-side-apply'),
    'windows-line-endings': boolFlag('Give the file lines that end as on Windows.'),
  },
  async run({ flags, args, changed }, context) {
    const fieldValidation = readValidation(flags.validate);
    const infos = await infosToEdit(args, flags, context);
    const annotated = infos.flatMap((info): Info[] => {
      const saved = lastAppliedOf(info.object);
      return saved === undefined ? [] : [{ ...info, name: nameOf(saved), object: saved }];
    });
    if (annotated.length === 0)
      throw new Failure(
        'no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`',
      );
    const settings = {
      flags,
      templateGiven: changed.has('template'),
      manager: flags['field-manager'],
      fieldValidation,
    };
    return editInEditor(
      {
        infos: annotated,
        introduction: ANNOTATION_INTRODUCTION,
        flags,
        submit: (edited) => writeAnnotations(edited, annotated, settings, context),
      },
      context,
    );
  },
});

interface WriteSettings {
  readonly flags: OutputFlags;
  readonly templateGiven: boolean;
  readonly manager: string;
  readonly fieldValidation: string;
}

async function writeAnnotations(
  edited: readonly JsonObject[],
  annotated: readonly Info[],
  settings: WriteSettings,
  context: Context,
): Promise<EditOutcome> {
  const { api, namespace } = await context.session();
  const resources = await api.resources();
  for (const item of edited) {
    // What was applied has no uid by which to know it again: by its name, among those that were given.
    const before = annotated.find(({ object }) => isSame(object, item));
    const operation = before !== undefined && isDeepStrictEqual(before.object, item) ? 'skipped' : 'edited';
    if (operation === 'edited') {
      const resource = resources.forKind(text(item, 'apiVersion'), text(item, 'kind'));
      const patch = { metadata: { annotations: { [LAST_APPLIED]: `${toCompactJson(item)}\n` } } };
      const place = { resource, namespace: resource.namespaced ? namespace : '', name: nameOf(item) };
      const query = { fieldManager: settings.manager, fieldValidation: settings.fieldValidation };
      await api.patch(place, 'merge', patch, query);
    }
    const { flags, templateGiven } = settings;
    const print = await objectPrinter({ flags, templateGiven, cwd: context.cwd, operation });
    context.out.write(print(item));
  }
  return { kind: 'accepted' };
}

const isSame = (left: JsonObject, right: JsonObject) =>
  left['kind'] === right['kind'] && nameOf(left) === nameOf(right) && namespaceOf(left) === namespaceOf(right);
