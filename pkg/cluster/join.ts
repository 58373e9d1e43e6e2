// Makes this machine a node of a cluster: finds the cluster by a bootstrap token, asks it for a client certificate and writes down what
// the node's program needs. Every step finds what an interrupted run has left; a machine that has joined is left as it is.
import type Docker from 'dockerode';
import { KUBELET_CLIENT_SIGNER, NODE_GROUP, NODE_USER_PREFIX } from '../api/certificates/v1/signers.ts';
import type { TokenParts } from '../api/core/v1/bootstrap-token.ts';
import { isConditionTrue } from '../api/meta/conditions.ts';
import { isApiError } from '../api/meta/status.ts';
import { nodes } from '../api/resources.ts';
import type { Taint } from '../api/schema/generated/core.v1.gen.ts';
import { CertificateRefusedError, requestCertificate } from '../client/certificate-request.ts';
import type { Client } from '../client/client.ts';
import { httpsTransport } from '../client/https-transport.ts';
import { createClient } from '../client/typed-client.ts';
import type { Clock } from '../clock/clock.ts';
import { deadlineOf } from '../clock/deadline.ts';
import { CertificateStore } from '../pki/certificate-store.ts';
import { readNodeSettings } from './bootstrap-objects.ts';
import { ClusterError } from './cluster-record.ts';
import { podNetworks } from './engine-remains.ts';
import { engineAt } from './engine.ts';
import { discover } from './join-discovery.ts';
import { nodeKubeconfig } from './node-kubeconfig.ts';
import { nodeFiles, readNodeRecord, writeNodeRecord, writeWhole, type NodeRecord } from './node-record.ts';

export interface JoinOptions {
  /** `HOST:PORT` of the API server. */
  readonly endpoint: string;
  readonly token: TokenParts;
  /** `sha256:HEX` */
  readonly pins: readonly string[];
  readonly directory: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly engine: string;
  readonly bridge: string;
  readonly network: string;
  readonly kubeletPort: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly clock: Clock;
  readonly say: (step: string) => void;
}

export type Joined = { readonly record: NodeRecord; readonly before: boolean };

const CERTIFICATE_WITHIN_MS = 60_000;

/** Throws ClusterError with one plain sentence when it cannot be done. */
export async function joinCluster(options: JoinOptions, signal: AbortSignal): Promise<Joined> {
  const { endpoint, directory, say } = options;
  const known = readNodeRecord(directory);
  if (known !== undefined) {
    const store = clientCertificates(directory);
    if ((await store.current()) !== undefined) return { record: known, before: true };
  }
  await requireEngine(options);
  say(`looking for the cluster at ${endpoint}`);
  const cluster = await discover(options, signal);
  const files = nodeFiles(directory);
  const transport = httpsTransport({
    server: cluster.server,
    ca: cluster.authority,
    token: `${options.token.id}.${options.token.secret}`,
    userAgent: 'tkctl',
    timeoutMs: 15_000,
    clock: options.clock,
  });
  await using parts = new AsyncDisposableStack();
  parts.defer(() => transport.close());
  const client = createClient(transport);
  const record = await explained(cluster.server, async () => {
    say('reading how its nodes are set up');
    const settings = await readNodeSettings(client, signal);
    await requireFreeName(client, options.nodeName, signal);
    return { ...recordOf(options), ...settings, server: cluster.server };
  });
  writeWhole(files.authority, cluster.authority);
  say(`asking for a certificate for node ${options.nodeName}`);
  await explained(cluster.server, () => obtainCertificate(client, options, signal));
  const entry = { server: record.server, 'certificate-authority': files.authority };
  writeWhole(files.kubeconfig, nodeKubeconfig(entry, record.nodeName, clientCertificates(directory).currentFile));
  writeNodeRecord(directory, record);
  return { record, before: false };
}

export function clientCertificates(directory: string): CertificateStore {
  return new CertificateStore(nodeFiles(directory).pki, 'kubelet-client');
}

/** What a node asks for to be who it is. */
export function clientCertificateWish(nodeName: string) {
  return {
    subject: { commonName: NODE_USER_PREFIX + nodeName, organizations: [NODE_GROUP] },
    signerName: KUBELET_CLIENT_SIGNER,
    usages: ['digital signature', 'client auth'],
  };
}

function recordOf(
  options: JoinOptions,
): Omit<NodeRecord, 'server' | keyof Awaited<ReturnType<typeof readNodeSettings>>> {
  const { nodeName, nodeIp, engine, bridge, network, kubeletPort, labels, taints } = options;
  return { nodeName, nodeIp, engine, bridge, network, kubeletPort, labels, taints };
}

async function obtainCertificate(client: Client, options: JoinOptions, signal: AbortSignal): Promise<void> {
  const { clock, directory, nodeName } = options;
  using late = deadlineOf(clock, CERTIFICATE_WITHIN_MS);
  try {
    const wish = clientCertificateWish(nodeName);
    const pair = await requestCertificate(client, wish, clock, AbortSignal.any([signal, late.signal]));
    await clientCertificates(directory).replace(pair, clock.now());
  } catch (cause) {
    if (late.signal.aborted && !signal.aborted) {
      throw new ClusterError(
        'the certificate request was not answered within 60 s; is the API server still there, and do the controllers csrapproving and csrsigning of the cluster run?',
        { cause },
      );
    }
    if (cause instanceof CertificateRefusedError) throw new ClusterError(cause.message, { cause });
    throw cause;
  }
}

/** As kubeadm: a node that is gone may come back under its name, one that is there may not be pushed aside. */
async function requireFreeName(client: Client, nodeName: string, signal: AbortSignal): Promise<void> {
  try {
    const { status } = await client.resource(nodes).get({ name: nodeName }, signal);
    if (!isConditionTrue(status?.conditions, 'Ready')) return;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return;
    throw error;
  }
  throw new ClusterError(
    `the cluster has a node "${nodeName}" that is ready; delete it there, or give this machine another name by --node-name`,
  );
}

/** One that answers, and does not hold the pods of another node already. */
async function requireEngine({ engine: endpoint, network }: JoinOptions): Promise<void> {
  let engine: Docker;
  try {
    engine = engineAt(endpoint);
  } catch (cause) {
    throw new ClusterError(`--engine ${endpoint} is no address of a container engine`, { cause });
  }
  try {
    await engine.ping();
  } catch (cause) {
    throw new ClusterError(`no container engine answers at ${endpoint}; start it, or name another by --engine`, {
      cause,
    });
  }
  if ((await podNetworks(engine, network)).length > 0) {
    throw new ClusterError(
      `the engine at ${endpoint} has the network "${network}" of another node or cluster; remove that, or choose other names by --pod-network and --pod-bridge`,
    );
  }
}

/** What the API server refuses, in words for who joins. */
async function explained<T>(server: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isApiError(cause, 'Unauthorized'))
      throw new ClusterError('the cluster refuses the token: it has expired or may not be used to authenticate', {
        cause,
      });
    if (isApiError(cause, 'Forbidden') || isApiError(cause, 'NotFound'))
      throw new ClusterError(`the cluster cannot be joined with this token: ${cause.message}`, { cause });
    if (cause instanceof Error && cause.name === 'UnreachableError')
      throw new ClusterError(`the cluster says that it is at ${server}, which this machine cannot reach`, { cause });
    throw cause;
  }
}
