// `api-resources` and `api-versions`: what the server has.
import type { JsonObject } from '../../api/schema/json.ts';
import { command } from '../cli/command.ts';
import { Failure, messageOf, UsageFailure } from '../cli/failure.ts';
import { boolFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { compareBytes } from '../objects/access.ts';
import { toPrettyJson } from '../printers/json.ts';
import { unknownFormat } from '../printers/output.ts';
import { alignCells } from '../printers/tab-writer.ts';
import type { Api } from '../rest/api.ts';
import { groupVersions } from '../rest/discovery.ts';
import { apiVersionOf, groupResource, type ApiResource } from '../rest/resources.ts';

export const apiResources = command({
  summary: 'Print the supported API resources on the server',
  usage: '[flags]',
  examples: ['api-resources', 'api-resources -o wide', 'api-resources --namespaced=true --verbs=list,get -o name'],
  flags: {
    'api-group': stringFlag('Limit to resources in the specified API group.'),
    cached: boolFlag('Accepted for compatibility.', { hidden: true }),
    categories: listFlag('Limit to resources that belong to the specified categories.'),
    namespaced: boolFlag('Only resources that are namespaced (true) or not (false).', { default: true }),
    'no-headers': boolFlag("Don't print headers."),
    output: stringFlag('Output format. One of: (json, yaml, kyaml, name, wide).', { short: 'o' }),
    'sort-by': stringFlag("Sort by 'name' or 'kind'."),
    verbs: listFlag('Limit to resources that support the specified verbs.'),
  },
  async run(call, context) {
    const { flags, changed } = call;
    if (call.args.length > 0) throw new UsageFailure(`unexpected arguments: [${call.args.join(' ')}]`);
    if (!['', 'wide', 'name', 'json', 'yaml', 'kyaml'].includes(flags.output))
      throw unknownFormat(flags.output, ['json', 'kyaml', 'name', 'wide', 'yaml']);
    if (!['', 'name', 'kind'].includes(flags['sort-by'])) throw new Failure('--sort-by accepts only name or kind');
    const { api } = await context.session();
    const shown = (await api.resources()).all.filter(
      (resource) =>
        resource.preferred &&
        resource.verbs.length > 0 &&
        (!changed.has('api-group') || resource.group === flags['api-group']) &&
        (!changed.has('namespaced') || resource.namespaced === flags.namespaced) &&
        flags.verbs.every((verb) => resource.verbs.includes(verb)) &&
        flags.categories.every((category) => resource.categories.includes(category)),
    );
    const by = flags['sort-by'];
    const key = (resource: ApiResource) => (by === 'kind' ? resource.kind : by === 'name' ? resource.resource : '');
    const sorted = shown.sort((left, right) =>
      by === ''
        ? compareBytes(left.group, right.group) || compareBytes(left.resource, right.resource)
        : compareBytes(key(left), key(right)),
    );
    if (flags.output === 'name') {
      context.out.write(sorted.map((resource) => `${groupResource(resource)}\n`).join(''));
      return 0;
    }
    if (['json', 'yaml', 'kyaml'].includes(flags.output)) {
      const list = {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: '',
        resources: sorted.map(resourceObject),
      };
      context.out.write(await listText(list, flags.output));
      return 0;
    }
    const wide = flags.output === 'wide';
    const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])];
    const rows = sorted.map((resource) => [
      resource.resource,
      resource.shortNames.join(','),
      apiVersionOf(resource),
      String(resource.namespaced),
      resource.kind,
      ...(wide ? [resource.verbs.join(','), resource.categories.join(',')] : []),
    ]);
    context.out.write(alignCells(flags['no-headers'] ? rows : [header, ...rows]));
    return 0;
  },
});

function resourceObject(resource: ApiResource): JsonObject {
  return {
    name: resource.resource,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    ...(resource.group !== '' && { group: resource.group }),
    version: resource.version,
    kind: resource.kind,
    verbs: [...resource.verbs],
    ...(resource.shortNames.length > 0 && { shortNames: [...resource.shortNames] }),
    ...(resource.categories.length > 0 && { categories: [...resource.categories] }),
  };
}

async function listText(list: JsonObject, output: string): Promise<string> {
  if (output === 'json') return toPrettyJson(list, false);
  if (output === 'kyaml') return (await import('../printers/kyaml.ts')).toKyaml(list, false);
  return (await import('../../api/schema/encode-yaml.ts')).toYaml(list);
}

export const apiVersions = command({
  summary: 'Print the supported API versions on the server, in the form of "group/version"',
  usage: '',
  flags: {},
  async run(call, context) {
    if (call.args.length > 0) throw new UsageFailure(`unexpected arguments: [${call.args.join(' ')}]`);
    const { api } = await context.session();
    const versions = [...new Set(await versionsOf(api))].sort(compareBytes);
    context.out.write(versions.map((version) => `${version}\n`).join(''));
    return 0;
  },
});

async function versionsOf(api: Api): Promise<string[]> {
  try {
    return await groupVersions(api);
  } catch (cause) {
    throw new Failure(`couldn't get available api versions from server: ${messageOf(cause)}`, { cause });
  }
}
