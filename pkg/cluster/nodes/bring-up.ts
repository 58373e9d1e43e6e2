// Takes a cluster of containers from whatever there is of it to nodes that are ready: network, containers, control plane, nodes.
import { createClient } from '../../client/typed-client.ts';
import { adminAccessOf, adminTransport } from '../access.ts';
import { probeApi } from '../api-probe.ts';
import { ClusterError, clusterDirectory } from '../cluster-record.ts';
import { kubeconfigPath, mergeIntoKubeconfig } from '../kubeconfig-entry.ts';
import { ensureNetwork } from './cluster-network.ts';
import { joinNodes } from './join-nodes.ts';
import { untilApiReady, untilNodesReady } from './nodes-readiness.ts';
import { serverOf, type NodesRecord } from './nodes-record.ts';
import { startContainers, type StartOptions } from './start-containers.ts';

/** The record as it is then: the API server's port may be another. */
export async function bringUp(options: StartOptions, signal: AbortSignal): Promise<NodesRecord> {
  const { engine, record: asked, env, clock, say } = options;
  const directory = clusterDirectory(asked.name, env);
  if ((await ensureNetwork(engine, asked)) === 'taken') {
    throw new ClusterError(
      `another network has the addresses ${asked.subnet} of cluster "${asked.name}"; remove that, or delete the cluster`,
    );
  }
  const record = await startContainers(options, signal);
  const access = await adminAccessOf(directory, serverOf(record), clock.now());
  using probe = probeApi(access);
  say('waiting for the control plane');
  await untilApiReady({ probe, clock, engine, record }, signal);
  const transport = adminTransport(access, clock);
  try {
    const client = createClient(transport);
    await joinNodes({ engine, record, client, authority: access.authority, clock, say }, signal);
  } finally {
    await transport.close();
  }
  say('waiting for the nodes to be ready');
  await untilNodesReady({ probe, clock, engine, record }, signal);
  mergeIntoKubeconfig(kubeconfigPath(env), record.name, access);
  return record;
}
