// The node's credentials: the client certificate from its directory, asked for with the bootstrap token when there is none that is good, and
// a transport that is renewed with it.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { requestCertificate } from '../../pkg/client/certificate-request.ts';
import type { Client } from '../../pkg/client/client.ts';
import { httpsTransport } from '../../pkg/client/https-transport.ts';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { replaceableTransport } from '../../pkg/client/replaceable-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { clientCertificates, clientCertificateWish } from '../../pkg/cluster/join.ts';
import { nodeFiles, type NodeRecord } from '../../pkg/cluster/node-record.ts';
import { CertificateKeeper } from '../../pkg/kubelet/certificates/certificate-keeper.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { validityOf } from '../../pkg/pki/certificate-request.ts';
import type { KeyPair } from '../../pkg/pki/certificates.ts';
import { UsageError } from '../program.ts';

const NAME = 'typekube-node';

export interface NodeCredentials extends AsyncDisposable {
  readonly client: Client;
  /** PEM. */
  readonly authority: string;
  /** Renews the certificate and the connections that are made with it. */
  readonly keeper: CertificateKeeper;
}

export async function nodeCredentials(
  directory: string,
  record: NodeRecord,
  log: Logger,
  signal: AbortSignal,
): Promise<NodeCredentials> {
  const files = nodeFiles(directory);
  const authority = await read(files.authority);
  const store = clientCertificates(directory);
  const first = await firstCertificate(directory, record, log, signal);
  const open = ({ certificate, key }: KeyPair) =>
    httpsTransport({ server: record.server, ca: authority, cert: certificate, key, userAgent: NAME, clock: realClock });
  const transport = replaceableTransport(open(first), realClock);
  const client = createClient(transport);
  const keeper = new CertificateKeeper(
    {
      purpose: 'client',
      store,
      client,
      wish: clientCertificateWish(record.nodeName),
      asksWithIt: true,
      clock: realClock,
      random: Math.random,
      log,
    },
    first,
  );
  keeper.onChange(() => {
    const renewed = keeper.current();
    if (renewed !== undefined) transport.replace(open(renewed));
  });
  return { client, authority, keeper, [Symbol.asyncDispose]: () => transport.close() };
}

async function firstCertificate(
  directory: string,
  { nodeName }: NodeRecord,
  log: Logger,
  signal: AbortSignal,
): Promise<KeyPair> {
  const store = clientCertificates(directory);
  const files = nodeFiles(directory);
  const there = await store.current();
  if (there !== undefined && validityOf(there.certificate).notAfter > realClock.now()) return there;
  const expired = there === undefined ? undefined : new Date(validityOf(there.certificate).notAfter).toISOString();
  if (!existsSync(files.bootstrapKubeconfig)) {
    const what = expired === undefined ? 'is not there' : `expired at ${expired}`;
    throw new UsageError(`the certificate of node ${nodeName} ${what}: leave the cluster and join it again`);
  }
  log.info('asking for a client certificate with the bootstrap token', { node: nodeName });
  const { transport } = await connectCluster(
    { path: files.bootstrapKubeconfig, env: {}, home: directory },
    { userAgent: NAME, clock: realClock },
  );
  try {
    const pair = await requestCertificate(
      createClient(transport),
      clientCertificateWish(nodeName),
      realClock,
      AbortSignal.any([signal, AbortSignal.timeout(BOOTSTRAP_WITHIN_MS)]),
    );
    await store.replace(pair, realClock.now());
    return pair;
  } finally {
    await transport.close();
  }
}

const BOOTSTRAP_WITHIN_MS = 5 * 60_000;

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${path}`, { cause });
  }
}
