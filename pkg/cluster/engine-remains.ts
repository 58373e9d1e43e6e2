// What a node leaves in its container engine, and how it is taken away: the containers of its pods and the network that they join.
import type Docker from 'dockerode';
import { ignoringAbsence, stopContainer } from './engine.ts';

/** Containers and networks carry these, whoever made them (pkg/kubelet/runtime/docker). */
const NODE_LABEL = 'io.typekube.node';
const NETWORK_LABEL = 'io.typekube.network';
const REMOVALS_AT_ONCE = 8;
const STOP_SECONDS = 10;

/** Safe to repeat. */
export async function removeFromEngine(engine: Docker, nodeName: string, network: string): Promise<void> {
  const labelled = { label: [`${NODE_LABEL}=${nodeName}`] };
  const containers = await engine.listContainers({ all: true, filters: labelled });
  for (let start = 0; start < containers.length; start += REMOVALS_AT_ONCE) {
    const some = containers.slice(start, start + REMOVALS_AT_ONCE);
    await Promise.all(some.map(({ Id }) => ignoringAbsence(engine.getContainer(Id).remove({ force: true, v: true }))));
  }
  const networks = await podNetworks(engine, network);
  await Promise.all(networks.map(({ Id }) => ignoringAbsence(engine.getNetwork(Id).remove())));
}

/** Ends the containers of a node's pods; they stay for the node to find. */
export async function stopContainersOf(engine: Docker, nodeName: string): Promise<void> {
  const containers = await engine.listContainers({ filters: { label: [`${NODE_LABEL}=${nodeName}`] } });
  await Promise.all(containers.map(({ Id }) => stopContainer(engine.getContainer(Id), { t: STOP_SECONDS })));
}

/** The networks of pods by that name. */
export function podNetworks(engine: Docker, network: string): Promise<Docker.NetworkInspectInfo[]> {
  return engine.listNetworks({ filters: { label: [`${NETWORK_LABEL}=${network}`] } });
}
