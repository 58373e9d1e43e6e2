// `create role|clusterrole|rolebinding|clusterrolebinding`.
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, PlainFailure } from '../cli/failure.ts';
import { arrayFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { subjectsOf } from '../generators/subjects.ts';
import { newObject } from '../generators/workloads.ts';
import { groupResource, type ApiResource, type Resources } from '../rest/resources.ts';
import { createGenerated, generatedFlags, onlyName } from './create-generated.ts';

const GROUP = 'rbac.authorization.k8s.io';
const VERSION = `${GROUP}/v1`;

const subjectFlags = {
  group: arrayFlag('Groups to bind to the role; may be repeated.'),
  serviceaccount: arrayFlag('Service accounts to bind to the role, as <namespace>:<name>.'),
  user: arrayFlag('Users to bind to the role; may be repeated.'),
};

export const createRoleBinding = command({
  summary: 'Create a role binding for a particular role or cluster role',
  usage:
    'NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]',
  flags: {
    ...generatedFlags,
    ...subjectFlags,
    clusterrole: stringFlag('ClusterRole this RoleBinding should reference'),
    role: stringFlag('Role this RoleBinding should reference'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    const { clusterrole, role } = call.flags;
    if ((clusterrole === '') === (role === ''))
      throw new Failure('exactly one of clusterrole or role must be specified');
    const roleRef =
      role === ''
        ? { apiGroup: GROUP, kind: 'ClusterRole', name: clusterrole }
        : { apiGroup: GROUP, kind: 'Role', name: role };
    const found = subjectsOf(call.flags);
    const made = newObject(VERSION, 'RoleBinding', { name }, { ...(found.length > 0 && { subjects: found }), roleRef });
    return createGenerated(made, true, call, context);
  },
});

export const createClusterRoleBinding = command({
  summary: 'Create a cluster role binding for a particular cluster role',
  usage:
    'NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]',
  flags: {
    ...generatedFlags,
    ...subjectFlags,
    clusterrole: stringFlag('ClusterRole this ClusterRoleBinding should reference'),
  },
  required: ['clusterrole'],
  async run(call, context) {
    const name = onlyName(call.args);
    const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: call.flags.clusterrole };
    const found = subjectsOf(call.flags);
    const made = newObject(
      VERSION,
      'ClusterRoleBinding',
      { name },
      { ...(found.length > 0 && { subjects: found }), roleRef },
    );
    return createGenerated(made, false, call, context);
  },
});

const ruleFlags = {
  resource: listFlag('Resource that the rule applies to; may be repeated.'),
  'resource-name': arrayFlag('Resource in the white list that the rule applies to; may be repeated.'),
  verb: listFlag('Verb that applies to the resources contained in the rule'),
};

const VERBS = new Set([
  'bind',
  'create',
  'delete',
  'deletecollection',
  'escalate',
  'get',
  'impersonate',
  'list',
  'patch',
  'proxy',
  'update',
  'use',
  'watch',
]);
/** What these verbs are about; of anything else they mean nothing. */
const SPECIAL_VERBS: Readonly<Record<string, readonly string[]>> = {
  bind: [`roles.${GROUP}`, `clusterroles.${GROUP}`],
  escalate: [`roles.${GROUP}`, `clusterroles.${GROUP}`],
  impersonate: ['users', 'serviceaccounts', 'groups', 'userextras.authentication.k8s.io'],
  use: ['podsecuritypolicies.policy', 'podsecuritypolicies.extensions'],
};

function known(type: string, resources: Resources): ApiResource {
  try {
    return resources.require(type);
  } catch (error) {
    throw error instanceof Failure ? new PlainFailure(error.message, { cause: error }) : error;
  }
}

function checkVerbs(verbs: readonly string[], found: readonly ApiResource[], context: Context): void {
  for (const verb of verbs.filter((word) => word !== '*' && !VERBS.has(word)))
    context.err.write(`Warning: '${verb}' is not a standard resource verb\n`);
  for (const verb of verbs)
    for (const resource of found)
      if (SPECIAL_VERBS[verb]?.includes(groupResource(resource)) === false)
        throw new Failure(`can not perform '${verb}' on '${resource.resource}' in group '${resource.group}'`);
}

function checkUrls(verbs: readonly string[], urls: readonly string[]): void {
  const wrong = verbs.find((verb) => !['*', 'get', 'post', 'put', 'delete', 'patch', 'head', 'options'].includes(verb));
  if (wrong !== undefined) throw new Failure(`invalid verb: '${wrong}' for nonResourceURL`);
  for (const url of urls) {
    if (url === '*') continue;
    if (!url.startsWith('/')) throw new Failure('nonResourceURL should start with /');
    if (url.slice(0, -1).includes('*'))
      throw new Failure("nonResourceURL only supports wildcard matches when '*' is at the end");
  }
}

/** One rule for each API group that the resources belong to. */
async function rules(
  flags: Record<keyof typeof ruleFlags, readonly string[]>,
  context: Context,
): Promise<JsonObject[]> {
  if (flags.verb.length === 0) throw new Failure('at least one verb must be specified');
  if (flags.resource.length === 0) throw new Failure('at least one resource must be specified');
  const resources = await (await context.session()).api.resources();
  const verbs = flags.verb.includes('*') ? ['*'] : [...new Set(flags.verb)];
  const groups = new Map<string, string[]>();
  const meant: ApiResource[] = [];
  for (const text of new Set(flags.resource)) {
    const [type = '', subresource] = text.split('/');
    const found = type === '*' ? undefined : known(type, resources);
    if (found !== undefined) meant.push(found);
    const group = found?.group ?? '*';
    const plural = (found?.resource ?? '*') + (subresource === undefined ? '' : `/${subresource}`);
    groups.set(group, [...(groups.get(group) ?? []), plural]);
  }
  checkVerbs(verbs, meant, context);
  const names = flags['resource-name'];
  return [...groups].map(([group, found]) => ({
    verbs,
    apiGroups: [group],
    resources: found,
    ...(names.length > 0 && { resourceNames: [...names] }),
  }));
}

export const createRole = command({
  summary: 'Create a role with single rule',
  usage: 'NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [options]',
  flags: { ...generatedFlags, ...ruleFlags },
  async run(call, context) {
    const name = onlyName(call.args);
    const made = newObject(VERSION, 'Role', { name }, { rules: await rules(call.flags, context) });
    return createGenerated(made, true, call, context);
  },
});

export const createClusterRole = command({
  summary: 'Create a cluster role',
  usage: 'NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [options]',
  flags: {
    ...generatedFlags,
    ...ruleFlags,
    'aggregation-rule': arrayFlag('Labels of the cluster roles whose rules it unites, as key=value.', { shown: '' }),
    'non-resource-url': listFlag('A partial url that user should have access to.'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    const urls = call.flags['non-resource-url'];
    const matchLabels = labelsOf(call.flags['aggregation-rule'], context);
    if (Object.keys(matchLabels).length > 0) {
      if ([urls, ...RULE_FLAGS.map((flag) => call.flags[flag])].some((values) => values.length > 0))
        throw new Failure(
          'aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames',
        );
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels }] };
      const united = newObject(VERSION, 'ClusterRole', { name }, { rules: null, aggregationRule });
      return createGenerated(united, false, call, context);
    }
    if (urls.length > 0) checkUrls(call.flags.verb, urls);
    const made =
      urls.length > 0 && call.flags.resource.length === 0
        ? [{ verbs: [...call.flags.verb], nonResourceURLs: [...urls] }]
        : await rules(call.flags, context);
    return createGenerated(newObject(VERSION, 'ClusterRole', { name }, { rules: made }), false, call, context);
  },
});

const RULE_FLAGS = ['verb', 'resource', 'resource-name'] as const;

/** Pairs divided by commas. Throws PlainFailure as the reading of flags does. */
function labelsOf(values: readonly string[], context: Context): JsonObject {
  const labels: JsonObject = {};
  for (const value of values)
    for (const pair of value.split(',')) {
      const equals = pair.indexOf('=');
      if (equals < 0)
        throw new PlainFailure(
          `error: invalid argument ${JSON.stringify(value)} for "--aggregation-rule" flag: malformed pair, expect string=string\nSee '${context.path} --help' for usage.`,
        );
      labels[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
    }
  return labels;
}
