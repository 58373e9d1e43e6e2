// Takes a cluster of containers from whatever there is of it to nodes that are ready: network, containers, control plane, nodes.
import type Docker from 'dockerode';
import { createClient } from '../../client/typed-client.ts';
import type { Clock } from '../../clock/clock.ts';
import { adminAccessOf, adminTransport } from '../access.ts';
import { probeApi } from '../api-probe.ts';
import { clusterDirectory } from '../cluster-record.ts';
import { putFiles, type ContainerFile } from '../engine.ts';
import { kubeconfigPath, mergeIntoKubeconfig } from '../kubeconfig-entry.ts';
import { ensureNetwork } from './cluster-network.ts';
import { controlPlaneFiles } from './control-plane-files.ts';
import { joinNodes } from './join-nodes.ts';
import { loadBalancerFiles } from './load-balancer-files.ts';
import { ensureContainer, startContainer } from './node-containers.ts';
import { untilApiReady, untilNodesReady } from './nodes-readiness.ts';
import { serverOf, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

export interface BringUpOptions {
  readonly engine: Docker;
  readonly record: NodesRecord;
  /** Asked for once, when a container is missing. */
  readonly image: () => Promise<string>;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly say: (step: string) => void;
}

export async function bringUp(
  { engine, record, image, env, clock, say }: BringUpOptions,
  signal: AbortSignal,
): Promise<void> {
  const directory = clusterDirectory(record.name, env);
  await ensureNetwork(engine, record);
  // One after another: they share authorities, which the first one makes.
  const files = new Map<ContainerPlan, readonly ContainerFile[]>();
  for (const plan of record.containers) files.set(plan, await filesOf(directory, record, plan, clock));
  let imageName: Promise<string> | undefined;
  const source = { engine, record, clock, image: () => (imageName ??= image()) };
  const containers = await Promise.all(record.containers.map((plan) => ensureContainer(source, plan, signal)));
  say(`starting ${containers.length} containers on ${record.subnet}`);
  await Promise.all(
    record.containers.map(async (plan, index) => {
      const container = containers[index];
      const wanted = files.get(plan) ?? [];
      if (container === undefined) return;
      if (wanted.length > 0) await putFiles(container, wanted);
      await startContainer(container);
    }),
  );
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
}

function filesOf(directory: string, record: NodesRecord, plan: ContainerPlan, clock: Clock) {
  switch (plan.role) {
    case 'control-plane':
      return controlPlaneFiles(directory, record, plan, clock.now());
    case 'load-balancer':
      return loadBalancerFiles(directory, record, clock.now());
    case 'worker':
      return Promise.resolve([]);
  }
}
