// The parts of a node and how they belong together; each is told what the node's record says.
import type { Client } from '../../pkg/client/client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { nodeFiles, readNodeRecord, type NodeRecord } from '../../pkg/cluster/node-record.ts';
import { KUBELET_SERVING_SIGNER, NODE_GROUP, NODE_USER_PREFIX } from '../../pkg/api/certificates/v1/signers.ts';
import { CertificateKeeper } from '../../pkg/kubelet/certificates/certificate-keeper.ts';
import { runKubelet } from '../../pkg/kubelet/kubelet.ts';
import { DEFAULT_HEARTBEAT, type Heartbeat } from '../../pkg/kubelet/node/node-agent.ts';
import { createDockerRuntime } from '../../pkg/kubelet/runtime/docker/docker-runtime.ts';
import type { ServingSource } from '../../pkg/kubelet/server/server.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { MetricsPages } from '../../pkg/metrics/metrics-pages.ts';
import { runNodeNetwork } from '../../pkg/network/node-network.ts';
import { CertificateStore } from '../../pkg/pki/certificate-store.ts';
import { lowestOomScore } from '../kubelet/machine-defaults.ts';
import { UsageError } from '../program.ts';
import { nodeCredentials } from './credentials.ts';

const shared = { clock: realClock, random: Math.random };

export async function runNode(directory: string, log: Logger, signal: AbortSignal): Promise<void> {
  const record = readNodeRecord(directory);
  if (record === undefined) throw new UsageError(`${directory} is no node's; make this machine one with "tkctl join"`);
  await using credentials = await nodeCredentials(directory, record, log, signal);
  const { client, authority } = credentials;
  const serving = await servingKeeper(directory, record, client, log);
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const part = (name: string) => ({ ...shared, client, log: log.with({ part: name }) });
  const pages = new MetricsPages();
  const [proxyMetrics, dnsMetrics] = [pages.registry('kube-proxy'), pages.registry('coredns')];
  const parts = [
    credentials.keeper.run(until),
    serving.run(until),
    runKubelet(
      {
        ...part('kubelet'),
        runtime: createDockerRuntime({
          endpoint: record.engine,
          nodeName: record.nodeName,
          network: { name: record.network, bridge: record.bridge, subnet: undefined },
          architecture: process.arch,
          lowestOomScore: await lowestOomScore(),
        }),
        nodeName: record.nodeName,
        nodeIps: [record.nodeIp],
        rootDir: nodeFiles(directory).kubelet,
        clusterDns: [record.clusterDns],
        clusterDomain: record.clusterDomain,
        labels: record.labels,
        taints: record.taints,
        ...heartbeatOf(record),
        serving: {
          host: '0.0.0.0',
          port: record.kubeletPort,
          tls: sourceOf(serving),
          clientCa: authority,
          metricsPages: pages,
        },
      },
      until,
    ),
    runNodeNetwork(
      {
        ...part('network'),
        nodeName: record.nodeName,
        nodeIps: [record.nodeIp],
        clusterCidr: record.clusterCidr,
        bridge: record.bridge,
        dns: { clusterIp: record.clusterDns, clusterDomain: record.clusterDomain, metrics: dnsMetrics },
        proxy: { metrics: proxyMetrics },
      },
      until,
    ),
  ].map(async (run) => {
    try {
      await run;
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  const [first] = (await Promise.allSettled(parts)).filter((result) => result.status === 'rejected');
  if (first !== undefined && !signal.aborted) throw failed.signal.reason;
}

function heartbeatOf({ nodeLeaseDurationSeconds: leaseSeconds }: NodeRecord): { heartbeat?: Heartbeat } {
  return leaseSeconds === undefined ? {} : { heartbeat: { ...DEFAULT_HEARTBEAT, leaseSeconds } };
}

/** The certificate that the kubelet shows to the API server: for the node's own name and address, signed by the cluster. */
async function servingKeeper(
  directory: string,
  { nodeName, nodeIp }: NodeRecord,
  client: Client,
  log: Logger,
): Promise<CertificateKeeper> {
  const store = new CertificateStore(nodeFiles(directory).pki, 'kubelet-server');
  const subject = {
    commonName: NODE_USER_PREFIX + nodeName,
    organizations: [NODE_GROUP],
    hosts: [nodeName, nodeIp],
  };
  const wish = { subject, signerName: KUBELET_SERVING_SIGNER, usages: ['digital signature', 'server auth'] };
  return new CertificateKeeper(
    { ...shared, purpose: 'serving', store, client, wish, asksWithIt: false, log },
    await store.current(),
  );
}

function sourceOf(keeper: CertificateKeeper): ServingSource {
  return {
    current() {
      const pair = keeper.current();
      return pair === undefined ? undefined : { cert: pair.certificate, key: pair.key };
    },
    onChange: (listener) => keeper.onChange(listener),
  };
}
