// What one machine of a cluster runs beside its engine, in one process as `join` builds it: kubelet, pod network, service rules
// and DNS. Its arguments: a kubeconfig, a directory with kubelet.crt, kubelet.key and ca.crt, and the name of the node.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { runKubelet } from '../../pkg/kubelet/kubelet.ts';
import { createDockerRuntime } from '../../pkg/kubelet/runtime/docker/docker-runtime.ts';
import { createLogger } from '../../pkg/logging/logger.ts';
import { removeNodeNetwork, runNodeNetwork } from '../../pkg/network/node-network.ts';
import { lowestOomScore, mainAddress } from '../../cmd/kubelet/machine-defaults.ts';

export const NODE_PORT = 16_540;
export const NODE_SUBNET = '10.197.0.0/24';
const BRIDGE = 'tkbench0';
const TABLE = 'typekube-bench';
const CLUSTER_DNS = '10.96.0.10';

const [, , kubeconfig = '', directory = '.', nodeName = ''] = process.argv;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const read = (name: string) => readFileSync(join(directory, name), 'utf8');
const log = createLogger('node', { verbosity: 0, terminal: false });
const { transport } = await connectCluster(
  { path: kubeconfig, env: {}, home: directory },
  { userAgent: 'node', clock: realClock },
);
const client = createClient(transport);
const context = { client, clock: realClock, random: Math.random, log, nodeName, nodeIps: [mainAddress()] };
const runtime = createDockerRuntime({
  endpoint: 'unix:///var/run/docker.sock',
  nodeName,
  network: { name: nodeName, bridge: BRIDGE, subnet: NODE_SUBNET },
  architecture: process.arch,
  lowestOomScore: await lowestOomScore(),
});
try {
  await Promise.all([
    runKubelet(
      {
        ...context,
        runtime,
        rootDir: join(directory, 'kubelet'),
        clusterDns: [CLUSTER_DNS],
        clusterDomain: 'cluster.local',
        podCidr: NODE_SUBNET,
        serving: {
          host: '127.0.0.1',
          port: NODE_PORT,
          tls: { cert: read('kubelet.crt'), key: read('kubelet.key') },
          clientCa: read('ca.crt'),
        },
      },
      stop.signal,
    ),
    runNodeNetwork(
      {
        ...context,
        podCidr: NODE_SUBNET,
        clusterCidr: NODE_SUBNET,
        bridge: BRIDGE,
        dns: { clusterIp: CLUSTER_DNS },
        proxy: { tableName: TABLE },
      },
      stop.signal,
    ),
  ]);
} finally {
  await transport.close();
  await removeNodeNetwork({ bridge: BRIDGE, tableName: TABLE });
}
