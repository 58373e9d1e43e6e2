// The parts of a node and how they belong together; each is told what the node's record says.
import { meteredClient } from '../../pkg/client/client-metrics.ts';
import { readFile } from 'node:fs/promises';
import { realClock } from '../../pkg/clock/clock.ts';
import { nodeFiles, readNodeRecord, type NodeRecord } from '../../pkg/cluster/node-record.ts';
import { runKubelet, type KubeletOptions } from '../../pkg/kubelet/kubelet.ts';
import { DEFAULT_HEARTBEAT, type Heartbeat } from '../../pkg/kubelet/node/heartbeat.ts';
import { createDockerRuntime } from '../../pkg/kubelet/runtime/docker/docker-runtime.ts';
import type { Logger } from '../../pkg/logging/logger.ts';
import { MetricsPages } from '../../pkg/metrics/metrics-pages.ts';
import { ApiContact, NODE_STATUS_PORT } from '../../pkg/network/announce/api-contact.ts';
import { nodeStatusPages } from '../../pkg/network/node-status.ts';
import { ProxyHealth } from '../../pkg/network/proxy/proxy-health.ts';
import { serveStatus } from '../../pkg/network/status-server.ts';
import { runNodeNetwork, type NodeNetworkOptions } from '../../pkg/network/node-network.ts';
import {
  clientCertificate,
  rotatingClient,
  servingKeeper,
  servingSource,
  type CertificateOptions,
} from '../kubelet/node-certificates.ts';
import { lowestOomScore } from '../kubelet/machine-defaults.ts';
import { UsageError } from '../program.ts';
import { runTogether } from '../run-together.ts';

const shared = { clock: realClock, random: Math.random };

export async function runNode(directory: string, log: Logger, signal: AbortSignal): Promise<void> {
  const record = readNodeRecord(directory);
  if (record === undefined) throw new UsageError(`${directory} is no node's; make this machine one with "tkctl join"`);
  const files = nodeFiles(directory);
  const certificates: CertificateOptions = {
    nodeName: record.nodeName,
    directory: files.pki,
    bootstrapKubeconfig: files.bootstrapKubeconfig,
    userAgent: 'typekube-node',
    log,
  };
  const authority = await read(files.authority);
  const first = await clientCertificate(certificates, signal);
  await using credentials = rotatingClient(certificates, { server: record.server, authority }, first);
  const { client } = credentials;
  const serving = await servingKeeper(certificates, [record.nodeIp], client);
  const part = (name: string) => ({ ...shared, client, log: log.with({ part: name }) });
  const pages = new MetricsPages();
  const [proxyMetrics, dnsMetrics] = [pages.registry('kube-proxy'), pages.registry('coredns')];
  const kubelet: KubeletOptions = {
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
    rootDir: files.kubelet,
    clusterDns: [record.clusterDns],
    clusterDomain: record.clusterDomain,
    labels: record.labels,
    taints: record.taints,
    ...heartbeatOf(record),
    heartbeatLost: () => credentials.reconnect(),
    serving: {
      host: '0.0.0.0',
      port: record.kubeletPort,
      tls: servingSource(serving),
      clientCa: authority,
      metricsPages: pages,
    },
  };
  const [health, apiContact] = [new ProxyHealth(realClock), new ApiContact(realClock)];
  const network: NodeNetworkOptions = {
    ...part('network'),
    client: meteredClient(client, { registry: proxyMetrics, clock: realClock }),
    nodeName: record.nodeName,
    nodeIps: [record.nodeIp],
    clusterCidr: record.clusterCidr,
    bridge: record.bridge,
    dns: { clusterIp: record.clusterDns, clusterDomain: record.clusterDomain, metrics: dnsMetrics },
    proxy: { metrics: proxyMetrics, health },
    apiContact,
  };
  const statusAt = { host: '0.0.0.0', port: NODE_STATUS_PORT };
  await runTogether(
    [
      (until) => credentials.keeper.run(until),
      (until) => serving.run(until),
      (until) => runKubelet(kubelet, until),
      (until) => runNodeNetwork(network, until),
      // A port that another program has must not keep the node from working.
      (until) =>
        serveStatus(statusAt, nodeStatusPages(health, apiContact), until).catch((error: unknown) =>
          log.error('cannot tell how the network is', { error }),
        ),
    ],
    signal,
  );
}

function heartbeatOf({ nodeLeaseDurationSeconds: leaseSeconds }: NodeRecord): { heartbeat?: Heartbeat } {
  return leaseSeconds === undefined ? {} : { heartbeat: { ...DEFAULT_HEARTBEAT, leaseSeconds } };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${path}`, { cause });
  }
}
