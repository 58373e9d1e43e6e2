// One connection of one command to one API server: where it is, the namespace to work in, and the calls.
import type { Clock } from '../../clock/clock.ts';
import { httpsTransport, type ForwardTarget, type HttpsTransport } from '../../client/https-transport.ts';
import { inClusterContext, transportOf } from '../../client/kubeconfig-transport.ts';
import {
  loadKubeConfig,
  resolveContext,
  type ClusterEntry,
  type KubeConfig,
  type ResolvedContext,
  type UserEntry,
} from '../../client/kubeconfig.ts';
import { isApiError } from '../../api/meta/status.ts';
import { UnreachableError, type Transport } from '../../client/transport.ts';
import type { FlagValues } from '../cli/flags.ts';
import type { globalFlags } from '../cli/global-flags.ts';
import { Failure, messageOf, PlainFailure } from '../cli/failure.ts';
import { withExecCredential, type ExecSource } from '../kubeconfig/exec-credential.ts';
import { checkConfiguration } from '../kubeconfig/validation.ts';
import { parseGoDuration } from '../../api/meta/duration.ts';
import { CLIENT_GIT_VERSION } from '../client-version.ts';
import { text } from '../objects/access.ts';
import { Api } from './api.ts';

export interface Session {
  readonly api: Api;
  /** As in the messages: `https://host:port`. */
  readonly server: string;
  readonly namespace: string;
  /** Whether the user named it with a flag, so that objects of another namespace are refused. */
  readonly namespaceForced: boolean;
  /** For whoever passes requests on as they are. */
  forwardTarget(): Promise<ForwardTarget>;
}

export interface SessionSource extends ExecSource {
  readonly globals: FlagValues<typeof globalFlags>;
  /** The first word of the command: `get`. */
  readonly verb: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  warn(text: string): void;
}

/** Where kubectl looks when nothing is configured. */
const DEFAULT_SERVER = 'http://localhost:8080';

