// `replace`: puts whole objects in the place of those that are there, or with --force deletes and makes them anew.
import { isApiError } from '../../api/meta/status.ts';
import { command } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import {
  deletionFlags,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  readCascade,
  readDryRun,
  readValidation,
  saveConfigFlag,
  validateFlag,
} from '../cli/shared-flags.ts';
import { withLastApplied, LAST_APPLIED } from '../apply/last-applied.ts';
import { at } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { visit, withSource } from '../resources/infos.ts';
import { readTargets } from '../resources/targets.ts';
import { checkRawPath, rawBody, sendRaw } from '../rest/raw-request.ts';
import { groupKind } from '../rest/resources.ts';
import { deleteAndWait } from './delete-objects.ts';
import { dryRunSuffix } from './create-from-files.ts';

export const replace = command({
  summary: 'Replace a resource by file name or stdin',
  usage: '-f FILENAME [options]',
  examples: ['replace -f pod.yaml', 'replace --force -f pod.yaml'],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...dryRunFlag,
    ...validateFlag,
    ...deletionFlags,
    ...saveConfigFlag,
    ...fieldManagerFlag('kubectl-replace'),
    raw: stringFlag('Raw URI to PUT to the server.'),
    subresource: stringFlag('Replace this subresource of the object.'),
    wait: boolFlag('With --force: wait for resources to be gone.'),
  },
  async run(call, context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    const fieldValidation = readValidation(flags.validate);
    if (call.args.length > 0) throw new UsageFailure(`Unexpected args: [${call.args.join(' ')}]`);
    if (flags.filename.length === 0 && flags.kustomize === '') throw new Failure('must specify one of -f and -k');
    const propagation = readCascade(flags.cascade);
    if (flags.raw !== '') {
      checkRawPath(flags.raw);
      const body = await rawBody(flags.filename, context);
      return sendRaw({ method: 'PUT', path: flags.raw, body }, context);
    }
    if (flags['grace-period'] >= 0 && !flags.force) throw new Failure('--grace-period must have --force specified');
    if (flags.timeout !== 0 && !flags.force) throw new Failure('--timeout must have --force specified');
    const print = await objectPrinter({
      flags,
      templateGiven: call.changed.has('template'),
      cwd: context.cwd,
      operation: 'replaced',
      dryRunSuffix: dryRunSuffix(dryRun),
    });
    const { targets, failures } = await readTargets(
      {
        args: [],
        filenames: flags.filename,
        recursive: flags.recursive,
        kustomize: flags.kustomize,
        validate: fieldValidation !== 'Ignore',
      },
      context,
    );
    if (targets.length === 0 && failures.length === 0) throw new Failure('no objects passed to replace');
    const { api } = await context.session();
    const query = {
      fieldManager: flags['field-manager'],
      fieldValidation,
      dryRun: dryRun === 'server' ? 'All' : undefined,
    };
    await visit(
      targets,
      async (target) => {
        if (target.kind !== 'manifest') return;
        const { resource, namespace, name, source } = target;
        const place = { resource, namespace, name, subresource: flags.subresource };
        const annotated = at(target.object, 'metadata', 'annotations', LAST_APPLIED) !== undefined;
        const object = flags['save-config'] || annotated ? withLastApplied(target.object) : target.object;
        if (dryRun === 'client') return context.out.write(print(object));
        if (flags.force) {
          const grace = flags['grace-period'] >= 0 ? flags['grace-period'] : 0;
          try {
            await api.get(place);
            context.out.write(
              `${groupKind(resource)} ${JSON.stringify(name)} deleted${namespace === '' ? '' : ` from ${namespace} namespace`}\n`,
            );
          } catch (error) {
            if (!isApiError(error, 'NotFound')) throw error;
          }
          await deleteAndWait(api, place, { gracePeriodSeconds: grace, propagation }, context);
          const created = await api.create({ ...place, name: '' }, object, query);
          return context.out.write(print(created));
        }
        try {
          context.out.write(print(await api.update(place, object, query)));
        } catch (error) {
          throw withSource('replacing', source, error);
        }
      },
      failures,
    );
    return 0;
  },
});
