// What a kubelet does for the API and nothing of what it does for containers: one node whose pods are ready as soon as they are
// there and gone as soon as they are deleted. For tests of clients, which need workloads that come up.
import { setTimeout as pause } from 'node:timers/promises';
import { ask, type Answer } from '../refusals/ask.ts';
import type { ApiServerProcess } from '../support/api-server.ts';

const LOOK_EVERY_MS = 50;
const MERGE = { 'content-type': 'application/merge-patch+json' };
export const HOLLOW_NODE = 'hollow';

interface SeenPod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
  };
  readonly status: { readonly phase?: string };
}

/** Ends with `signal`. */
export async function runHollowKubelet(server: ApiServerProcess, signal: AbortSignal): Promise<void> {
  const now = () => new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now(), lastTransitionTime: now() };
  const status = {
    capacity: { cpu: '8', memory: '8Gi', pods: '110' },
    conditions: [ready],
    nodeInfo: { kubeletVersion: 'v1.35.0' },
  };
  await ask(server, { method: 'POST', path: '/api/v1/nodes', body: { metadata: { name: HOLLOW_NODE }, status } });
  const untaint = { spec: { taints: null } };
  await ask(server, { method: 'PATCH', path: `/api/v1/nodes/${HOLLOW_NODE}`, headers: MERGE, body: untaint });
  for (let next = 1; !signal.aborted;) {
    const pods = itemsOf(await ask(server, { path: '/api/v1/pods' }));
    for (const pod of pods) next = await attend(server, pod, next, now());
    await pause(LOOK_EVERY_MS);
  }
}

async function attend(server: ApiServerProcess, pod: SeenPod, next: number, now: string): Promise<number> {
  const { name, namespace, deletionTimestamp } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  if (deletionTimestamp !== undefined) {
    await ask(server, { method: 'DELETE', path, body: { gracePeriodSeconds: 0 } });
    return next;
  }
  if (!pod.spec.nodeName) {
    const binding = { metadata: { name }, target: { kind: 'Node', name: HOLLOW_NODE } };
    await ask(server, { method: 'POST', path: `${path}/binding`, body: binding });
  }
  if (pod.status.phase === 'Running') return next;
  const podIP = `10.88.${next >> 8}.${next & 255}`;
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
  }));
  const containerStatuses = pod.spec.containers.map(({ name: container, image }) => ({
    name: container,
    image,
    imageID: '',
    ready: true,
    restartCount: 0,
    state: { running: { startedAt: now } },
  }));
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: now, conditions, containerStatuses };
  await ask(server, { method: 'PATCH', path: `${path}/status`, headers: MERGE, body: { status } });
  return next + 1;
}

function itemsOf({ json }: Answer): readonly SeenPod[] {
  const { items } = json;
  return Array.isArray(items) ? (items as SeenPod[]) : []; // The server's pods.
}
