// How the kubelet gets at its cluster: as its kubeconfig says, or with a client certificate that it has asked for itself and renews.
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { NODE_USER_PREFIX } from '../../pkg/api/certificates/v1/signers.ts';
import type { Client } from '../../pkg/client/client.ts';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { loadKubeConfig, resolveContext, type ClusterEntry } from '../../pkg/client/kubeconfig.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { renderKubeconfig } from '../../pkg/cluster/kubeconfig-entry.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { UsageError } from '../program.ts';
import { clientCertificate, rotatingClient, type CertificateOptions } from './node-certificates.ts';
import type { Settings } from './settings.ts';

export interface KubeletConnection extends AsyncDisposable {
  readonly client: Client;
  /** Renews what the client shows; until `signal`. */
  run(signal: AbortSignal): Promise<void>;
  /** Closes every connection at once; what comes next opens new ones. */
  reconnect(): void;
}

export async function connectKubelet(
  settings: Settings,
  certificates: CertificateOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<KubeletConnection> {
  const { kubeconfig, bootstrapKubeconfig, rotateCertificates } = settings;
  const source = { ...(kubeconfig !== undefined && { path: kubeconfig }), env: process.env, home: homedir() };
  const bootstraps = bootstrapKubeconfig !== undefined && (kubeconfig === undefined || !existsSync(kubeconfig));
  if (!bootstraps && !rotateCertificates) {
    const { transport } = await connectCluster(source, { userAgent: certificates.userAgent, clock: realClock });
    return {
      client: createClient(transport),
      run: () => Promise.resolve(),
      reconnect: () => transport.dropConnections(),
      [Symbol.asyncDispose]: () => transport.close(),
    };
  }
  const read = bootstraps ? { ...source, path: bootstrapKubeconfig } : source;
  const { cluster } = resolveContext(await loadKubeConfig(read), {});
  if (cluster.server === undefined) throw new UsageError('the kubeconfig names no server');
  const first = await clientCertificate(certificates, signal);
  if (bootstraps && kubeconfig !== undefined) await writeKubeconfig(kubeconfig, cluster, certificates);
  const authority = await authorityOf(cluster);
  const rotating = rotatingClient(certificates, { server: cluster.server, authority }, first);
  if (!rotateCertificates) log.info('the client certificate is not renewed: --rotate-certificates is not given');
  return {
    client: rotating.client,
    run: (until) => (rotateCertificates ? rotating.keeper.run(until) : Promise.resolve()),
    reconnect: () => rotating.reconnect(),
    [Symbol.asyncDispose]: () => rotating[Symbol.asyncDispose](),
  };
}

async function authorityOf(cluster: ClusterEntry): Promise<string> {
  const data = cluster['certificate-authority-data'];
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const file = cluster['certificate-authority'];
  if (file === undefined) throw new UsageError("the kubeconfig does not say who signs the server's certificate");
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read certificate-authority ${file}`, { cause });
  }
}

/** For the next start, which needs no token any more. */
async function writeKubeconfig(
  path: string,
  cluster: ClusterEntry,
  { nodeName, directory }: CertificateOptions,
): Promise<void> {
  const pair = join(directory, 'kubelet-client-current.pem');
  const user = NODE_USER_PREFIX + nodeName;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default-cluster', cluster }],
    users: [{ name: user, user: { 'client-certificate': pair, 'client-key': pair } }],
    contexts: [{ name: 'default-context', context: { cluster: 'default-cluster', user } }],
    'current-context': 'default-context',
  };
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, renderKubeconfig(config), { mode: 0o600 });
  await rename(draft, path);
}
