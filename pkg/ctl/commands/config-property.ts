// `config set` and `config unset`: single values of a kubeconfig file.
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag } from '../cli/flags.ts';
import { unexpectedArguments } from '../kubeconfig/config-arguments.ts';
import { ConfigFiles } from '../kubeconfig/config-files.ts';
import { propertyValue, readProperty } from '../kubeconfig/properties.ts';

const PROPERTY = 'PROPERTY_NAME is a path as clusters.NAME.server; current-context and preferences.colors stand alone.';

export const setProperty = command({
  summary: 'Set an individual value in a kubeconfig file',
  usage: 'PROPERTY_NAME PROPERTY_VALUE [options]',
  notes: PROPERTY,
  examples: ['config set clusters.my-cluster.server https://1.2.3.4', 'config set contexts.my-context.namespace team'],
  flags: {
    'set-raw-bytes': boolFlag('The value of a binary field is no base64: it is taken as it stands.'),
  },
  async run({ flags, args }, context) {
    const [path, value, ...more] = args;
    if (path === undefined || value === undefined || more.length > 0) throw unexpectedArguments(args);
    await change(context, (files) => {
      const property = readProperty(path);
      switch (property.kind) {
        case 'current-context':
          files.setCurrentContext(value);
          break;
        case 'colors':
          files.setPreference('colors', value === 'true');
          break;
        case 'field': {
          const { section, name, field } = property;
          const before = files.entry(section, name) ?? BLANK[section];
          files.set(section, name, {
            ...before,
            [field]: propertyValue(section, field, value, flags['set-raw-bytes']),
          });
          break;
        }
        case 'section':
        case 'entry':
          throw new Failure(`can't set a map to a value: ${path}`);
      }
    });
    context.out.write(`Property ${JSON.stringify(path)} set.\n`);
    return 0;
  },
});

export const unsetProperty = command({
  summary: 'Unset an individual value in a kubeconfig file',
  usage: 'PROPERTY_NAME [options]',
  notes: PROPERTY,
  examples: ['config unset current-context', 'config unset contexts.foo.namespace'],
  flags: {},
  async run({ args }, context) {
    const [path, ...more] = args;
    if (path === undefined || more.length > 0) throw unexpectedArguments(args);
    await change(context, (files) => {
      const property = readProperty(path);
      switch (property.kind) {
        case 'current-context':
          files.setCurrentContext('');
          break;
        case 'colors':
          files.setPreference('colors', undefined);
          break;
        case 'section':
          for (const name of files.names(property.section)) files.delete(property.section, name);
          break;
        case 'entry':
          files.delete(property.section, property.name);
          break;
        case 'field': {
          const { section, name, field } = property;
          const { [field]: _, ...rest } = files.entry(section, name) ?? {};
          if (files.entry(section, name) !== undefined) files.set(section, name, { ...BLANK[section], ...rest });
          break;
        }
      }
    });
    context.out.write(`Property ${JSON.stringify(path)} unset.\n`);
    return 0;
  },
});

/** What kubectl writes even where it is empty. */
const BLANK = { clusters: { server: '' }, contexts: { cluster: '', user: '' }, users: {} } as const;

async function change(context: Context, step: (files: ConfigFiles) => void): Promise<void> {
  const files = await ConfigFiles.load(context);
  step(files);
  await files.save();
}
