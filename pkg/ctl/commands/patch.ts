// `patch`: sends a strategic, merge or JSON patch.
import { ApiError } from '../../api/meta/status.ts';
import { readJson } from '../../api/schema/decode-json.ts';
import type { Json } from '../../api/schema/json.ts';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { patchedLocally } from '../apply/local-patch.ts';
import { command } from '../cli/command.ts';
import { Failure, messageOf } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { dryRunFlag, fieldManagerFlag, filenameFlags, outputFlags, readDryRun } from '../cli/shared-flags.ts';
import { parseJson } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { infosToChange } from '../resources/change.ts';
import { visit, type Info } from '../resources/infos.ts';

const TYPES = ['json', 'merge', 'strategic'] as const;

export const patch = command({
  summary: 'Update fields of a resource',
  usage: '(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]',
  examples: [
    `patch node worker -p '{"spec":{"unschedulable":true}}'`,
    `patch pod web --type=json -p='[{"op": "replace", "path": "/metadata/labels/a", "value":"b"}]'`,
    `patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'`,
  ],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...dryRunFlag,
    ...fieldManagerFlag('kubectl-patch'),
    local: boolFlag('Change the objects in the files and print them, without asking the server.'),
    patch: stringFlag('The patch to be applied to the resource, JSON or YAML.', { short: 'p' }),
    'patch-file': stringFlag('A file containing a patch to be applied to the resource.'),
    subresource: stringFlag('Patch this subresource of the object.'),
    type: stringFlag('The type of patch being provided; one of [json merge strategic]', { default: 'strategic' }),
  },
  async run(call, context) {
    const { flags } = call;
    const dryRun = readDryRun(flags['dry-run']);
    if (flags.patch === '' && flags['patch-file'] === '')
      throw new Failure('must specify --patch or --patch-file containing the contents of the patch');
    if (flags.patch !== '' && flags['patch-file'] !== '')
      throw new Failure('cannot specify --patch and --patch-file together');
    const type = TYPES.find((known) => known === flags.type.toLowerCase());
    if (type === undefined)
      throw new Failure(`--type must be one of [json merge strategic], not ${JSON.stringify(flags.type)}`);
    const body = await parsePatch(
      flags.patch === '' ? await readPatchFile(flags['patch-file'], context.cwd) : flags.patch,
    );
    const { infos, failures } = await infosToChange(
      { args: call.args, filenames: flags.filename, recursive: flags.recursive },
      flags.local,
      context,
    );
    if (infos.length === 0 && failures.length === 0) throw new Failure('no objects passed to patch');
    const patchedByServer = async ({ resource, namespace, name }: Info) => {
      const { api } = await context.session();
      return api.patch({ resource, namespace, name, subresource: flags.subresource }, type, body, {
        fieldManager: flags['field-manager'],
        dryRun: dryRun === 'server' ? 'All' : undefined,
      });
    };
    await visit(
      infos,
      async (info) => {
        const local = dryRun === 'client' || flags.local;
        const patched = local ? patchedLocally(info.object, body, type) : await patchedByServer(info);
        const changed = !isDeepStrictEqual(info.object, patched);
        const print = await objectPrinter({
          flags,
          templateGiven: call.changed.has('template'),
          cwd: context.cwd,
          // No word of a dry run, as kubectl has it.
          operation: changed ? 'patched' : 'patched (no change)',
        });
        context.out.write(print(patched));
      },
      failures,
    );
    return 0;
  },
});

async function readPatchFile(path: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, path), 'utf8');
  } catch (cause) {
    throw new Failure(`unable to read patch file: open ${path}: no such file or directory`, { cause });
  }
}

async function parsePatch(source: string): Promise<Json> {
  // What begins as JSON goes to the server as it is, whose refusal this is.
  if (/^\s*\{/.test(source)) {
    const reading = readJson(source);
    if (!reading.ok) throw new ApiError('BadRequest', `error decoding patch: ${reading.message}`);
    return parseJson(source);
  }
  const { parseYamlValue } = await import('../resources/manifest-text.ts');
  try {
    return parseYamlValue(source);
  } catch (cause) {
    throw new Failure(`unable to parse ${JSON.stringify(source)}: ${messageOf(cause)}`, { cause });
  }
}
