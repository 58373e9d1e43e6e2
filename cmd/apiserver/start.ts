// An API server as its flags describe it: store, credentials and listener, in this process.
import { tokenFile } from '../../pkg/apiserver/authn/token-file.ts';
import { serveHttps } from '../../pkg/apiserver/http/serve.ts';
import { createApiServer, type ApiServer } from '../../pkg/apiserver/server.ts';
import { kinds } from '../../pkg/api/kinds.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import type { MetricsPages } from '../../pkg/metrics/metrics-pages.ts';
import type { Store } from '../../pkg/storage/store.ts';
import { credentialsOf, LOOPBACK, outwardAddress, read } from './credentials.ts';
import type { ApiServerFlags } from './flags.ts';

export const NAME = 'kube-apiserver';
export const SUMMARY = 'Serves the Kubernetes API from an embedded store or from etcd.';

export interface RunningApiServer extends AsyncDisposable {
  readonly api: ApiServer;
}

/** Resolves when it listens. */
export async function startApiServer(
  settings: ApiServerFlags,
  log: Logger,
  metricsPages?: MetricsPages,
): Promise<RunningApiServer> {
  const began = realClock.now();
  await using parts = new AsyncDisposableStack();
  const advertised = advertisedAddress(settings);
  const [credentials, store, tokens] = await Promise.all([
    credentialsOf(settings, advertised, began),
    openStore(settings),
    settings.tokenAuthFile === undefined ? '' : read(settings.tokenAuthFile, '--token-auth-file'),
  ]);
  parts.defer(() => store.close());
  const api = await createApiServer({
    store,
    clock: realClock,
    random: Math.random,
    log,
    kinds,
    sharedStore: settings.etcdServers.length > 0,
    authenticators: settings.tokenAuthFile === undefined ? [] : [tokenFile(tokens, settings.tokenAuthFile)],
    serviceCidr: settings.serviceCidr,
    nodePorts: settings.nodePorts,
    ...(advertised !== LOOPBACK && { advertise: { address: advertised, port: settings.securePort } }),
    serviceAccountKeys: credentials.tokens,
    ...(credentials.clientAuthority !== undefined && { clientAuthority: credentials.clientAuthority }),
    kubelets: credentials.kubelets,
    bootstrapTokens: settings.bootstrapTokens,
    admission: { enable: settings.enableAdmission, disable: settings.disableAdmission },
    metricsApi: settings.metricsApi,
    inFlightLimits: settings.inFlightLimits,
    ...(metricsPages !== undefined && { metricsPages }),
  });
  parts.defer(() => api.close());
  const listener = parts.use(
    await serveHttps(api, {
      host: settings.bindAddress,
      port: settings.securePort,
      tls: credentials.serving,
      anonymous: settings.anonymous,
      ...(credentials.clientAuthority !== undefined && { clientAuthority: credentials.clientAuthority }),
    }),
  );
  log.info('serving', { address: settings.bindAddress, port: listener.port, milliseconds: realClock.now() - began });
  const owned = parts.move();
  return {
    api,
    async [Symbol.asyncDispose]() {
      // Watches end first, or their connections would hold the listener open.
      await api.close();
      await owned.disposeAsync();
    },
  };
}

async function openStore(settings: ApiServerFlags): Promise<Store> {
  if (settings.etcdServers.length === 0) {
    const { openEmbeddedStore } = await import('../../pkg/storage/embedded/embedded-store.ts');
    return openEmbeddedStore({ directory: settings.dataDir, clock: realClock });
  }
  const { openEtcdStore } = await import('../../pkg/storage/etcd/etcd-store.ts');
  const { etcdCaFile, etcdCertFile, etcdKeyFile } = settings;
  return openEtcdStore({
    endpoints: settings.etcdServers,
    clock: realClock,
    ...(etcdCaFile !== undefined && { caFile: etcdCaFile }),
    ...(etcdCertFile !== undefined && { certFile: etcdCertFile }),
    ...(etcdKeyFile !== undefined && { keyFile: etcdKeyFile }),
  });
}

/** As Kubernetes chooses it: an address that others can reach, whatever is listened on. */
function advertisedAddress({ advertiseAddress, bindAddress }: ApiServerFlags): string {
  if (advertiseAddress !== undefined) return advertiseAddress;
  const unspecific = bindAddress === '0.0.0.0' || bindAddress === '::' || bindAddress.startsWith('127.');
  return unspecific ? outwardAddress() : bindAddress;
}
