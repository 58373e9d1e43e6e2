// A cluster in this one process: store, API server, scheduler, controllers, kubelet, service rules and DNS. The parts call the
// API server directly, each as its own user; everybody else reaches it over HTTPS.
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { kinds } from '../../pkg/api/kinds.ts';
import { directTransport } from '../../pkg/apiserver/direct-transport.ts';
import { serveHttps } from '../../pkg/apiserver/http/serve.ts';
import type { UserInfo } from '../../pkg/apiserver/request.ts';
import { createApiServer } from '../../pkg/apiserver/server.ts';
import { meteredClient } from '../../pkg/client/client-metrics.ts';
import type { Client } from '../../pkg/client/client.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { COMPONENT_USERS, nodeUser } from '../../pkg/cluster/cluster-certificates.ts';
import { supervise } from '../../pkg/cluster/supervisor.ts';
import { runControllers, type RunControllers } from '../../pkg/controllers/run.ts';
import { runKubelet } from '../../pkg/kubelet/kubelet.ts';
import { createDockerRuntime } from '../../pkg/kubelet/runtime/docker/docker-runtime.ts';
import { MetricsPages } from '../../pkg/metrics/metrics-pages.ts';
import { runNodeNetwork, type NodeNetworkOptions } from '../../pkg/network/node-network.ts';
import { DEFAULT_BRIDGE } from '../../pkg/network/podnet/pod-network.ts';
import { CERTIFICATE_DAYS } from '../../pkg/pki/certificate-files.ts';
import { runScheduler } from '../../pkg/scheduler/scheduler.ts';
import { openEmbeddedStore } from '../../pkg/storage/embedded/embedded-store.ts';
import type { Store } from '../../pkg/storage/store.ts';
import { lowestOomScore } from '../kubelet/machine-defaults.ts';
import { runTogether } from '../run-together.ts';
import { etcdOf, type ClusterParts } from './parts.ts';

const CLUSTER_DOMAIN = 'cluster.local';
const NODE_MASK_SIZE = 24;
const random = Math.random;

export async function runOneProcess(parts: ClusterParts, signal: AbortSignal): Promise<void> {
  const { record, certificates, clock, log } = parts;
  await using owned = new AsyncDisposableStack();
  const store = await openStore(parts, owned);
  owned.defer(() => store.close());
  const pages = new MetricsPages();
  const nodePages = new MetricsPages();
  const metrics = {
    scheduler: pages.registry('kube-scheduler'),
    controllers: pages.registry('kube-controller-manager'),
    proxy: nodePages.registry('kube-proxy'),
    dns: nodePages.registry('coredns'),
  };
  const issuer = `https://kubernetes.default.svc.${CLUSTER_DOMAIN}`;
  const server = await createApiServer({
    store,
    clock,
    random,
    log: log.with({ part: 'apiserver' }),
    kinds,
    sharedStore: false,
    serviceCidr: record.serviceCidr,
    advertise: { address: record.nodeIp, port: record.apiPort },
    clientAuthority: certificates.authority.certificate,
    kubelets: {
      certificate: certificates.kubeletClient.certificate,
      key: certificates.kubeletClient.key,
      authority: certificates.authority.certificate,
    },
    metricsApi: true,
    bootstrapTokens: true,
    metricsPages: pages,
    serviceAccountKeys: {
      issuers: [issuer],
      signingKey: certificates.tokenKey.privateKey,
      verificationKeys: [certificates.tokenKey.publicKey],
      audiences: [issuer],
    },
  });
  owned.defer(() => server.close());
  owned.use(
    await serveHttps(server, {
      host: '0.0.0.0',
      port: record.apiPort,
      tls: { cert: certificates.apiServer.certificate, key: certificates.apiServer.key },
      clientAuthority: certificates.authority.certificate,
    }),
  );
  const as = ({ name, groups }: UserInfo): Client =>
    createClient(directTransport(server, { name, groups: [...groups, 'system:authenticated'] }, { userAgent: name }));
  const counted = (user: UserInfo, registry: Registry) => meteredClient(as(user), { registry, clock });
  const part = (name: string) => ({ clock, random, log: log.with({ part: name }) });
  const { nodeName, podCidr, nodeIp } = record;

  const scheduler = {
    ...part('scheduler'),
    client: counted(COMPONENT_USERS.scheduler, metrics.scheduler),
    metrics: metrics.scheduler,
  };
  const controllers: RunControllers = {
    ...part('controllers'),
    client: counted(COMPONENT_USERS['controller-manager'], metrics.controllers),
    enabled: '*,bootstrap-signer-controller,token-cleaner-controller',
    options: {
      rootCa: certificates.authority.certificate,
      signing: { authority: certificates.authority, durationMs: CERTIFICATE_DAYS * 24 * 3_600_000 },
      nodeIpam: {
        clusterCidr: record.clusterCidr,
        maskSize: NODE_MASK_SIZE,
        serviceCidr: record.serviceCidr,
      },
    },
    metrics: metrics.controllers,
  };
  const network: NodeNetworkOptions = {
    ...part('network'),
    client: counted(COMPONENT_USERS.proxy, metrics.proxy),
    nodeName,
    nodeIps: [nodeIp],
    podCidr,
    clusterCidr: record.clusterCidr,
    bridge: DEFAULT_BRIDGE,
    dns: { clusterIp: record.clusterDns, clusterDomain: CLUSTER_DOMAIN, metrics: metrics.dns },
    proxy: { metrics: metrics.proxy },
  };
  log.info('serving', { port: record.apiPort });
  await runTogether(
    [
      (until) => runScheduler(scheduler, until),
      (until) => runControllers(controllers, until),
      (until) => runNode(parts, as(nodeUser(nodeName)), nodePages, until),
      (until) => runNodeNetwork(network, until),
    ],
    signal,
  );
}

async function runNode(
  { record, directory, certificates, clock, log }: ClusterParts,
  client: Client,
  metricsPages: MetricsPages,
  signal: AbortSignal,
) {
  const runtime = createDockerRuntime({
    endpoint: record.engine,
    nodeName: record.nodeName,
    network: { name: 'typekube', bridge: DEFAULT_BRIDGE, subnet: record.podCidr },
    architecture: process.arch,
    lowestOomScore: await lowestOomScore(),
  });
  await runKubelet(
    {
      client,
      clock,
      random,
      log: log.with({ part: 'kubelet' }),
      runtime,
      nodeName: record.nodeName,
      nodeIps: [record.nodeIp],
      rootDir: join(directory, 'kubelet'),
      clusterDns: [record.clusterDns],
      clusterDomain: CLUSTER_DOMAIN,
      podCidr: record.podCidr,
      serving: {
        host: '0.0.0.0',
        port: record.kubeletPort,
        tls: { cert: certificates.kubeletServing.certificate, key: certificates.kubeletServing.key },
        clientCa: certificates.authority.certificate,
        metricsPages,
      },
    },
    signal,
  );
}

async function openStore(parts: ClusterParts, owned: AsyncDisposableStack): Promise<Store> {
  const { clock, log, directory } = parts;
  const { servers, own } = etcdOf(parts);
  if (servers === '') return openEmbeddedStore({ directory: join(directory, 'store'), clock });
  if (own !== undefined) {
    const stop = new AbortController();
    const etcd = supervise({ programs: [own], pidDirectory: join(directory, 'pids'), clock, log }, stop.signal);
    owned.defer(async () => {
      stop.abort();
      await etcd;
    });
  }
  const { openEtcdStore } = await import('../../pkg/storage/etcd/etcd-store.ts');
  return openEtcdStore({ endpoints: servers.split(','), clock });
}
