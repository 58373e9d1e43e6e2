// From a description of a cluster (a kubeconfig's context, or the files every pod finds) to a transport.
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { httpsTransport, type HttpsTransport } from './https-transport.ts';
import {
  KubeConfigError,
  loadKubeConfig,
  resolveContext,
  type ClusterEntry,
  type ContextOverrides,
  type KubeConfigSource,
  type ResolvedContext,
  type UserEntry,
} from './kubeconfig.ts';
import type { NetworkTransport } from './transport.ts';

export interface TransportSettings {
  readonly userAgent?: string;
  /** Limit for a request that is no stream, in milliseconds. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** Reads the certificates and keys that the context names. */
export async function transportOf(context: ResolvedContext, settings: TransportSettings = {}): Promise<HttpsTransport> {
  const { cluster, user } = context;
  if (cluster.server === undefined || cluster.server === '') {
    throw new KubeConfigError('invalid configuration: no server found for the cluster');
  }
  if (user.exec !== undefined) {
    throw new KubeConfigError('this kubeconfig gets its credentials from an exec plugin, which is not supported');
  }
  // A key without a certificate proves nothing; client-go does not read it.
  const hasCertificate = (user['client-certificate-data'] ?? '') !== '' || (user['client-certificate'] ?? '') !== '';
  const [ca, cert, key] = await Promise.all([
    authorityOf(cluster),
    pem(user['client-certificate-data'], user['client-certificate'], 'client-certificate'),
    hasCertificate ? pem(user['client-key-data'], user['client-key'], 'client-key') : undefined,
  ]);
  return httpsTransport({
    server: cluster.server.includes('://') ? cluster.server : `https://${cluster.server}`,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(user.token !== undefined && { token: user.token }),
    // Kubernetes: a token beside a tokenFile loses against the file.
    ...(user.tokenFile !== undefined && { tokenFile: user.tokenFile }),
    ...(user.username !== undefined && { username: user.username }),
    ...(user.password !== undefined && { password: user.password }),
    ...(cluster['insecure-skip-tls-verify'] === true && { insecureSkipTlsVerify: true }),
    ...(cluster['tls-server-name'] !== undefined && { tlsServerName: cluster['tls-server-name'] }),
    headers: impersonation(user),
    ...settings,
  });
}

function impersonation(user: UserEntry): Record<string, string | string[]> {
  const extras = Object.entries(user['as-user-extra'] ?? {}).map(([key, values]): [string, string[]] => [
    `impersonate-extra-${encodeURIComponent(key.toLowerCase())}`,
    [...values],
  ]);
  const { as = '', 'as-uid': uid = '', 'as-groups': groups = [] } = user;
  return {
    ...(as !== '' && { 'impersonate-user': as }),
    ...(uid !== '' && { 'impersonate-uid': uid }),
    ...(groups.length > 0 && { 'impersonate-group': [...groups] }),
    ...Object.fromEntries(extras),
  };
}

/** The certificates that the server's is checked against; undefined: the system's. */
export function authorityOf(cluster: ClusterEntry): Promise<Buffer | undefined> {
  return pem(cluster['certificate-authority-data'], cluster['certificate-authority'], 'certificate-authority');
}

/** Data wins over a file, as in kubectl. */
async function pem(data: string | undefined, path: string | undefined, what: string): Promise<Buffer | undefined> {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64');
  if (path === undefined || path === '') return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new KubeConfigError(`unable to read ${what} ${path}`, { cause });
  }
}

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How a pod reaches its cluster; undefined outside of a pod. */
export function inClusterContext(
  env: Readonly<Record<string, string | undefined>>,
  directory: string = SERVICE_ACCOUNT_DIRECTORY,
): ResolvedContext | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || host === '' || port === undefined || port === '') return undefined;
  return {
    name: undefined,
    cluster: {
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      'certificate-authority': join(directory, 'ca.crt'),
    },
    user: { tokenFile: join(directory, 'token') },
    namespace: 'default',
  };
}

/**
 * What a component does with its `--kubeconfig`: the named file, else KUBECONFIG or ~/.kube/config, else the pod's own
 * service account. Throws KubeConfigError when none of these names a server.
 */
export async function connectCluster(
  source: KubeConfigSource & ContextOverrides,
  settings: TransportSettings = {},
): Promise<{ transport: NetworkTransport; namespace: string }> {
  const context = resolveContext(await loadKubeConfig(source), source);
  const inCluster = context.cluster.server === undefined ? inClusterContext(source.env) : undefined;
  const chosen = inCluster ?? context;
  return { transport: await transportOf(chosen, settings), namespace: chosen.namespace };
}
