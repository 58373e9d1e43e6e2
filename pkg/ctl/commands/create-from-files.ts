// `create -f`: creates what files describe.
import type { Call, Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { readDryRun, readValidation } from '../cli/shared-flags.ts';
import { withLastApplied } from '../apply/last-applied.ts';
import { objectPrinter } from '../printers/output.ts';
import { visit, withSource } from '../resources/infos.ts';
import { readTargets } from '../resources/targets.ts';
import { checkRawPath, rawBody, sendRaw } from '../rest/raw-request.ts';
import type { createFlags } from './create.ts';

export async function createFromFiles(call: Call<typeof createFlags>, context: Context): Promise<number> {
  const { flags } = call;
  const dryRun = readDryRun(flags['dry-run']);
  const fieldValidation = readValidation(flags.validate);
  if (flags.raw !== '') {
    checkRawPath(flags.raw);
    return sendRaw({ method: 'POST', path: flags.raw, body: await rawBody(flags.filename, context) }, context);
  }
  if (flags.edit) return (await import('./create-edited.ts')).createEdited(call, fieldValidation, context);
  const print = await objectPrinter({
    flags,
    templateGiven: call.changed.has('template'),
    cwd: context.cwd,
    operation: 'created',
    dryRunSuffix: dryRunSuffix(dryRun),
  });
  const { targets, failures } = await readTargets(
    {
      args: [],
      filenames: flags.filename,
      recursive: flags.recursive,
      kustomize: flags.kustomize,
      labelSelector: flags.selector,
      validate: fieldValidation !== 'Ignore',
    },
    context,
  );
  if (targets.length === 0 && failures.length === 0) throw new Failure('no objects passed to create');
  const { api } = await context.session();
  await visit(
    targets,
    async (target) => {
      if (target.kind !== 'manifest') return;
      const object = flags['save-config'] ? withLastApplied(target.object) : target.object;
      if (dryRun === 'client') return context.out.write(print(object));
      let created;
      try {
        created = await api.create({ resource: target.resource, namespace: target.namespace, name: '' }, object, {
          dryRun: dryRun === 'server' ? 'All' : undefined,
          fieldManager: flags['field-manager'],
          fieldValidation,
        });
      } catch (error) {
        throw withSource('creating', target.source, error);
      }
      context.out.write(print(created));
    },
    failures,
  );
  return 0;
}

export function dryRunSuffix(dryRun: 'none' | 'client' | 'server'): string {
  return dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : '';
}
