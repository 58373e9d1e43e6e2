// Ends the containers of a cluster with all their state kept, and starts them again.
import type Docker from 'dockerode';
import { ClusterError } from '../cluster-record.ts';
import { bringUp } from './bring-up.ts';
import { stopForGood } from './node-containers.ts';
import { planOf, type NodesRecord } from './nodes-record.ts';
import type { StartOptions } from './start-containers.ts';

/** Nodes first, so that they can still tell the control plane; the load balancer last. */
export async function stopNodesCluster(
  engine: Docker,
  record: NodesRecord,
  say: (step: string) => void,
): Promise<void> {
  for (const role of ['worker', 'control-plane', 'load-balancer'] as const) {
    const containers = planOf(record, role);
    if (containers.length > 0) say(`stopping ${containers.map(({ name }) => name).join(', ')}`);
    await Promise.all(containers.map(({ name }) => stopForGood(engine.getContainer(name))));
  }
}

/** Throws ClusterError when a container is gone: only "create" makes one. */
export async function startNodesCluster(
  options: Omit<StartOptions, 'image' | 'otherApiPort'>,
  signal: AbortSignal,
): Promise<void> {
  const { name } = options.record;
  const image = () => {
    throw new ClusterError(
      `containers of cluster "${name}" are missing; "tkctl cluster create ${name}" makes them again`,
    );
  };
  await bringUp({ ...options, image }, signal);
}
