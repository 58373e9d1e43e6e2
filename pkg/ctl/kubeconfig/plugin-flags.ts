// The flags of `config set-credentials` about programs and providers that give credentials, and what they do to a user.
import type { JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { arrayFlag, boolFlag, listFlag, stringFlag, type FlagValues } from '../cli/flags.ts';
import { isObject, object, objects, text } from '../objects/access.ts';

export const pluginFlags = {
  'auth-provider': stringFlag('Auth provider for the user entry'),
  'auth-provider-arg': listFlag("'key=value' arguments for the auth provider; 'key-' takes one away"),
  'exec-api-version': stringFlag('API version of the exec credential plugin'),
  'exec-arg': listFlag('Arguments of the exec credential plugin'),
  'exec-command': stringFlag('Command of the exec credential plugin'),
  'exec-env': arrayFlag("'key=value' environment of the exec credential plugin; 'key-' takes one away"),
  'exec-interactive-mode': stringFlag('How the plugin uses stdin: Never, IfAvailable or Always'),
  'exec-provide-cluster-info': boolFlag('Tell the plugin about the cluster'),
};

interface PluginCall {
  readonly flags: FlagValues<typeof pluginFlags>;
  readonly changed: ReadonlySet<string>;
}

/** Writes `exec`; without --exec-command only where there is one already. Mutates. */
export function setExecPlugin(user: JsonObject, { flags, changed }: PluginCall): void {
  const mode = flags['exec-interactive-mode'];
  if (mode !== '' && !['Never', 'IfAvailable', 'Always'].includes(mode))
    throw new Failure('invalid interactive mode type, can be only IfAvailable, Never, Always');
  if (!changed.has('exec-command') && !isObject(user['exec'])) return;
  const before: JsonObject = isObject(user['exec'])
    ? user['exec']
    : { args: null, command: '', env: null, provideClusterInfo: false };
  const env = changed.has('exec-env') ? variables(objects(before, 'env'), flags['exec-env']) : before['env'];
  user['exec'] = {
    ...before,
    ...(changed.has('exec-command') && { command: flags['exec-command'] }),
    ...(changed.has('exec-api-version') && { apiVersion: flags['exec-api-version'] }),
    ...(changed.has('exec-arg') && { args: [...flags['exec-arg']] }),
    ...(mode !== '' && { interactiveMode: mode }),
    ...(changed.has('exec-provide-cluster-info') && { provideClusterInfo: flags['exec-provide-cluster-info'] }),
    env: env ?? null,
  };
}

function variables(before: readonly JsonObject[], changes: readonly string[]): JsonObject[] {
  let after = [...before];
  for (const change of changes) {
    const [name, value] = assignment(change);
    const at = after.findIndex((variable) => text(variable, 'name') === name);
    if (value === undefined) after = after.filter((variable) => text(variable, 'name') !== name);
    else if (at < 0) after.push({ name, value });
    else after[at] = { name, value };
  }
  return after;
}

/** Writes `auth-provider`. Mutates. */
export function setAuthProvider(user: JsonObject, { flags, changed }: PluginCall): void {
  if (!changed.has('auth-provider') && !changed.has('auth-provider-arg')) return;
  if (!changed.has('auth-provider') && !isObject(user['auth-provider'])) return;
  const before = object(user, 'auth-provider');
  const config = { ...object(before, 'config') };
  for (const change of flags['auth-provider-arg']) {
    const [name, value] = assignment(change);
    if (value === undefined) delete config[name];
    else config[name] = value;
  }
  user['auth-provider'] = {
    config: Object.keys(config).length > 0 ? config : null,
    name: changed.has('auth-provider') ? flags['auth-provider'] : text(before, 'name'),
  };
}

function assignment(change: string): [name: string, value: string | undefined] {
  const equals = change.indexOf('=');
  if (equals >= 0) return [change.slice(0, equals), change.slice(equals + 1)];
  if (change.endsWith('-')) return [change.slice(0, -1), undefined];
  throw new Failure(`Error: invalid format: ${change}`);
}
