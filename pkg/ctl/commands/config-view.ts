// `config view` and `config get-contexts`.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { outputFlags } from '../cli/shared-flags.ts';
import { ConfigFiles, ENTRY_FIELD } from '../kubeconfig/config-files.ts';
import { isObject, objects, text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { alignCells } from '../printers/tab-writer.ts';

/** What a redacted view shows instead. */
const HIDDEN_DATA = 'DATA+OMITTED';
const HIDDEN = 'REDACTED';

export const view = command({
  summary: 'Display merged kubeconfig settings or a specified kubeconfig file',
  usage: '[flags]',
  flags: {
    ...outputFlags,
    output: stringFlag('Output format: json, yaml, name, jsonpath, ...', { short: 'o', default: 'yaml' }),
    flatten: boolFlag('Put the content of files into the output; nothing is hidden then.'),
    merge: boolFlag('Accepted for compatibility.', { default: true, hidden: true }),
    minify: boolFlag('Remove all that the current context does not use.'),
    raw: boolFlag('Display raw byte data and sensitive data.'),
  },
  async run(call, context) {
    const { flags } = call;
    if (call.args.length > 0) throw new UsageFailure(`unexpected arguments: [${call.args.join(' ')}]`);
    const files = await ConfigFiles.load(context);
    let shown = files.merged();
    if (flags.flatten) shown = await flattened(shown, files, context);
    if (flags.minify) shown = minified(shown, context.globals.context || files.currentContext);
    // Whoever asks for the content of files is shown everything, as kubectl has it.
    if (!flags.raw && !flags.flatten) shown = redacted(shown);
    const print = await objectPrinter({
      flags,
      templateGiven: call.changed.has('template'),
      cwd: context.cwd,
      sorted: false,
    });
    context.out.write(print(flags.output === 'yaml' ? shown : inGoOrder(shown)));
    return 0;
  },
});

/** Files in the place of which their content can stand. */
const FILES = {
  clusters: ['certificate-authority'],
  users: ['client-certificate', 'client-key'],
} as const;

async function flattened(config: JsonObject, files: ConfigFiles, context: Context): Promise<JsonObject> {
  const shown = structuredClone(config);
  for (const section of ['clusters', 'users'] as const)
    for (const item of objects(shown, section)) {
      const entry = item[ENTRY_FIELD[section]];
      if (!isObject(entry)) continue;
      const directory = dirname(resolve(context.cwd, files.pathOf(section, text(item, 'name'))));
      for (const field of FILES[section]) {
        const path = text(entry, field);
        if (path === '') continue;
        try {
          entry[`${field}-data`] = (await readFile(resolve(directory, path))).toString('base64');
        } catch (cause) {
          throw new Failure(`open ${resolve(directory, path)}: no such file or directory`, { cause });
        }
        delete entry[field];
      }
    }
  return shown;
}

/** The order of the fields of clientcmd's types; others come last. */
const FIELD_ORDER: Readonly<Record<string, readonly string[]>> = {
  cluster: [
    'server',
    'tls-server-name',
    'insecure-skip-tls-verify',
    'certificate-authority',
    'certificate-authority-data',
    'proxy-url',
    'disable-compression',
  ],
  user: [
    'client-certificate',
    'client-certificate-data',
    'client-key',
    'client-key-data',
    'token',
    'tokenFile',
    'as',
    'as-uid',
    'as-groups',
    'as-user-extra',
    'username',
    'password',
    'auth-provider',
    'exec',
  ],
  context: ['cluster', 'user', 'namespace'],
  exec: ['command', 'args', 'env', 'apiVersion', 'installHint', 'provideClusterInfo', 'interactiveMode'],
  'auth-provider': ['name', 'config'],
};

function ordered(entry: Json | undefined, kind: string): Json {
  if (!isObject(entry)) return entry ?? {};
  const names = FIELD_ORDER[kind] ?? [];
  const known = names.filter((name) => entry[name] !== undefined);
  const others = Object.keys(entry).filter((name) => !names.includes(name));
  return Object.fromEntries(
    [...known, ...others].map((name) => [
      name,
      FIELD_ORDER[name] === undefined || !isObject(entry[name]) ? (entry[name] ?? null) : ordered(entry[name], name),
    ]),
  );
}

/** The order of the fields of clientcmd's Config. */
function inGoOrder(config: JsonObject): JsonObject {
  const named = (section: string, field: string): Json =>
    config[section] === null
      ? null
      : objects(config, section).map((item) => ({ name: item['name'] ?? '', [field]: ordered(item[field], field) }));
  return {
    kind: 'Config',
    apiVersion: 'v1',
    ...(config['preferences'] !== undefined && { preferences: config['preferences'] }),
    clusters: named('clusters', 'cluster'),
    users: named('users', 'user'),
    contexts: named('contexts', 'context'),
    'current-context': config['current-context'] ?? '',
  };
}

function minified(config: JsonObject, current: string): JsonObject {
  if (current === '') throw new Failure('current-context must exist in order to minify');
  const only = (section: string, name: string): Json =>
    objects(config, section).filter((item) => text(item, 'name') === name);
  const context = objects(config, 'contexts').find((item) => text(item, 'name') === current);
  if (context === undefined) throw new Failure(`cannot locate context ${current}`);
  return {
    ...config,
    'current-context': current,
    contexts: only('contexts', current),
    clusters: only('clusters', text(context, 'context', 'cluster')),
    users: only('users', text(context, 'context', 'user')),
  };
}

function redacted(config: JsonObject): JsonObject {
  const clean = (section: string, field: string, hide: Readonly<Record<string, string>>): Json =>
    config[section] === null
      ? null
      : objects(config, section).map((item) => {
          const entry = item[field];
          if (!isObject(entry)) return item;
          const shown = { ...entry };
          for (const [key, word] of Object.entries(hide)) if (text(shown, key) !== '') shown[key] = word;
          return { ...item, [field]: shown };
        });
  return {
    ...config,
    clusters: clean('clusters', 'cluster', { 'certificate-authority-data': HIDDEN_DATA }),
    users: clean('users', 'user', {
      'client-certificate-data': HIDDEN_DATA,
      'client-key-data': HIDDEN_DATA,
      token: HIDDEN,
      password: HIDDEN,
    }),
  };
}

export const getContexts = command({
  summary: 'Describe one or many contexts',
  usage: '[(-o|--output=)name)] [options]',
  flags: {
    'no-headers': boolFlag("Don't print headers."),
    output: stringFlag('Output format. One of: (name).', { short: 'o' }),
  },
  async run(call, context) {
    const { flags } = call;
    if (!['', 'name'].includes(flags.output))
      throw new Failure(
        `--output ${flags.output} is not available in kubectl config get-contexts; resetting to default output format`,
      );
    const files = await ConfigFiles.load(context);
    const all = files.names('contexts');
    const wanted = call.args.length === 0 ? all : all.filter((name) => call.args.includes(name));
    const missing = call.args.filter((name) => !all.includes(name));
    const rows = wanted.map((name) => {
      const entry = files.entry('contexts', name) ?? {};
      const current = files.currentContext === name ? '*' : '';
      return [current, name, text(entry, 'cluster'), text(entry, 'user'), text(entry, 'namespace')];
    });
    if (flags.output === 'name') context.out.write(rows.map((row) => `${row[1] ?? ''}\n`).join(''));
    else {
      const header = ['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE'];
      context.out.write(alignCells(flags['no-headers'] ? rows : [header, ...rows]));
    }
    if (missing.length > 0) throw new Failure(missing.map((name) => `context ${name} not found`).join('\n'));
    return 0;
  },
});
