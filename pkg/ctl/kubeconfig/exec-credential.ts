// Credentials from a program that the kubeconfig names (client.authentication.k8s.io): what is wrong with its configuration,
// how it is called, and what its answer means. Sentences are client-go's.
import { readFile } from 'node:fs/promises';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import type { ClusterEntry, UserEntry } from '../../client/kubeconfig.ts';
import type { Input, ProgramRunner } from '../cli/command.ts';
import { Failure, messageOf, PlainFailure } from '../cli/failure.ts';
import { asJson, isObject, object, objects, text, texts } from '../objects/access.ts';

const GROUP = 'client.authentication.k8s.io';
const VERSIONS = ['v1', 'v1beta1'].map((version) => `${GROUP}/${version}`);

export interface ExecSource {
  readonly programs: ProgramRunner;
  readonly input: Pick<Input, 'isTerminal'>;
}

/** The user with what the program gave; as it is when no program is named or a token was given. */
export async function withExecCredential(
  user: UserEntry,
  names: { readonly user: string },
  cluster: ClusterEntry,
  source: ExecSource,
): Promise<UserEntry> {
  const { exec, ...rest } = user;
  if (exec === undefined) return user;
  const plugin = asJson(exec);
  if (!isObject(plugin)) return rest;
  checkPlugin(plugin, names.user);
  if (rest.token !== undefined && rest.token !== '') return rest;
  const status = await askPlugin(plugin, cluster, source);
  const data = (field: string) => Buffer.from(text(status, field)).toString('base64');
  return {
    ...rest,
    ...(text(status, 'token') !== '' && { token: text(status, 'token') }),
    ...(text(status, 'clientCertificateData') !== '' && {
      'client-certificate-data': data('clientCertificateData'),
      'client-key-data': data('clientKeyData'),
    }),
  };
}

function checkPlugin(plugin: JsonObject, user: string): void {
  const apiVersion = text(plugin, 'apiVersion');
  const mode = text(plugin, 'interactiveMode');
  const faults: string[] = [];
  const need = (field: string) =>
    faults.push(`${field} must be specified for ${user} to use exec authentication plugin`);
  if (text(plugin, 'command') === '') need('command');
  if (apiVersion === '') need('apiVersion');
  // The older version had no such field.
  if (mode === '' && apiVersion !== `${GROUP}/v1beta1` && apiVersion !== `${GROUP}/v1alpha1`) need('interactiveMode');
  if (!['', 'Never', 'IfAvailable', 'Always'].includes(mode))
    faults.push(
      `invalid interactiveMode for ${user}: ${JSON.stringify(mode)}. Allowed values are: 'Never', 'IfAvailable', 'Always'`,
    );
  if (faults.length > 1)
    throw new PlainFailure(`Error in configuration: \n${faults.map((fault) => `* ${fault}\n`).join('')}`.trimEnd());
  const [fault] = faults;
  if (fault !== undefined) throw new Failure(fault);
  if (!VERSIONS.includes(apiVersion))
    throw new Failure(`exec plugin: invalid apiVersion ${JSON.stringify(apiVersion)}`);
}

/** The status of the plugin's answer. */
async function askPlugin(plugin: JsonObject, cluster: ClusterEntry, source: ExecSource): Promise<JsonObject> {
  const apiVersion = text(plugin, 'apiVersion');
  const command = text(plugin, 'command');
  const mode = text(plugin, 'interactiveMode');
  const interactive = mode !== 'Never' && source.input.isTerminal;
  if (mode === 'Always' && !interactive)
    throw refused('exec plugin cannot support interactive mode: standard input is not a terminal');
  const info = {
    kind: 'ExecCredential',
    apiVersion,
    spec: {
      ...(plugin['provideClusterInfo'] === true && { cluster: await clusterInfo(cluster) }),
      interactive,
    },
  };
  const env: Record<string, string> = { KUBERNETES_EXEC_INFO: `${JSON.stringify(info)}\n` };
  for (const variable of objects(plugin, 'env')) env[text(variable, 'name')] = text(variable, 'value');
  let answer;
  try {
    answer = await source.programs.capture(command, texts(plugin, 'args'), {
      env,
      stdin: interactive,
      showStderr: true,
    });
  } catch (cause) {
    if (command.includes('/')) throw refused(`exec: fork/exec ${command}: no such file or directory`, cause);
    const hint = text(plugin, 'installHint');
    throw refused(
      `exec: executable ${command} not found\n\nIt looks like you are trying to use a client-go credential plugin that is not installed.\n\nTo learn more about this feature, consult the documentation available at:\n      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins${hint === '' ? '' : `\n\n${hint}`}`,
      cause,
    );
  }
  if (answer.code !== 0) throw refused(`exec: executable ${command} failed with exit code ${answer.code}`);
  return statusOf(answer.stdout, apiVersion);
}

/** What client-go's decoder calls the struct it reads a version out of, and the scheme it looks a kind up in. */
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const SCHEME = 'pkg/client/auth/exec/exec.go:64';

async function statusOf(stdout: string, apiVersion: string): Promise<JsonObject> {
  const unread = (why: string, cause?: unknown) =>
    refused(`decoding stdout: couldn't get version/kind; json parse error: ${why}`, cause);
  // client-go takes YAML too: a word alone is a string and nothing at all is an empty answer.
  const { parseYamlValue } = await import('../resources/manifest-text.ts');
  let parsed: Json;
  try {
    parsed = parseYamlValue(stdout) ?? {};
  } catch (cause) {
    throw unread(messageOf(cause), cause);
  }
  if (!isObject(parsed)) {
    const type = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed;
    throw unread(`json: cannot unmarshal ${type} into Go value of type ${TYPE_META}`);
  }
  const given = text(parsed, 'apiVersion') || `${GROUP}/__internal`;
  const kind = text(parsed, 'kind') || 'ExecCredential';
  if (kind !== 'ExecCredential')
    throw refused(
      `decoding stdout: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(given)} in scheme ${JSON.stringify(SCHEME)}`,
    );
  if (given !== apiVersion)
    throw refused(`exec plugin is configured to use API version ${apiVersion}, plugin returned version ${given}`);
  const status = parsed['status'];
  if (!isObject(status)) throw refused("exec plugin didn't return a status field");
  const [certificate, key] = [text(status, 'clientCertificateData'), text(status, 'clientKeyData')];
  if (text(status, 'token') === '' && certificate === '' && key === '')
    throw refused("exec plugin didn't return a token or cert/key pair");
  if ((certificate === '') !== (key === '')) throw refused('exec plugin returned only certificate or key, not both');
  return status;
}

async function clusterInfo(cluster: ClusterEntry): Promise<JsonObject> {
  const { server, 'certificate-authority': file } = cluster;
  let authority = cluster['certificate-authority-data'] ?? '';
  if (authority === '' && file !== undefined && file !== '') authority = (await readFile(file)).toString('base64');
  const extension = objects(asJson(cluster), 'extensions').find((item) => text(item, 'name') === `${GROUP}/exec`);
  return {
    server: server ?? '',
    ...(cluster['tls-server-name'] !== undefined && { 'tls-server-name': cluster['tls-server-name'] }),
    ...(cluster['insecure-skip-tls-verify'] === true && { 'insecure-skip-tls-verify': true }),
    ...(authority !== '' && { 'certificate-authority-data': authority }),
    config: extension === undefined ? null : object(extension, 'extension'),
  };
}

function refused(message: string, cause?: unknown): PlainFailure {
  return new PlainFailure(`Unable to connect to the server: getting credentials: ${message}`, { cause });
}
