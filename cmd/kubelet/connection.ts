// How the kubelet gets at its cluster: as its kubeconfig says, or with a client certificate that it has asked for itself and renews.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Client } from '../../pkg/client/client.ts';
import { authorityOf, connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { loadKubeConfig, resolveContext } from '../../pkg/client/kubeconfig.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { nodeKubeconfig } from '../../pkg/cluster/node-kubeconfig.ts';
import { writeWhole } from '../../pkg/cluster/node-record.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { UsageError } from '../program.ts';
import { clientCertificate, clientStore, rotatingClient, type CertificateOptions } from './node-certificates.ts';
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
  if (bootstraps && kubeconfig !== undefined) {
    // For the next start, which needs no token any more.
    const { currentFile } = clientStore(certificates);
    writeWhole(kubeconfig, nodeKubeconfig(cluster, certificates.nodeName, currentFile));
  }
  const authority = await authorityOf(cluster);
  if (authority === undefined) throw new UsageError("the kubeconfig does not say who signs the server's certificate");
  const rotating = rotatingClient(certificates, { server: cluster.server, authority }, first);
  if (!rotateCertificates) log.info('the client certificate is not renewed: --rotate-certificates is not given');
  return {
    client: rotating.client,
    run: (until) => (rotateCertificates ? rotating.keeper.run(until) : Promise.resolve()),
    reconnect: () => rotating.reconnect(),
    [Symbol.asyncDispose]: () => rotating[Symbol.asyncDispose](),
  };
}
