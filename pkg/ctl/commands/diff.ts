// `diff`: what apply would change, shown by the diff program. Exit code 1 means that there are differences.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, SeveralFailures } from '../cli/failure.ts';
import { boolFlag, intFlag, listFlag } from '../cli/flags.ts';
import { fieldManagerFlag, filenameFlags, selectorFlag } from '../cli/shared-flags.ts';
import { applyPatch, withLastApplied } from '../apply/last-applied.ts';
import { prune, prunedKinds, type PruneRequest } from '../apply/prune.ts';
import { nameOf, namespaceOf, object, text } from '../objects/access.ts';
import { withoutManagedFields } from '../printers/output.ts';
import { toYaml } from '../../api/schema/encode-yaml.ts';
import { readTargets, type ManifestTarget } from '../resources/targets.ts';
import type { Api } from '../rest/api.ts';

/** kubectl's exit code when it could not even compare. */
const TROUBLE = 2;

export const diff = command({
  summary: 'Diff the live version against a would-be applied version',
  usage: '-f FILENAME [options]',
  notes:
    'KUBECTL_EXTERNAL_DIFF names another program than "diff -u -N". Exit code 1 means differences, 2 and more trouble.',
  flags: {
    ...filenameFlags,
    ...selectorFlag,
    ...fieldManagerFlag('kubectl-client-side-apply'),
    concurrency: intFlag('How many objects to compare at once.', { default: 1, hidden: true }),
    'force-conflicts': boolFlag('With --server-side: take over the fields that other managers own.'),
    prune: boolFlag('Show also what apply --prune would delete; of all objects or those of -l.'),
    'prune-allowlist': listFlag('Kinds that --prune looks through, as <group/version/kind>.'),
    'server-side': boolFlag('Let the server merge.'),
    'show-managed-fields': boolFlag('Include managed fields in the diff.'),
  },
  async run(call, context) {
    const { flags } = call;
    try {
      if (flags.filename.length === 0 && flags.kustomize === '') throw new Failure('must specify one of -f and -k');
      const { targets, failures } = await readTargets(
        {
          args: call.args,
          filenames: flags.filename,
          recursive: flags.recursive,
          kustomize: flags.kustomize,
          labelSelector: flags.selector,
        },
        context,
      );
      if (failures.length > 0) throw failures.length === 1 ? failures[0] : new SeveralFailures(failures);
      const { api } = await context.session();
      const root = await mkdtemp(join(tmpdir(), 'tkctl-diff-'));
      try {
        const live = join(root, 'LIVE');
        const merged = join(root, 'MERGED');
        await Promise.all([mkdir(live), mkdir(merged)]);
        const kept = new Set<string>();
        const namespaces = new Set<string>();
        for (const target of targets) {
          if (target.kind !== 'manifest') continue;
          if (target.resource.namespaced) namespaces.add(target.namespace);
          const pair = await compared(target, api, {
            serverSide: flags['server-side'],
            force: flags['force-conflicts'],
            manager: flags['field-manager'],
          });
          const name = fileName(target);
          kept.add(text(pair.live, 'metadata', 'uid'));
          if (pair.live !== undefined)
            await writeFile(
              join(live, name),
              shown(pair.live, target, flags['show-managed-fields'], { other: pair.merged, word: 'before' }),
            );
          await writeFile(
            join(merged, name),
            shown(pair.merged, target, flags['show-managed-fields'], { other: pair.live, word: 'after' }),
          );
        }
        const allowlist = flags['prune-allowlist'];
        const pruned = flags.prune
          ? await prunable(api, { allowlist, namespaces, kept, selector: flags.selector })
          : [];
        for (const object of pruned) {
          const name = fileName({
            resource: (await api.resources()).forKind(text(object, 'apiVersion'), text(object, 'kind')),
            namespace: namespaceOf(object),
            name: nameOf(object),
          });
          // With its managed fields, whatever the flags say, as kubectl has it.
          await writeFile(join(live, name), toYaml(object));
        }
        return await runDiff(live, merged, context);
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    } catch (error) {
      throw troubled(error);
    }
  },
});

/** The same error with kubectl's exit code for trouble. */
function troubled(error: unknown): unknown {
  if (error instanceof Failure && error.exitCode === 1)
    return new Failure(error.message, { cause: error, exitCode: TROUBLE });
  return error;
}

interface DiffSettings {
  readonly serverSide: boolean;
  readonly force: boolean;
  readonly manager: string;
}

async function compared(
  target: ManifestTarget,
  api: Api,
  settings: DiffSettings,
): Promise<{ live: JsonObject | undefined; merged: JsonObject }> {
  const place = { resource: target.resource, namespace: target.namespace, name: target.name };
  const query = { dryRun: 'All', fieldManager: settings.manager };
  let live: JsonObject | undefined;
  try {
    live = await api.get(place);
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
  if (settings.serverSide)
    return { live, merged: await api.patch(place, 'apply', target.object, { ...query, force: settings.force }) };
  // What is to be made anew is shown as the file has it, without what apply would note on it.
  if (live === undefined) return { live, merged: await api.create({ ...place, name: '' }, target.object, query) };
  const { type, patch } = applyPatch(withLastApplied(target.object), live);
  return { live, merged: await api.patch(place, type, patch, query) };
}

function fileName({ resource, namespace, name }: Pick<ManifestTarget, 'resource' | 'namespace' | 'name'>): string {
  const group = resource.group === '' ? '' : `${resource.group}.`;
  return `${group}${resource.version}.${resource.kind}.${namespace}.${name}`;
}

/** What `apply --prune` would delete. */
async function prunable(
  api: Api,
  from: {
    readonly allowlist: readonly string[];
    readonly namespaces: ReadonlySet<string>;
    readonly kept: ReadonlySet<string>;
    readonly selector: string;
  },
): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  const request: PruneRequest = {
    kinds: prunedKinds(from.allowlist, await api.resources()),
    namespaces: from.namespaces,
    labelSelector: from.selector,
    kept: from.kept,
    dryRun: 'client',
    deleteOptions: {},
  };
  await prune(api, request, (object) => found.push(object));
  return found;
}

/** Without what would only be noise; a secret's values are starred unless they differ, and then told apart. */
function shown(
  subject: JsonObject,
  target: ManifestTarget,
  managedFields: boolean,
  against: { other: JsonObject | undefined; word: 'before' | 'after' },
): string {
  const copy = structuredClone(managedFields ? subject : withoutManagedFields(subject));
  if (target.resource.kind === 'Secret' && target.resource.group === '') {
    const data = object(copy, 'data');
    for (const key of Object.keys(data)) {
      const before = text(against.other, 'data', key);
      data[key] = before === '' || before === text(data, key) ? '***' : `*** (${against.word})`;
    }
  }
  return toYaml(copy);
}

async function runDiff(live: string, merged: string, context: Context): Promise<number> {
  const [program = 'diff', ...options] = (context.env['KUBECTL_EXTERNAL_DIFF'] ?? '')
    .split(' ')
    .filter((word) => word !== '');
  const args = options.length === 0 && program === 'diff' ? ['-u', '-N'] : options;
  const result = await context.programs.capture(program, [...args, live, merged]);
  context.out.write(result.stdout);
  context.err.write(result.stderr);
  if (result.code > 1)
    throw new Failure(`failed to run ${JSON.stringify(program)}: exit status ${result.code}`, {
      exitCode: result.code,
    });
  return result.code;
}
