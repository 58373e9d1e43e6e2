// Waits until a cluster of containers serves and its nodes are ready, and says why not when a container has ended meanwhile.
import type Docker from 'dockerode';
import type { Clock } from '../../clock/clock.ts';
import { isNodeReady, type ApiProbe } from '../api-probe.ts';
import { ClusterError } from '../cluster-record.ts';
import type { NodesRecord } from './nodes-record.ts';

export interface Waiting {
  readonly probe: ApiProbe;
  readonly engine: Docker;
  readonly record: NodesRecord;
  readonly clock: Clock;
}

const API_WITHIN_MS = 90_000;
const NODES_WITHIN_MS = 120_000;
const POLL_MS = 50;

export function untilApiReady(waiting: Waiting, signal: AbortSignal): Promise<void> {
  const ready = async () => (await waiting.probe.get('/readyz')).status === 200;
  return until(waiting, { what: 'the API server', withinMs: API_WITHIN_MS }, ready, signal);
}

export async function untilNodesReady(waiting: Waiting, signal: AbortSignal): Promise<void> {
  const { record, engine, probe } = waiting;
  const names = record.containers.filter(({ role }) => role !== 'load-balancer').map(({ name }) => name);
  const missing = new Map<string, number>();
  for (const name of names) missing.set(name, await startedAt(engine, name));
  const ready = async () => {
    for (const [name, started] of missing) {
      const node = await probe.get(`/api/v1/nodes/${name}`);
      if (node.status !== 200 || !isNodeReady(node.body)) continue;
      // What a node has said before its container stopped does not count.
      const lease = await probe.get(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`);
      if (renewedAt(lease.body) > started) missing.delete(name);
    }
    return missing.size === 0;
  };
  await until(waiting, { what: () => [...missing.keys()].join(', '), withinMs: NODES_WITHIN_MS }, ready, signal);
}

async function startedAt(engine: Docker, name: string): Promise<number> {
  return Date.parse((await engine.getContainer(name).inspect()).State.StartedAt);
}

function renewedAt(lease: unknown): number {
  if (typeof lease !== 'object' || lease === null || !('spec' in lease)) return 0;
  const { spec } = lease;
  if (typeof spec !== 'object' || spec === null || !('renewTime' in spec)) return 0;
  return typeof spec.renewTime === 'string' ? Date.parse(spec.renewTime) : 0;
}

/** A container that has ended will not become ready, so that is the answer. */
async function until(
  { clock, engine, record }: Waiting,
  { what, withinMs }: { readonly what: string | (() => string); readonly withinMs: number },
  done: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.now() + withinMs;
  const named = () => (typeof what === 'string' ? what : what());
  while (!(await done())) {
    if (clock.now() > deadline) {
      const see = `"tkctl cluster logs ${record.name}" collects what there is to know`;
      throw new ClusterError(`${named()} did not become ready within ${withinMs / 1000} s; ${see}`);
    }
    for (const { name } of record.containers) {
      const { State } = await engine.getContainer(name).inspect();
      if (!State.Running && !State.Restarting) {
        throw new ClusterError(
          `container ${name} has ended with exit code ${State.ExitCode} while waiting for ${named()}`,
        );
      }
    }
    await clock.sleep(POLL_MS, signal);
  }
}
