// A whole control plane in this process for the controllers' tests: a real API server on a real store, controllers over the
// direct transport, and the least of a kubelet: pods get a node, run and become ready, and go when they are deleted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinds } from '../../pkg/api/kinds.ts';
import { isApiError } from '../../pkg/api/meta/status.ts';
import { formatTime } from '../../pkg/api/meta/time.ts';
import { nodes, pods } from '../../pkg/api/resources.ts';
import type { Pod } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { directTransport } from '../../pkg/apiserver/direct-transport.ts';
import { createApiServer } from '../../pkg/apiserver/server.ts';
import type { Client } from '../../pkg/client/client.ts';
import { createInformer, type Informer } from '../../pkg/client/informer.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { runControllers, type RunControllers } from '../../pkg/controllers/run.ts';
import { silentLogger } from '../../pkg/logging/logger.ts';
import { openEmbeddedStore } from '../../pkg/storage/embedded/embedded-store.ts';
import { UnreachableError, type Transport } from '../../pkg/client/transport.ts';

const ADMIN = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };
const NODES = ['node-a', 'node-b'] as const;

export interface TestCluster extends AsyncDisposable {
  readonly client: Client;
  readonly pods: Informer<Pod>;
  transport(): Transport;
  /** Starts controllers; answers with what stops them. */
  run(options?: Partial<RunControllers>): () => Promise<void>;
}

export async function startTestCluster(options: { readonly kubelet?: boolean } = {}): Promise<TestCluster> {
  await using parts = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'typekube-controllers-'));
  parts.defer(() => rmSync(directory, { recursive: true, force: true }));
  const store = await openEmbeddedStore({ directory, clock: realClock });
  parts.defer(() => store.close());
  const common = { clock: realClock, random: Math.random, log: silentLogger };
  const server = await createApiServer({ store, kinds, ...common });
  parts.defer(() => server.close());
  const transport = () => directTransport(server, ADMIN, { userAgent: 'controllers-test' });
  const client = createClient(transport());
  await createNodes(client);
  const stop = new AbortController();
  const informer = createInformer(client.resource(pods), common);
  if (options.kubelet !== false) informer.on(smallKubelet(client));
  const informing = informer.run(stop.signal);
  parts.defer(async () => {
    stop.abort(new Error('the test is over'));
    await informing;
  });
  await informer.synced();
  const owned = parts.move();
  return {
    client,
    pods: informer,
    transport,
    run(more = {}) {
      const end = new AbortController();
      const running = runControllers({ client, enabled: '*', ...common, ...more }, end.signal);
      return async () => {
        end.abort(new Error('stopped by the test'));
        await running;
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Two nodes that say of themselves that they are ready. */
export async function createNodes(client: Client): Promise<void> {
  for (const name of NODES) {
    await client.resource(nodes).create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} });
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: formatTime(realClock.now()) };
    await client
      .resource(nodes)
      .patch({ name }, { status: { conditions: [ready] } }, 'strategic', { subresource: 'status' });
  }
}

/** Reacts to each change of a pod with the next thing that a scheduler or kubelet would do. */
export function smallKubelet(client: Client) {
  let turn = 0;
  const act = async (pod: Pod) => {
    const { metadata } = pod;
    if (metadata.deletionTimestamp !== undefined) {
      await client.resource(pods).delete(metadata, { gracePeriodSeconds: 0 });
    } else if ((pod.spec.nodeName ?? '') === '') {
      const target = { kind: 'Node', name: NODES[turn++ % NODES.length] };
      const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: metadata.name }, target };
      await client.resource(pods).createSubresource(metadata, 'binding', body);
    } else if (pod.status.phase !== 'Running' && metadata.annotations?.['test/never-ready'] === undefined) {
      const podIP = `10.1.${(turn >> 8) & 255}.${turn++ & 255}`;
      const ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(realClock.now()) };
      const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions: [ready] };
      await client.resource(pods).patch(metadata, { status }, 'strategic', { subresource: 'status' });
    }
  };
  const react = (pod: Pod) => {
    act(pod).catch((error: unknown) => {
      // Gone or changed meanwhile: the next event says what to do. No server: the test is over.
      if (!isApiError(error) && !(error instanceof UnreachableError)) throw error;
    });
  };
  return { added: react, changed: react };
}
