// The certificates of a node, for the programs that are one: the client certificate, asked for with a bootstrap token when there is none
// that is good, with a client that is renewed as it is; and the serving certificate of the kubelet.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { KUBELET_SERVING_SIGNER, NODE_GROUP, NODE_USER_PREFIX } from '../../pkg/api/certificates/v1/signers.ts';
import { requestCertificate } from '../../pkg/client/certificate-request.ts';
import type { Client } from '../../pkg/client/client.ts';
import { httpsTransport } from '../../pkg/client/https-transport.ts';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { replaceableTransport } from '../../pkg/client/replaceable-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { clientCertificateWish } from '../../pkg/cluster/join.ts';
import { CertificateKeeper } from '../../pkg/kubelet/certificates/certificate-keeper.ts';
import type { ServingSource } from '../../pkg/kubelet/server/server.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { validityOf } from '../../pkg/pki/certificate-request.ts';
import { CertificateStore } from '../../pkg/pki/certificate-store.ts';
import type { KeyPair } from '../../pkg/pki/certificates.ts';
import { UsageError } from '../program.ts';

const shared = { clock: realClock, random: Math.random };
const BOOTSTRAP_WITHIN_MS = 5 * 60_000;

export interface CertificateOptions {
  readonly nodeName: string;
  /** Where the certificates lie. */
  readonly directory: string;
  /** With a token; need not be there when a certificate is. */
  readonly bootstrapKubeconfig: string | undefined;
  readonly userAgent: string;
  readonly log: Logger;
}

export interface RotatingClient extends AsyncDisposable {
  readonly client: Client;
  /** Renews the certificate and the connections that are made with it. */
  readonly keeper: CertificateKeeper;
  /** Ends every connection; what is asked from now on goes by new ones. For networks that swallow what is sent. */
  reconnect(): void;
}

/** The node's client certificate; throws UsageError with the way out when there is none and none can be had. */
export async function clientCertificate(options: CertificateOptions, signal: AbortSignal): Promise<KeyPair> {
  const { nodeName, bootstrapKubeconfig, log, userAgent } = options;
  const store = clientStore(options);
  const there = await store.current();
  if (there !== undefined && validityOf(there.certificate).notAfter > realClock.now()) return there;
  if (bootstrapKubeconfig === undefined || !existsSync(bootstrapKubeconfig)) {
    const what =
      there === undefined
        ? 'is not there'
        : `expired at ${new Date(validityOf(there.certificate).notAfter).toISOString()}`;
    throw new UsageError(
      `the certificate of node ${nodeName} ${what}: join the cluster again, or give a kubeconfig with a bootstrap token`,
    );
  }
  log.info('asking for a client certificate with the bootstrap token', { node: nodeName });
  const { transport } = await connectCluster(
    { path: bootstrapKubeconfig, env: {}, home: homedir() },
    { userAgent, clock: realClock },
  );
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(BOOTSTRAP_WITHIN_MS)]);
    const pair = await requestCertificate(createClient(transport), clientCertificateWish(nodeName), realClock, limit);
    await store.replace(pair, realClock.now());
    return pair;
  } finally {
    await transport.close();
  }
}

/** Asks as the node, with `first` until its keeper, which somebody must run, has another one. */
export function rotatingClient(
  options: CertificateOptions,
  cluster: { readonly server: string; readonly authority: string | Buffer },
  first: KeyPair,
): RotatingClient {
  const { nodeName, log, userAgent } = options;
  const open = ({ certificate, key }: KeyPair) =>
    httpsTransport({
      server: cluster.server,
      ca: cluster.authority,
      cert: certificate,
      key,
      userAgent,
      clock: realClock,
    });
  const transport = replaceableTransport(open(first), realClock);
  const client = createClient(transport);
  const wish = clientCertificateWish(nodeName);
  const keeper = new CertificateKeeper(
    { ...shared, purpose: 'client', store: clientStore(options), client, wish, asksWithIt: true, log },
    first,
  );
  keeper.onChange(() => {
    const renewed = keeper.current();
    if (renewed !== undefined) transport.replace(open(renewed));
  });
  return {
    client,
    keeper,
    reconnect: () => transport.dropConnections(),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

/** The certificate that the kubelet shows to the API server: for the node's own name and addresses, signed by the cluster. */
export async function servingKeeper(
  { nodeName, directory, log }: CertificateOptions,
  nodeIps: readonly string[],
  client: Client,
): Promise<CertificateKeeper> {
  const store = new CertificateStore(directory, 'kubelet-server');
  const subject = {
    commonName: NODE_USER_PREFIX + nodeName,
    organizations: [NODE_GROUP],
    hosts: [nodeName, ...nodeIps],
  };
  const wish = { subject, signerName: KUBELET_SERVING_SIGNER, usages: ['digital signature', 'server auth'] };
  return new CertificateKeeper(
    { ...shared, purpose: 'serving', store, client, wish, asksWithIt: false, log },
    await store.current(),
  );
}

export function servingSource(keeper: CertificateKeeper): ServingSource {
  return {
    current() {
      const pair = keeper.current();
      return pair === undefined ? undefined : { cert: pair.certificate, key: pair.key };
    },
    onChange: (listener) => keeper.onChange(listener),
  };
}

/** Where the client certificate lies. */
export function clientStore({ directory }: CertificateOptions): CertificateStore {
  return new CertificateStore(directory, 'kubelet-client');
}
