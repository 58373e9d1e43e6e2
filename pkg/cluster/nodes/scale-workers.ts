// Gives a cluster of containers more workers or fewer. The record changes before a container is made and after one is gone, so that
// an interrupted run is finished by the next: a worker is there as long as the record names it.
import { isApiError } from '../../api/meta/status.ts';
import { nodes as nodeResource } from '../../api/resources.ts';
import type { Client } from '../../client/client.ts';
import { createClient } from '../../client/typed-client.ts';
import { adminAccessOf, adminTransport } from '../access.ts';
import { probeApi } from '../api-probe.ts';
import { ClusterError, clusterDirectory } from '../cluster-record.ts';
import { ignoringAbsence } from '../engine.ts';
import { bringUp } from './bring-up.ts';
import { forgetNode } from './join-nodes.ts';
import { withWorkers } from './nodes-plan.ts';
import { planOf, serverOf, writeNodesRecord, type ContainerPlan, type NodesRecord } from './nodes-record.ts';
import type { StartOptions } from './start-containers.ts';

export interface ScaleOptions extends Omit<StartOptions, 'otherApiPort'> {
  readonly workers: number;
  /** Moves the pods of a node elsewhere; rejects when some cannot go. */
  readonly drain: (node: string) => Promise<void>;
}

/** Throws ClusterError, or what `drain` rejects with: the node is then left unschedulable, and the cluster as it is. */
export async function scaleWorkers(options: ScaleOptions, signal: AbortSignal): Promise<NodesRecord> {
  const { record, env } = options;
  const wanted = withWorkers(record, options.workers);
  const surplus = planOf(record, 'worker').filter((plan) => !wanted.containers.includes(plan));
  if (surplus.length > 0) return removeWorkers(options, surplus.toReversed(), signal);
  writeNodesRecord(wanted, env);
  return bringUp({ ...options, record: wanted }, signal);
}

async function removeWorkers(
  options: ScaleOptions,
  surplus: readonly ContainerPlan[],
  signal: AbortSignal,
): Promise<NodesRecord> {
  const { engine, env, clock, say, drain } = options;
  const directory = clusterDirectory(options.record.name, env);
  const access = await adminAccessOf(directory, serverOf(options.record), clock.now());
  await requireApi(access, options.record);
  const transport = adminTransport(access, clock);
  try {
    const client = createClient(transport);
    let { record } = options;
    for (const { name } of surplus) {
      if (await isKnown(client, name, signal)) {
        say(`draining ${name}`);
        await drain(name);
      }
      say(`removing ${name}`);
      await ignoringAbsence(engine.getContainer(name).remove({ force: true, v: true }));
      await forgetNode(client, name, signal);
      record = { ...record, containers: record.containers.filter((plan) => plan.name !== name) };
      writeNodesRecord(record, env);
    }
    return record;
  } finally {
    await transport.close();
  }
}

async function requireApi(access: Parameters<typeof probeApi>[0], { name }: NodesRecord): Promise<void> {
  using probe = probeApi(access);
  if ((await probe.get('/readyz')).status === 200) return;
  throw new ClusterError(
    `the API server of cluster "${name}" does not answer; "tkctl cluster start ${name}" starts it`,
  );
}

async function isKnown(client: Client, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.resource(nodeResource).get({ name }, signal);
    return true;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return false;
    throw error;
  }
}