export async function openSession(source: SessionSource): Promise<Session & AsyncDisposable> {
  const { context, userName, clusterName } = await chooseContext(source);
  await checkConfiguration(context.cluster, context.user, {
    cluster: clusterName,
    user: userName,
    namespaceGiven: source.globals.namespace !== '',
  });
  const user = await withExecCredential(context.user, { user: userName }, context.cluster, source);
  const timeout = requestTimeout(source.globals['request-timeout']);
  const transport = await connect({ ...context, user }, source.clock, timeout);
  const api = new Api(transport, source.signal, (text) => source.warn(text));
  if (source.globals['match-server-version']) await checkServerVersion(api, transport);
  return {
    api,
    server: context.cluster.server ?? DEFAULT_SERVER,
    namespace: context.namespace,
    namespaceForced: source.globals.namespace !== '',
    forwardTarget: () => transport.forwardTarget(),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

/** The context that flags, kubeconfig files and, inside a pod, the service account give. */
export async function chooseContext(
  source: Omit<SessionSource, 'warn'>,
): Promise<{ context: ResolvedContext; userName: string; clusterName: string }> {
  const { globals } = source;
  const given = (name: 'context' | 'cluster' | 'user' | 'namespace') =>
    globals[name] === '' ? {} : { [name]: globals[name] };
  const config = await loadKubeConfig({
    env: source.env,
    home: source.home,
    ...(globals.kubeconfig !== '' && { path: globals.kubeconfig }),
  });
  checkNames(config, source);
  const chosen = resolveContext(config, {
    ...given('context'),
    ...given('cluster'),
    ...given('user'),
    ...given('namespace'),
  });
  const cluster: ClusterEntry = {
    ...chosen.cluster,
    ...(globals.server !== '' && { server: globals.server }),
    ...(globals['certificate-authority'] !== '' && {
      'certificate-authority': globals['certificate-authority'],
      'certificate-authority-data': undefined,
    }),
    ...(globals['insecure-skip-tls-verify'] && {
      'insecure-skip-tls-verify': true,
      // The kubeconfig's authority gives way, one given beside the flag does not.
      ...(globals['certificate-authority'] === '' && {
        'certificate-authority': undefined,
        'certificate-authority-data': undefined,
      }),
    }),
    ...(globals['tls-server-name'] !== '' && { 'tls-server-name': globals['tls-server-name'] }),
  };
  const user: UserEntry = {
    ...chosen.user,
    ...(globals.token !== '' && { token: globals.token, tokenFile: undefined }),
    ...(globals.username !== '' && { username: globals.username }),
    ...(globals.password !== '' && { password: globals.password }),
    ...(globals['client-certificate'] !== '' && {
      'client-certificate': globals['client-certificate'],
      'client-certificate-data': undefined,
    }),
    ...(globals['client-key'] !== '' && { 'client-key': globals['client-key'], 'client-key-data': undefined }),
    ...(globals.as !== '' && { as: globals.as }),
    ...(globals['as-group'].length > 0 && { 'as-groups': globals['as-group'] }),
    ...(globals['as-uid'] !== '' && { 'as-uid': globals['as-uid'] }),
    ...(globals['as-user-extra'].length > 0 && { 'as-user-extra': extrasOf(globals['as-user-extra']) }),
  };
  const context = { ...chosen, cluster, user };
  const contextEntry = chosen.name === undefined ? undefined : config.contexts.get(chosen.name);
  const userName = globals.user || (contextEntry?.user ?? '');
  const clusterName = globals.cluster || (contextEntry?.cluster ?? '');
  const names = { userName, clusterName };
  if ((cluster.server ?? '') !== '') return { context, ...names };
  const inCluster = inClusterContext(source.env);
  return { context: inCluster ?? { ...context, cluster: { ...cluster, server: DEFAULT_SERVER } }, ...names };
}

/** Verbs of kubectl that look at the context before they look for a namespace. */
const CONTEXT_FIRST: ReadonlySet<string> = new Set([
  'api-resources',
  'api-versions',
  'apply',
  'auth',
  'cluster-info',
  'cordon',
  'create',
  'drain',
  'explain',
  'run',
  'uncordon',
  'version',
  'wait',
]);

/** Names given by flags. Who looks for a namespace first, or has no configuration, hears sentences of their own. */
function checkNames(config: KubeConfig, source: Pick<SessionSource, 'globals' | 'verb'>): void {
  const { globals } = source;
  const configured = config.contexts.size + config.clusters.size + config.users.size > 0;
  if (configured && (globals.namespace !== '' || CONTEXT_FIRST.has(source.verb))) return;
  if (globals.context !== '' && !config.contexts.has(globals.context))
    throw new PlainFailure(`Error in configuration: context was not found for specified context: ${globals.context}`);
  if (globals.cluster !== '' && !config.clusters.has(globals.cluster))
    throw new Failure(`no server found for cluster ${JSON.stringify(globals.cluster)}`);
  if (globals.user !== '' && !config.users.has(globals.user))
    throw new Failure(`auth info ${JSON.stringify(globals.user)} does not exist`);
}

async function connect(context: ResolvedContext, clock: Clock, timeoutMs: number | undefined): Promise<HttpsTransport> {
  const server = context.cluster.server ?? DEFAULT_SERVER;
  const settings = { userAgent: 'tkctl', clock, ...(timeoutMs !== undefined && { timeoutMs }) };
  if (server.includes('://') && !URL.canParse(server))
    throw new Failure(`host must be a URL or a host:port pair: ${JSON.stringify(server)}`);
  // kubectl takes a server without a scheme as plain HTTP.
  if (!server.includes('://')) return httpsTransport({ server: `http://${server}`, ...settings });
  return transportOf(context, settings);
}

/** Milliseconds; undefined: no limit of ours. Throws Failure for what is no duration. */
export function requestTimeout(text: string): number | undefined {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseGoDuration(text);
  if (ms === undefined)
    throw new Failure(
      'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
    );
  return ms === 0 ? undefined : ms;
}

/** `key=value` pairs; a key may come several times. */
function extrasOf(pairs: readonly string[]): Record<string, string[]> {
  const extras: Record<string, string[]> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const key = equals < 0 ? pair : pair.slice(0, equals);
    (extras[key] ??= []).push(equals < 0 ? '' : pair.slice(equals + 1));
  }
  return extras;
}

/** `--match-server-version`. */
async function checkServerVersion(api: Api, transport: Transport): Promise<void> {
  try {
    const answer = await api.sendForObject({ method: 'GET', path: '/version' });
    const version = text(answer, 'gitVersion');
    if (version !== CLIENT_GIT_VERSION)
      throw new Failure(`server version (${version}) differs from client version (${CLIENT_GIT_VERSION})`);
  } catch (cause) {
    await transport.close();
    if (!isApiError(cause) && !(cause instanceof UnreachableError)) throw cause;
    throw new Failure(`couldn't read version from server: ${messageOf(cause)}`, { cause });
  }
}
