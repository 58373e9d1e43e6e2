// `apply`: makes the server's objects what the files say, by a three-way patch computed here or by server-side apply.
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { command, type Call, type CommandEntry, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, listFlag, stringFlag } from '../cli/flags.ts';
import {
  deletionFlags,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  readCascade,
  readDryRun,
  readValidation,
  selectorFlag,
  validateFlag,
  type DryRun,
} from '../cli/shared-flags.ts';
import { conflictAdvice, kindLabel, resourceLabel, resourceLabelLines, retrievalFailure } from '../apply/messages.ts';
import { prune, prunedKinds } from '../apply/prune.ts';
import { applyPatch, LAST_APPLIED, withLastApplied } from '../apply/last-applied.ts';
import { at, namespaceOf, text } from '../objects/access.ts';
import { objectPrinter, qualifiedName, withoutManagedFields, type ObjectPrinter } from '../printers/output.ts';
import { visit, withSource } from '../resources/infos.ts';
import { readTargets, type ManifestTarget } from '../resources/targets.ts';
import type { Api, Place } from '../rest/api.ts';
import type { ApiResource } from '../rest/resources.ts';
import { dryRunSuffix } from './create-from-files.ts';

const applyFlags = {
  ...filenameFlags,
  ...outputFlags,
  ...dryRunFlag,
  ...validateFlag,
  ...selectorFlag,
  ...deletionFlags,
  ...fieldManagerFlag('kubectl-client-side-apply'),
  all: boolFlag('Select all resources in the namespace of the specified resource types.'),
  'force-conflicts': boolFlag('With --server-side: take over the fields that other managers own.'),
  'openapi-patch': boolFlag('Accepted for compatibility.', { default: true, hidden: true }),
  overwrite: boolFlag('Resolve conflicts between the modified and live configuration with the modified one.', {
    default: true,
  }),
  prune: boolFlag('Delete what was applied earlier and is in no file any more; with --all or -l.'),
  'prune-allowlist': listFlag('Kinds that --prune looks through, as <group/version/kind>.'),
  'server-side': boolFlag('Let the server merge, and track which manager owns which field.'),
  subresource: stringFlag('Operate on this subresource; only with --server-side.'),
  wait: boolFlag('With --force: wait for resources to be gone before they are made again.'),
};

type ApplyFlags = typeof applyFlags;

const UNGUARDED_PRUNE =
  'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector';

/** How often a patch is computed anew when somebody else changed the object meanwhile. */
const MOST_CONFLICT_RETRIES = 5;

