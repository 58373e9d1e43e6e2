// Makes nodes of the containers of a cluster the way any machine becomes one: a bootstrap token, and the join command run on
// each. A container that has joined before says so and is left as it is.
import type Docker from 'dockerode';
import { NODE_TOKEN_GROUP, TOKEN_USAGES } from '../../api/core/v1/bootstrap-token.ts';
import { parseGoDuration } from '../../api/meta/duration.ts';
import { isApiError } from '../../api/meta/status.ts';
import { nodes as nodeResource } from '../../api/resources.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../clock/clock.ts';
import { CLUSTER_DOMAIN } from '../access.ts';
import { ensureBootstrapObjects } from '../bootstrap-objects.ts';
import { createBootstrapToken, deleteBootstrapToken, joinTarget, newToken } from '../bootstrap-tokens.ts';
import { ClusterError } from '../cluster-record.ts';
import { execIn } from '../engine.ts';
import { NODE_DIRECTORY } from '../node-record.ts';
import { planOf, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

export interface JoinOptions {
  readonly engine: Docker;
  readonly record: NodesRecord;
  /** The administrator's. */
  readonly client: Client;
  /** PEM. */
  readonly authority: string;
  readonly clock: Clock;
  readonly say: (step: string) => void;
}

/** Of the kubelet: nothing need be said for grace periods that are longer. */
const DEFAULT_LEASE_SECONDS = 40;

/** Nodes that are missed sooner must show sooner that they live: a Lease lasts no longer than the grace period. */
export function leaseFor(gracePeriod: string | undefined): { nodeLeaseDurationSeconds?: number } {
  const graceMs = gracePeriod === undefined ? undefined : parseGoDuration(gracePeriod);
  if (graceMs === undefined || graceMs >= DEFAULT_LEASE_SECONDS * 1000) return {};
  return { nodeLeaseDurationSeconds: Math.max(1, Math.floor(graceMs / 1000)) };
}

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';
const TOKEN_LIFE_MS = 10 * 60_000;
const ENGINE_WITHIN_MS = 60_000;
const POLL_MS = 100;

export async function joinNodes(options: JoinOptions, signal: AbortSignal): Promise<void> {
  const { engine, record, client, authority, clock, say } = options;
  const { podSubnet: clusterCidr, serviceSubnet: serviceCidr, clusterDns } = record;
  const server = `https://${record.endpoint}`;
  await ensureBootstrapObjects(
    client,
    {
      server,
      authority,
      clusterCidr,
      serviceCidr,
      clusterDns,
      clusterDomain: CLUSTER_DOMAIN,
      ...leaseFor(record.controllerManager['node-monitor-grace-period']),
    },
    signal,
  );
  const machines = record.containers.filter(({ role }) => role !== 'load-balancer');
  const joined = await Promise.all(machines.map(({ name }) => hasJoined(engine, name, signal)));
  const missing = machines.filter((_, index) => joined[index] === false);
  if (missing.length > 0) {
    say(`joining ${missing.length} ${missing.length === 1 ? 'node' : 'nodes'}`);
    await joinAll(options, missing, signal);
  }
  await Promise.all(planOf(record, 'control-plane').map(({ name }) => markControlPlane(client, name, clock, signal)));
}

async function joinAll(options: JoinOptions, plans: readonly ContainerPlan[], signal: AbortSignal): Promise<void> {
  const { record, client, clock } = options;
  const token = newToken();
  await createBootstrapToken(
    client,
    {
      ...token,
      description: `"tkctl cluster create ${record.name}"`,
      expiresAt: clock.now() + TOKEN_LIFE_MS,
      usages: TOKEN_USAGES,
      groups: [NODE_TOKEN_GROUP],
    },
    signal,
  );
  try {
    const { endpoint, pin } = await joinTarget(client, signal);
    const command = ['tkctl', 'join', endpoint, `--token=${token.id}.${token.secret}`];
    command.push(`--discovery-token-ca-cert-hash=${pin}`, '--no-start');
    await Promise.all(
      plans.map(async (plan) => {
        await forgetNode(client, plan.name, signal);
        await joinNode(options, plan, command, signal);
      }),
    );
  } finally {
    await deleteBootstrapToken(client, token.id, signal);
  }
}

/** Of a container that is gone: one that comes under its name starts afresh. */
export async function forgetNode(client: Client, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.resource(nodeResource).delete({ name }, {}, signal);
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}

async function joinNode(
  { engine, record, clock }: JoinOptions,
  plan: ContainerPlan,
  join: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const command = [...join, `--node-name=${plan.name}`, `--node-ip=${plan.address}`];
  for (const [key, value] of Object.entries(plan.labels)) command.push(`--node-labels=${key}=${value}`);
  // As kubeadm: where there are workers, nobody else's pods run beside the control plane.
  const reserved = plan.role === 'control-plane' && planOf(record, 'worker').length > 0;
  if (reserved) command.push(`--register-with-taints=${CONTROL_PLANE}:NoSchedule`);
  await engineReady(engine, plan.name, clock, signal);
  const { code, stderr } = await execIn(engine, plan.name, command, signal);
  if (code === 0) return;
  throw new ClusterError(`${plan.name} could not join: ${stderr.trim().split('\n').at(-1) ?? `exit code ${code}`}`);
}

/** The join command writes this file last. */
export async function hasJoined(engine: Docker, name: string, signal: AbortSignal): Promise<boolean> {
  return (await execIn(engine, name, ['test', '-f', `${NODE_DIRECTORY}/node.json`], signal)).code === 0;
}

async function engineReady(engine: Docker, name: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadline = clock.now() + ENGINE_WITHIN_MS;
  while ((await execIn(engine, name, ['test', '-S', '/var/run/docker.sock'], signal)).code !== 0) {
    if (clock.now() > deadline) throw new ClusterError(`the engine of ${name} did not start within 60 s`);
    await clock.sleep(POLL_MS, signal);
  }
}

/** Nodes may not give themselves this label; the administrator does. */
async function markControlPlane(client: Client, name: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const labels = { [CONTROL_PLANE]: '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
  const deadline = clock.now() + ENGINE_WITHIN_MS;
  for (;;) {
    try {
      await client.resource(nodeResource).patch({ name }, { metadata: { labels } }, 'merge', {}, signal);
      return;
    } catch (error) {
      if (!isApiError(error, 'NotFound') || clock.now() > deadline) throw error;
      await clock.sleep(POLL_MS, signal); // its kubelet has yet to register it
    }
  }
}
