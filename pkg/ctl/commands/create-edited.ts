// `create -f --edit`: each object of the files goes through the editor before it is created.
import type { JsonObject } from '../../api/schema/json.ts';
import { withLastApplied } from '../apply/last-applied.ts';
import type { Call, Context } from '../cli/command.ts';
import { throwCollected } from '../cli/failure.ts';
import type { FieldValidation } from '../cli/shared-flags.ts';
import { editInEditor, INTRODUCTION, type EditOutcome } from '../edit/edit-loop.ts';
import { namespaceOf, text } from '../objects/access.ts';
import { objectPrinter, type ObjectPrinter } from '../printers/output.ts';
import { readTargets } from '../resources/targets.ts';
import type { createFlags } from './create.ts';

/** As kubectl, takes no notice of --dry-run and -l. */
export async function createEdited(
  call: Call<typeof createFlags>,
  fieldValidation: FieldValidation,
  context: Context,
): Promise<number> {
  const { flags } = call;
  const print = await objectPrinter({
    flags,
    templateGiven: call.changed.has('template'),
    cwd: context.cwd,
    operation: 'created',
  });
  const { targets, failures } = await readTargets(
    { args: [], filenames: flags.filename, recursive: flags.recursive, kustomize: flags.kustomize },
    context,
  );
  const request = { manager: flags['field-manager'], fieldValidation, save: flags['save-config'], print };
  const failed: unknown[] = [];
  for (const target of targets) {
    if (target.kind !== 'manifest') continue;
    const editing = editInEditor(
      {
        infos: [target],
        introduction: INTRODUCTION,
        flags,
        submit: (edited) => createAll(edited, request, context),
      },
      context,
    );
    await editing.catch((error: unknown) => failed.push(error));
    context.signal.throwIfAborted();
  }
  throwCollected([...failures, ...failed]);
  return 0;
}

async function createAll(
  edited: readonly JsonObject[],
  request: { manager: string; fieldValidation: FieldValidation; save: boolean; print: ObjectPrinter },
  context: Context,
): Promise<EditOutcome> {
  const { api, namespace } = await context.session();
  const resources = await api.resources();
  for (const item of edited) {
    const resource = resources.forKind(text(item, 'apiVersion'), text(item, 'kind'));
    const place = { resource, namespace: resource.namespaced ? namespaceOf(item) || namespace : '', name: '' };
    const created = await api.create(place, request.save ? withLastApplied(item) : item, {
      fieldManager: request.manager,
      fieldValidation: request.fieldValidation,
    });
    context.out.write(request.print(created));
  }
  return { kind: 'accepted' };
}