const applyFiles = command({
  summary: 'Apply a configuration to a resource by file name or stdin',
  usage: '(-f FILENAME | -k DIRECTORY) [options]',
  examples: [
    'apply -f app.yaml',
    'apply -f ./manifests -R',
    'apply --server-side -f app.yaml',
    'apply -f - < app.yaml',
  ],
  flags: applyFlags,
  async run(call: Call<ApplyFlags>, context: Context) {
    const { flags, args } = call;
    const dryRun = readDryRun(flags['dry-run']);
    const validation = readValidation(flags.validate);
    if (args.length > 0)
      throw new Failure(`Unexpected args: [${args.join(' ')}]\nSee '${context.path} -h' for help and examples`);
    if (flags.filename.length === 0 && flags.kustomize === '') throw new Failure('must specify one of -f and -k');
    if (flags['force-conflicts'] && !flags['server-side'])
      throw new Failure('--force-conflicts only works with --server-side');
    if (dryRun === 'client' && flags['server-side'])
      throw new Failure("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
    if (flags.force && flags['server-side']) throw new Failure('--force cannot be used with --server-side');
    if (flags.all && flags.selector !== '') throw new Failure('cannot set --all and --selector at the same time');
    if (flags.prune && !flags.all && flags.selector === '') throw new Failure(UNGUARDED_PRUNE);
    if (flags.prune && flags['server-side'])
      throw new Failure("--prune is in alpha and doesn't currently work on objects created by server-side apply");
    const { targets, failures } = await readTargets(
      {
        args: [],
        filenames: flags.filename,
        recursive: flags.recursive,
        kustomize: flags.kustomize,
        labelSelector: flags.selector,
        validate: validation !== 'Ignore',
      },
      context,
    );
    if (targets.length === 0 && failures.length === 0) throw new Failure('no objects passed to apply');
    const { api } = await context.session();
    const applier = new Applier(call, context, api, { dryRun, validation });
    const kinds = flags.prune ? prunedKinds(flags['prune-allowlist'], await api.resources()) : [];
    await visit(
      targets,
      async (target) => {
        if (target.kind === 'manifest') await applier.apply(target);
      },
      failures,
    );
    if (flags.prune) await applier.prune(kinds);
    await applier.finish();
    return 0;
  },
});

const subcommands: readonly CommandEntry[] = [
  {
    name: 'edit-last-applied',
    summary: 'Edit latest last-applied-configuration annotations of a resource/object',
    load: async () => (await import('./edit-last-applied.ts')).editLastApplied,
  },
  {
    name: 'set-last-applied',
    summary: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
    load: async () => (await import('./apply-last-applied.ts')).setLastApplied,
  },
  {
    name: 'view-last-applied',
    summary: 'View the latest last-applied-configuration annotations of a resource/object',
    load: async () => (await import('./apply-last-applied.ts')).viewLastApplied,
  },
];

export const apply = { ...applyFiles, commands: subcommands };

class Applier {
  readonly #call: Call<ApplyFlags>;
  readonly #context: Context;
  readonly #api: Api;
  readonly #dryRun: DryRun;
  readonly #validation: string;
  /** What `-o` prints in the end, as one list when there are several. */
  readonly #results: JsonObject[] = [];
  readonly #appliedUids = new Set<string>();
  readonly #namespaces = new Set<string>();

  constructor(call: Call<ApplyFlags>, context: Context, api: Api, how: { dryRun: DryRun; validation: string }) {
    this.#call = call;
    this.#context = context;
    this.#api = api;
    this.#dryRun = how.dryRun;
    this.#validation = how.validation;
  }

  async apply(target: ManifestTarget): Promise<void> {
    if (target.name === '') {
      if (text(target.object, 'metadata', 'generateName') !== '')
        throw new Failure(
          `from ${text(target.object, 'metadata', 'generateName')}: cannot use generate name with apply`,
        );
      throw new Failure(
        `error when retrieving current configuration of:\nResource: ${JSON.stringify(resourceLabel(target))}, GroupVersionKind: ${JSON.stringify(kindLabel(target))}\nName: "", Namespace: ${JSON.stringify(target.namespace)}\nfrom server for: ${JSON.stringify(target.source)}: resource name may not be empty`,
      );
    }
    if (this.#call.flags['server-side']) await this.#serverSide(target);
    else await this.#clientSide(target);
  }

  /** Deletes what was applied earlier and was not applied now. */
  async prune(kinds: readonly ApiResource[]): Promise<void> {
    const { flags, changed } = this.#call;
    const print = await objectPrinter({
      flags,
      templateGiven: changed.has('template'),
      cwd: this.#context.cwd,
      operation: 'pruned',
      dryRunSuffix: dryRunSuffix(this.#dryRun),
    });
    const grace = flags['grace-period'];
    await prune(
      this.#api,
      {
        kinds,
        namespaces: this.#namespaces,
        labelSelector: flags.selector,
        kept: this.#appliedUids,
        dryRun: this.#dryRun,
        deleteOptions: {
          propagationPolicy: readCascade(flags.cascade),
          ...(grace >= 0 && { gracePeriodSeconds: grace }),
        },
      },
      (object) => this.#context.out.write(print(object)),
    );
  }

  get #query() {
    return {
      dryRun: this.#dryRun === 'server' ? 'All' : undefined,
      fieldManager: this.#call.flags['field-manager'],
      fieldValidation: this.#validation,
    };
  }

  async #serverSide(target: ManifestTarget): Promise<void> {
    const { flags, changed } = this.#call;
    const manager = changed.has('field-manager') ? flags['field-manager'] : 'kubectl';
    const place: Place = { ...placeOf(target), ...(flags.subresource !== '' && { subresource: flags.subresource }) };
    try {
      const applied = await this.#api.patch(place, 'apply', target.object, {
        ...this.#query,
        fieldManager: manager,
        force: flags['force-conflicts'],
      });
      await this.#report(applied, 'serverside-applied');
    } catch (error) {
      if (isApiError(error, 'Conflict')) throw conflictAdvice(error.message);
      throw error;
    }
  }

  async #clientSide(target: ManifestTarget): Promise<void> {
    const modified = withLastApplied(target.object);
    let live: JsonObject;
    try {
      live = await this.#api.get(placeOf(target));
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw retrievalFailure(target, error);
      if (this.#dryRun === 'client') return this.#report(target.object, 'created');
      try {
        const created = await this.#api.create({ ...placeOf(target), name: '' }, modified, this.#query);
        return await this.#report(created, 'created');
      } catch (cause) {
        throw withSource('creating', target.source, cause);
      }
    }
    if (at(live, 'metadata', 'annotations', LAST_APPLIED) === undefined && this.#dryRun !== 'client')
      this.#warnMissingAnnotation(target);
    if (this.#dryRun === 'client') return this.#report(live, 'configured');
    const patched = await this.#patch(target, modified, live);
    await this.#report(patched ?? live, patched === undefined ? 'unchanged' : 'configured');
  }

  /** Undefined when there is nothing to change. */
  async #patch(target: ManifestTarget, modified: JsonObject, first: JsonObject): Promise<JsonObject | undefined> {
    let live = first;
    for (let attempt = 0; ; attempt++) {
      const { type, patch } = applyPatch(modified, live);
      if (Object.keys(patch).length === 0) return undefined;
      try {
        return await this.#api.patch(placeOf(target), type, patch, this.#query);
      } catch (error) {
        if (isApiError(error, 'Conflict') && attempt < MOST_CONFLICT_RETRIES) {
          live = await this.#api.get(placeOf(target));
          continue;
        }
        const replaceable = isApiError(error, 'Conflict') || isApiError(error, 'Invalid');
        if (replaceable && this.#call.flags.force) return this.#recreate(target, modified);
        if (!isApiError(error)) throw error;
        const place = `${resourceLabelLines(target)}\nfor: ${JSON.stringify(target.source)}`;
        const message = `error when applying patch:\n${JSON.stringify(patch)}\nto:\n${place}: ${error.message}`;
        error.status.message = message;
        error.message = message;
        throw withSource('patching', target.source, error);
      }
    }
  }

  async #recreate(target: ManifestTarget, modified: JsonObject): Promise<JsonObject> {
    const { deleteAndWait } = await import('./delete-objects.ts');
    await deleteAndWait(this.#api, placeOf(target), { gracePeriodSeconds: 0 }, this.#context);
    return this.#api.create({ ...placeOf(target), name: '' }, modified, this.#query);
  }

  #warnMissingAnnotation(target: ManifestTarget): void {
    const what = `${target.resource.resource}/${target.name}`;
    this.#context.err.write(
      `Warning: resource ${what} is missing the ${LAST_APPLIED} annotation which is required by ${this.#context.program} apply. ${this.#context.program} apply should only be used on resources created declaratively by either ${this.#context.program} create --save-config or ${this.#context.program} apply. The missing annotation will be patched automatically.\n`,
    );
  }

  async #report(object: JsonObject, operation: string): Promise<void> {
    this.#appliedUids.add(text(object, 'metadata', 'uid'));
    const namespace = namespaceOf(object);
    if (namespace !== '') this.#namespaces.add(namespace);
    const { output, template } = this.#call.flags;
    if (output !== '' && output !== 'name') {
      this.#results.push(object);
      return;
    }
    if (template !== '' && output === '') {
      this.#results.push(object);
      return;
    }
    const suffix = output === 'name' ? '' : ` ${operation}${dryRunSuffix(this.#dryRun)}`;
    this.#context.out.write(`${qualifiedName(object)}${suffix}\n`);
  }

  /** Prints the objects when a format asks for them. */
  async finish(): Promise<void> {
    const { flags, changed } = this.#call;
    const [first] = this.#results;
    if (first === undefined) {
      await objectPrinter({ flags, templateGiven: changed.has('template'), cwd: this.#context.cwd });
      return;
    }
    const print: ObjectPrinter = await objectPrinter({
      flags,
      templateGiven: changed.has('template'),
      cwd: this.#context.cwd,
    });
    const whole =
      this.#results.length === 1
        ? first
        : {
            apiVersion: 'v1',
            kind: 'List',
            metadata: {},
            items: this.#results.map((item) => withoutManagedFields(item)),
          };
    this.#context.out.write(print(whole));
  }
}

function placeOf(target: ManifestTarget): Place {
  return { resource: target.resource, namespace: target.namespace, name: target.name };
}
