// `explain`: the documentation of a kind or field, out of the server's OpenAPI document.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { command } from '../cli/command.ts';
import type { Resources } from '../rest/resources.ts';
import { Failure, messageOf, PlainFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { at, isObject, list, text } from '../objects/access.ts';
import { explainHead, explainText, fieldSchema } from '../describe/schema-text.ts';

const OUTPUTS = ['plaintext'];

export const explain = command({
  summary: 'Get documentation for a resource',
  usage: 'TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext] [options]',
  examples: ['explain pods', 'explain pods.spec.containers', 'explain deployment --recursive'],
  flags: {
    'api-version': stringFlag('Use given api-version (group/version) of the resource.'),
    output: stringFlag('Format in which to render the schema. Valid values are: (plaintext).', {
      short: 'o',
      default: 'plaintext',
    }),
    recursive: boolFlag('Print the names of all fields of the fields too.', { short: 'R' }),
  },
  async run(call, context) {
    const { flags } = call;
    const [asked, ...more] = call.args;
    if (asked === undefined)
      throw new Failure(
        `You must specify the type of resource to explain. Use "${context.program} api-resources" for a complete list of supported resources.`,
      );
    if (more.length > 0) throw new Failure('We accept only this format: explain RESOURCE');
    if (!OUTPUTS.includes(flags.output)) throw new Failure(`unrecognized format: ${flags.output}`);
    const { api } = await context.session();
    const resources = await api.resources();
    const wanted = flags['api-version'];
    // The longest beginning that names a resource: groups have dots as paths have.
    const words = asked.split('.');
    let type = words.length;
    let resource = undefined;
    for (; type > 0 && resource === undefined; type--) resource = resources.find(words.slice(0, type).join('.'));
    if (resource === undefined) throw new PlainFailure(unknownType(resources, words[0] ?? ''));
    else type++;
    const path = words.slice(type);
    const [group = '', version = ''] =
      wanted === '' ? [resource.group, resource.version] : wanted.includes('/') ? wanted.split('/') : ['', wanted];
    const where = group === '' ? `api/${version}` : `apis/${group}/${version}`;
    const index = await api.sendForObject({ method: 'GET', path: '/openapi/v3' });
    const address = text(index, 'paths', where, 'serverRelativeURL');
    if (address === '')
      throw new Failure(
        `couldn't find resource for "${group === '' ? '' : `${group}/`}${version}, Resource=${resource.resource}"`,
      );
    const document = await api.sendForObject({ method: 'GET', path: address });
    const root = schemaForKind(document, group, version, resource.kind);
    if (root === undefined)
      throw new Failure(`GVR (${group}/${version}, Resource=${resource.resource}) not found in OpenAPI schema`);
    let schema: Json = root;
    for (const field of path) {
      const inner = fieldSchema(document, schema, field);
      if (inner === undefined) {
        context.out.write(explainHead({ group, version, kind: resource.kind }));
        // kubectl names the last one, wherever the path breaks off.
        throw new Failure(`field ${JSON.stringify(path.at(-1))} does not exist`);
      }
      schema = inner;
    }
    context.out.write(
      explainText({
        document,
        group,
        version,
        kind: resource.kind,
        schema,
        // The field itself, whose own description comes first.
        fieldName: path.at(-1),
        recursive: flags.recursive,
      }),
    );
    return 0;
  },
});

/** The sentence about a type that nobody knows, with what may have been meant. */
function unknownType(resources: Resources, asked: string): string {
  try {
    resources.require(asked);
    return '';
  } catch (error) {
    return messageOf(error);
  }
}

function schemaForKind(document: JsonObject, group: string, version: string, kind: string): Json | undefined {
  const schemas = at(document, 'components', 'schemas');
  if (!isObject(schemas)) return undefined;
  return Object.values(schemas).find((schema) =>
    list(schema, 'x-kubernetes-group-version-kind').some(
      (gvk) => text(gvk, 'group') === group && text(gvk, 'version') === version && text(gvk, 'kind') === kind,
    ),
  );
}
