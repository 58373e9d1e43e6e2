// Level-triggered means: controllers that die between any two of their API calls and are started again bring the cluster to
// the same state. Here they die at every write of a rollout in turn, before it is carried out or after.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployments, replicaSets } from '../../pkg/api/resources.ts';
import type { Deployment } from '../../pkg/api/schema/generated/apps.v1.gen.ts';
import type { Draft } from '../../pkg/api/schema/resource-type.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { UnreachableError, type Transport } from '../../pkg/client/transport.ts';
import { isPodActive } from '../../pkg/controllers/pods.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** A process that dies at its nth write: after that it reaches nothing any more. */
function mortal(transport: Transport, lethalWrite: number, when: 'before' | 'after', died: () => void): Transport {
  let writes = 0;
  let dead = false;
  const die = () => {
    dead = true;
    died();
    return new UnreachableError('the process has died');
  };
  return {
    ...transport,
    async request(request, signal) {
      if (dead) throw new UnreachableError('the process has died');
      const isWrite = request.method !== 'GET' && !request.path.includes('/events');
      const lethal = isWrite && ++writes === lethalWrite;
      if (lethal && when === 'before') throw die();
      const answer = await transport.request(request, signal);
      if (lethal) throw die();
      return answer;
    },
    watch: (path, signal) => transport.watch(path, signal),
    stream: (request, signal) => transport.stream(request, signal),
    connect: (path, signal) => transport.connect(path, signal),
    close: () => transport.close(),
  };
}

function web(name: string, image: string): Draft<Deployment> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      template: {
        // What the server fills in elsewhere has no place in a template.
        metadata: { labels: { app: name } } as unknown as Deployment['metadata'],
        spec: { containers: [{ name: 'c', image }] },
      },
    },
  };
}

const ours = (name: string) =>
  cluster.pods.store.list('default').filter((pod) => pod.metadata.labels?.['app'] === name && isPodActive(pod));

async function settled(name: string, image: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const { status, metadata } = await cluster.client.resource(deployments).get({ namespace: 'default', name });
        const pods = ours(name);
        return {
          images: pods.map((pod) => pod.spec.containers[0]?.image),
          updated: status.updatedReplicas,
          available: status.availableReplicas,
          total: status.replicas,
          current: status.observedGeneration === metadata.generation,
        };
      },
      { timeout: 15_000, interval: 20 },
    )
    .toEqual({ images: [image, image, image], updated: 3, available: 3, total: 3, current: true });
}

describe.each(['before', 'after'] as const)('controllers that die %s a write', (when) => {
  test.each(Array.from({ length: 10 }, (_, index) => index + 1))(
    'number %i converge when they come back',
    async (write) => {
      const name = `crash-${when}-${write}`;
      await cluster.client.resource(deployments).create(web(name, 'v1'));
      const stopFirst = cluster.run();
      await settled(name, 'v1');
      await stopFirst();
      const made = await cluster.client.resource(deployments).get({ namespace: 'default', name });
      await cluster.client.resource(deployments).update({ ...made, spec: { ...made.spec, ...web(name, 'v2').spec } });

      const death = Promise.withResolvers<void>();
      const client = createClient(mortal(cluster.transport(), write, when, death.resolve));
      const stopMortal = cluster.run({ client });
      await Promise.race([death.promise, settled(name, 'v2')]);
      await stopMortal();

      let most = 0;
      const counting = cluster.pods.on({ added: () => (most = Math.max(most, ours(name).length)) });
      const stopLast = cluster.run();
      await settled(name, 'v2');
      counting[Symbol.dispose]();
      expect(most).toBeLessThanOrEqual(4);
      const sets = (
        await cluster.client.resource(replicaSets).list({ namespace: 'default', labelSelector: `app=${name}` })
      ).items;
      expect(sets.map((set) => set.spec.replicas ?? 1).toSorted((a, b) => a - b)).toEqual([0, 3]);
      await cluster.client.resource(deployments).delete({ namespace: 'default', name });
      await expect.poll(() => ours(name).length, { timeout: 10_000 }).toBe(0);
      await stopLast();
    },
  );
});
