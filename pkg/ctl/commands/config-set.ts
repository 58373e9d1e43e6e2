// `config set-cluster|set-context|set-credentials`. The flags that carry the values are the global ones.
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { JsonObject } from '../../api/schema/json.ts';
import { command, type Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { unexpectedArguments } from '../kubeconfig/config-arguments.ts';
import { ConfigFiles, type Section } from '../kubeconfig/config-files.ts';
import { pluginFlags, setAuthProvider, setExecPlugin } from '../kubeconfig/plugin-flags.ts';

const embed = { 'embed-certs': boolFlag('Put the certificates themselves into the kubeconfig.') };

/** Sets `field` (or with `embedded` its `-data` form) to a certificate file that a flag names. */
async function assignFile(
  entry: JsonObject,
  field: string,
  path: string,
  { embedded, directory }: { readonly embedded: boolean; readonly directory: string },
  context: Context,
): Promise<void> {
  if (path === '') return;
  const full = resolve(context.cwd, path);
  if (!embedded) {
    entry[field] = besides(directory, full);
    delete entry[`${field}-data`];
    return;
  }
  try {
    entry[`${field}-data`] = (await readFile(full)).toString('base64');
  } catch (cause) {
    throw new Failure(`could not stat ${field} file ${path}: stat ${path}: no such file or directory`, { cause });
  }
  delete entry[field];
}

/** A file below the kubeconfig's directory is named by its way from there. */
function besides(directory: string, full: string): string {
  const way = relative(directory, full);
  return way.startsWith('../') ? full : way;
}

/** Where the kubeconfig is that an entry stands in, or will. */
function directoryOf(files: ConfigFiles, section: Section, name: string, context: Context): string {
  return dirname(resolve(context.cwd, files.pathOf(section, name)));
}

function onlyName(args: readonly string[], start?: string): string {
  const [name, ...more] = args;
  if (name === undefined || more.length > 0) throw unexpectedArguments(args, start);
  return name;
}

export const setCluster = command({
  summary: 'Set a cluster entry in kubeconfig',
  usage:
    'NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]',
  flags: { ...embed, 'proxy-url': stringFlag('URL of a proxy to the cluster.') },
  async run(call, context) {
    const name = onlyName(call.args);
    const files = await ConfigFiles.load(context);
    const { globals, globalsChanged: given } = context;
    if (globals['insecure-skip-tls-verify'] && globals['certificate-authority'] !== '')
      throw new Failure('you cannot specify a certificate authority and insecure mode at the same time');
    const entry = { ...files.entry('clusters', name) };
    if (given.has('server')) entry['server'] = globals.server.replace(/\/$/, '');
    if (given.has('tls-server-name')) entry['tls-server-name'] = globals['tls-server-name'];
    if (given.has('insecure-skip-tls-verify')) {
      if (globals['insecure-skip-tls-verify']) {
        entry['insecure-skip-tls-verify'] = true;
        delete entry['certificate-authority'];
        delete entry['certificate-authority-data'];
      } else delete entry['insecure-skip-tls-verify'];
    }
    const how = {
      embedded: call.flags['embed-certs'],
      directory: directoryOf(files, 'clusters', name, context),
    };
    await assignFile(entry, 'certificate-authority', globals['certificate-authority'], how, context);
    if (globals['certificate-authority'] !== '') delete entry['insecure-skip-tls-verify'];
    if (call.flags['proxy-url'] !== '') entry['proxy-url'] = call.flags['proxy-url'];
    if (entry['server'] === undefined) entry['server'] = '';
    files.set('clusters', name, entry);
    await files.save();
    context.out.write(`Cluster ${JSON.stringify(name)} set.\n`);
    return 0;
  },
});

export const setContext = command({
  summary: 'Set a context entry in kubeconfig',
  usage: '[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]',
  flags: { current: boolFlag('Modify the current context') },
  async run(call, context) {
    const files = await ConfigFiles.load(context);
    if (call.flags.current && call.args.length > 0)
      throw new Failure('you cannot specify both a context name and --current');
    if (!call.flags.current && call.args.length === 0)
      throw new Failure('you must specify a non-empty context name or --current');
    if (!call.flags.current && call.args.length !== 1) throw unexpectedArguments(call.args);
    const name = call.flags.current ? files.currentContext : (call.args[0] ?? '');
    if (name === '') throw new Failure('no current context is set');
    const before = files.entry('contexts', name);
    const { globals, globalsChanged: given } = context;
    const entry = { cluster: '', user: '', ...before };
    for (const field of ['cluster', 'user', 'namespace'] as const)
      if (given.has(field)) Object.assign(entry, { [field]: globals[field] });
    files.set('contexts', name, entry);
    await files.save();
    context.out.write(`Context ${JSON.stringify(name)} ${before === undefined ? 'created' : 'modified'}.\n`);
    return 0;
  },
});

export const setCredentials = command({
  summary: 'Set a user entry in kubeconfig',
  usage:
    'NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [options]',
  flags: { ...embed, ...pluginFlags },
  async run(call, context) {
    const name = onlyName(call.args, 'unexpected');
    const files = await ConfigFiles.load(context);
    const { globals, globalsChanged: given } = context;
    if (globals.token !== '' && (globals.username !== '' || globals.password !== ''))
      throw new Failure(
        'you cannot specify more than one authentication method at the same time: --token, --username/--password',
      );
    const entry = { ...files.entry('users', name) };
    const how = {
      embedded: call.flags['embed-certs'],
      directory: directoryOf(files, 'users', name, context),
    };
    await assignFile(entry, 'client-certificate', globals['client-certificate'], how, context);
    await assignFile(entry, 'client-key', globals['client-key'], how, context);
    for (const field of ['token', 'username', 'password'] as const) if (given.has(field)) entry[field] = globals[field];
    if (given.has('token')) {
      delete entry['username'];
      delete entry['password'];
    }
    setExecPlugin(entry, call);
    setAuthProvider(entry, call);
    files.set('users', name, entry);
    await files.save();
    context.out.write(`User ${JSON.stringify(name)} set.\n`);
    return 0;
  },
});
