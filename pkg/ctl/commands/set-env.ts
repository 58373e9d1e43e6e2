// `set env`: sets, removes and lists environment variables of containers.
import { strictEnvVarNameFaults } from '../../api/meta/names.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, listFlag, stringFlag } from '../cli/flags.ts';
import { isObject, nameOf, object, objects, text } from '../objects/access.ts';
import { visit, type InfoReading } from '../resources/infos.ts';
import { allContainers, podSpecOf, selectContainers } from '../resources/pod-templates.ts';
import { changeTemplates, setFlags, templateInfos } from './set-image.ts';

interface EnvChanges {
  readonly set: readonly JsonObject[];
  readonly remove: readonly string[];
}

export const setEnv = command({
  summary: 'Update environment variables on a pod template',
  usage: 'RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]',
  examples: [
    'set env deployment/web LEVEL=debug',
    'set env deployment/web LEVEL-',
    'set env --from=configmap/c deployment/web',
    'set env deploy --all --list',
  ],
  flags: {
    ...setFlags,
    containers: stringFlag('The names of containers to change; may use wildcards.', { short: 'c', default: '*' }),
    env: listFlag('A key-value pair for an environment variable to set into each container.', { short: 'e' }),
    from: stringFlag('The name of a ConfigMap or Secret whose keys become variables (configmap/NAME).'),
    keys: listFlag('Keys to import from the specified resource.'),
    list: boolFlag('Display the environment and any changes in the standard format.'),
    overwrite: boolFlag('Allow environment to be overwritten.', { default: true }),
    prefix: stringFlag('Prefix to append to variable names'),
    resolve: boolFlag('With --list: show values of ConfigMap and Secret references.'),
  },
  async run(call, context) {
    const { flags } = call;
    const isAssignment = (word: string) => word.includes('=') || (word.endsWith('-') && word.length > 1);
    const first = call.args.findIndex(isAssignment);
    const resources = first < 0 ? call.args : call.args.slice(0, first);
    const words = [...(first < 0 ? [] : call.args.slice(first)), ...flags.env];
    const misplaced = words.find((word) => !isAssignment(word));
    if (misplaced !== undefined)
      throw new Failure(`all resources must be specified before environment changes: ${misplaced}`);
    if (resources.length === 0 && flags.filename.length === 0)
      throw new Failure('one or more resources must be specified as <resource> <name> or <resource>/<name>');
    const changes = parseWords(words);
    const imported = flags.from === '' ? [] : await importedFrom(flags.from, flags.keys, flags.prefix, context);
    const all = { set: [...imported, ...changes.set], remove: changes.remove };
    const reading = await templateInfos(call, resources, context);
    if (flags.list) {
      await listEnvironment(reading, flags.containers, context);
      return 0;
    }
    await changeTemplates(
      reading,
      'env updated',
      (spec, info) => {
        const chosen = selectContainers(allContainers(spec), flags.containers);
        if (chosen.length === 0) {
          const label = `${info.resource.kind}/${info.name}`;
          context.err.write(
            `Warning: ${label} does not have any containers matching ${JSON.stringify(flags.containers)}\n`,
          );
        }
        for (const container of chosen) {
          if (!flags.overwrite) checkOverwrite(container, all);
          container['env'] = changed(objects(container, 'env'), all);
        }
      },
      call,
      context,
      { refused: 'failed to patch env update to pod template:' },
    );
    return 0;
  },
});

function parseWords(words: readonly string[]): EnvChanges {
  const set: JsonObject[] = [];
  const remove: string[] = [];
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0) remove.push(word.slice(0, -1));
    else {
      const name = word.slice(0, equals);
      const [fault] = strictEnvVarNameFaults(name);
      if (fault !== undefined) throw new Failure(`${JSON.stringify(name)} is not a valid key name: ${fault}`);
      set.push({ name, value: word.slice(equals + 1) });
    }
  }
  if (set.some((variable) => remove.includes(text(variable, 'name'))))
    throw new Failure('can not both modify and remove the same environment variable in the same command');
  return { set, remove };
}

function checkOverwrite(container: JsonObject, changes: EnvChanges): void {
  for (const { name } of changes.set)
    if (objects(container, 'env').some((variable) => variable['name'] === name))
      throw new Failure(`'${text(name)}' already has a value, and --overwrite is false`);
}

function changed(before: readonly JsonObject[], { set, remove }: EnvChanges): JsonObject[] {
  const kept = before
    .filter((variable) => !remove.includes(text(variable, 'name')))
    .map((variable) => set.findLast((other) => other['name'] === variable['name']) ?? variable);
  const added = set.filter((variable) => !before.some((old) => old['name'] === variable['name']));
  return [...kept, ...added.filter((variable) => !remove.includes(text(variable, 'name')))];
}

/** A variable for each key of a ConfigMap or Secret, referring to it. */
async function importedFrom(
  from: string,
  keys: readonly string[],
  prefix: string,
  context: Context,
): Promise<JsonObject[]> {
  const { api, namespace } = await context.session();
  const [type = '', name = ''] = from.split('/');
  const resource = (await api.resources()).require(type);
  const reference =
    resource.kind === 'ConfigMap' ? 'configMapKeyRef' : resource.kind === 'Secret' ? 'secretKeyRef' : undefined;
  if (reference === undefined) throw new Failure(`unsupported resource specified in --from`);
  const source = await api.get({ resource, namespace, name });
  return Object.keys(object(source, 'data'))
    .filter((key) => keys.length === 0 || keys.includes(key))
    .sort()
    .map((key) => ({
      name: prefix + key.toUpperCase().replace(/[^A-Z0-9_]/g, '_'),
      valueFrom: { [reference]: { name, key } },
    }));
}

async function listEnvironment(reading: InfoReading, pattern: string, context: Context): Promise<void> {
  await visit(
    reading.infos,
    async (info) => {
      const spec = podSpecOf(info.object);
      for (const container of spec === undefined ? [] : selectContainers(allContainers(spec), pattern)) {
        context.out.write(`# ${info.resource.kind} ${nameOf(info.object)}, container ${text(container, 'name')}\n`);
        for (const variable of objects(container, 'env')) context.out.write(`${variableLine(variable)}\n`);
      }
    },
    reading.failures,
  );
}

function variableLine(variable: JsonObject): string {
  const name = text(variable, 'name');
  const from = variable['valueFrom'];
  if (!isObject(from)) return `${name}=${text(variable, 'value')}`;
  if (isObject(from['configMapKeyRef']))
    return `# ${name} from configmap ${text(from, 'configMapKeyRef', 'name')}, key ${text(from, 'configMapKeyRef', 'key')}`;
  if (isObject(from['secretKeyRef']))
    return `# ${name} from secret ${text(from, 'secretKeyRef', 'name')}, key ${text(from, 'secretKeyRef', 'key')}`;
  if (isObject(from['fieldRef'])) return `# ${name} from field path ${text(from, 'fieldRef', 'fieldPath')}`;
  return `# ${name} from a resource field ${text(from, 'resourceFieldRef', 'resource')}`;
}
