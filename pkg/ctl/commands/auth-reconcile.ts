// `auth reconcile`: makes sure that the roles and bindings of the files are there with at least what the files give them.
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { command } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { dryRunFlag, filenameFlags, outputFlags, readDryRun } from '../cli/shared-flags.ts';
import { nameOf, namespaceOf, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { isBinding, reconciled, type Reconciled, type Subject } from '../rbac/reconciled.ts';
import type { Rule } from '../rbac/rule-coverage.ts';
import { visit } from '../resources/infos.ts';
import { readTargets } from '../resources/targets.ts';
import type { Api, Place } from '../rest/api.ts';

const GROUP = 'rbac.authorization.k8s.io';
const KINDS = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];
/** How often it is tried again when somebody else makes or deletes the same object meanwhile. */
const MOST_TRIES = 3;

export const reconcile = command({
  summary: 'Reconcile rules for RBAC role, role binding, cluster role, and cluster role binding objects',
  usage: '-f FILENAME [options]',
  notes:
    'Missing objects and their namespaces are created, missing permissions and subjects are added. What is there beyond the files stays unless the flags say otherwise. Objects of other kinds are left out.',
  examples: ['auth reconcile -f my-rbac-rules.yaml'],
  flags: {
    ...filenameFlags,
    ...outputFlags,
    ...dryRunFlag,
    'remove-extra-permissions': boolFlag('Remove permissions of roles that the files do not give.'),
    'remove-extra-subjects': boolFlag('Remove subjects of bindings that the files do not name.'),
  },
  async run({ flags, args, changed }, context) {
    if (flags.filename.length === 0 && flags.kustomize === '') throw new Failure('must specify one of -f and -k');
    if (args.length > 0) throw new Failure('no arguments are allowed');
    const dryRun = readDryRun(flags['dry-run']);
    if (dryRun === 'server') throw new Failure('--dry-run=server for command reconcile is not supported yet');
    const { targets, failures } = await readTargets(
      { args: [], filenames: flags.filename, recursive: flags.recursive, kustomize: flags.kustomize },
      context,
    );
    const print = await objectPrinter({
      flags,
      templateGiven: changed.has('template'),
      cwd: context.cwd,
      operation: 'reconciled',
      dryRunSuffix: dryRun === 'client' ? ' (dry run)' : '',
      sorted: false,
    });
    const { api } = await context.session();
    await visit(
      targets,
      async (target) => {
        if (target.kind !== 'manifest') return;
        const { object } = target;
        const kind = text(object, 'kind');
        const [group, version] = text(object, 'apiVersion').split('/');
        if (group !== GROUP || !KINDS.includes(kind)) return;
        if (version !== 'v1') throw new Failure(`only ${GROUP}/v1 is supported: not *${version}.${kind}`);
        const removeExtra = flags[isBinding(object) ? 'remove-extra-subjects' : 'remove-extra-permissions'];
        const result = await carryOut(object, { api, removeExtra, confirm: dryRun === 'none' });
        context.out.write(print(result.object));
        context.err.write(reportOf(result, removeExtra));
      },
      failures,
    );
    return 0;
  },
});

async function carryOut(
  wanted: JsonObject,
  how: { readonly api: Api; readonly removeExtra: boolean; readonly confirm: boolean },
): Promise<Reconciled> {
  const { api } = how;
  const resource = (await api.resources()).forKind(text(wanted, 'apiVersion'), text(wanted, 'kind'));
  const place: Place = { resource, namespace: namespaceOf(wanted), name: nameOf(wanted) };
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const existing = await found(api, place);
    const result = reconciled(existing, wanted, how.removeExtra);
    if (result.isProtected || !how.confirm || result.operation === 'none') return result;
    try {
      if (result.operation === 'update') return { ...result, object: await api.update(place, result.object) };
      if (result.operation === 'recreate') await remove(api, place, text(existing, 'metadata', 'uid'));
      if (resource.namespaced) await ensureNamespace(api, place.namespace);
      return { ...result, object: await api.create({ ...place, name: '' }, result.object) };
    } catch (error) {
      const lostRace =
        result.operation === 'update' ? isApiError(error, 'NotFound') : isApiError(error, 'AlreadyExists');
      if (!lostRace && !(result.operation === 'recreate' && isApiError(error, 'Conflict'))) throw error;
    }
  }
  throw new Failure('exceeded maximum attempts');
}

async function found(api: Api, place: Place): Promise<JsonObject | undefined> {
  try {
    return await api.get(place);
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function remove(api: Api, place: Place, uid: string): Promise<void> {
  try {
    await api.delete(place, { preconditions: { uid } });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}

/** Whoever may not see or make namespaces has to hope that it is there. */
async function ensureNamespace(api: Api, name: string): Promise<void> {
  const resource = (await api.resources()).require('namespaces');
  try {
    await api.get({ resource, namespace: '', name });
    return;
  } catch (error) {
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Forbidden')) throw error;
  }
  try {
    await api.create(
      { resource, namespace: '', name: '' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    );
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists') && !isApiError(error, 'Forbidden')) throw error;
  }
}

function reportOf(result: Reconciled, removeExtra: boolean): string {
  if (result.operation === 'none') return '';
  const caveat = result.isProtected
    ? `, but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)`
    : '';
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `\t${title}:\n${lines.map((line) => `\t\t${line}\n`).join('')}`;
  return [
    `\treconciliation required ${result.operation}${caveat}\n`,
    part('missing subjects added', result.missingSubjects.map(subjectText)),
    removeExtra ? part('extra subjects removed', result.extraSubjects.map(subjectText)) : '',
    part('missing rules added', result.missingRules.map(ruleText)),
    removeExtra ? part('extra rules removed', result.extraRules.map(ruleText)) : '',
  ].join('');
}

/** As Go prints these structures. */
function ruleText(rule: Rule): string {
  const shown = (values: readonly string[]) => `[${values.join(' ')}]`;
  return `{Verbs:${shown(rule.verbs)} APIGroups:${shown(rule.apiGroups)} Resources:${shown(rule.resources)} ResourceNames:${shown(rule.resourceNames)} NonResourceURLs:${shown(rule.nonResourceURLs)}}`;
}

function subjectText({ kind, apiGroup, name, namespace }: Subject): string {
  return `{Kind:${kind} APIGroup:${apiGroup} Name:${name} Namespace:${namespace}}`;
}
