import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Pod, PodStatus } from '../../api/schema/generated/core.v1.gen.ts';
import { createClient } from '../../client/typed-client.ts';
import type { Transport, TransportRequest } from '../../client/transport.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { ImagePuller } from '../images/image-puller.ts';
import { ObjectCache } from '../objects/object-cache.ts';
import { ProbeManager } from '../probes/probe-manager.ts';
import { FakeRuntime } from '../runtime/fake/fake-runtime.ts';
import { container, pod } from '../testing/pods.ts';
import { TokenSource } from '../volumes/token-source.ts';
import { VolumeManager } from '../volumes/volume-manager.ts';
import type { PodContext } from './pod-context.ts';
import { PodWorker } from './pod-worker.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** As the API server merges: conditions by their type. */
function merged(before: PodStatus, patch: PodStatus): PodStatus {
  const conditions = new Map([...(before.conditions ?? []), ...(patch.conditions ?? [])].map((one) => [one.type, one]));
  const withoutNull = [...conditions.values()].map((one) =>
    Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null)),
  );
  return { ...before, ...patch, conditions: withoutNull as unknown as PodStatus['conditions'] }; // the same without nulls
}

/** A worker over a simulated engine; the API server is what its requests say. */
function run(wanted: Pod) {
  const clock = new VirtualClock();
  const runtime = new FakeRuntime({ clock });
  const requests: TransportRequest[] = [];
  const told: string[] = [];
  let object = wanted;
  const transport: Transport = {
    request(request) {
      requests.push(request);
      if (request.method === 'PATCH') {
        const { status } = request.body as { status: PodStatus }; // what the status writer sends
        object = { ...object, status: merged(object.status, status) };
      }
      return Promise.resolve({ status: 200, warnings: [], body: object });
    },
    watch: () => Promise.reject(new Error('nothing is watched here')),
    stream: () => Promise.reject(new Error('nothing is streamed here')),
    connect: () => Promise.reject(new Error('nothing is connected here')),
    close: () => Promise.resolve(),
  };
  const client = createClient(transport);
  const events = {
    record: (_about: unknown, text: { reason: string; message: string }) =>
      void told.push(`${text.reason}: ${text.message}`),
    close: () => Promise.resolve(),
  };
  const random = () => 0;
  const log = silentLogger;
  const directory = mkdtempSync(join(tmpdir(), 'kubelet-worker-'));
  const changed = () => undefined;
  const objects = new ObjectCache({ client, clock, random, log, changed });
  const tokens = new TokenSource(client, clock);
  const context: PodContext = {
    client,
    clock,
    random,
    log,
    events,
    runtime,
    images: new ImagePuller(runtime, clock),
    objects,
    volumes: new VolumeManager(directory, objects, tokens),
    tokens,
    probes: new ProbeManager({ runtime, clock, events, log, changed }),
    node: { name: 'n1', ips: ['192.168.0.1'], allocatable: {}, memoryCapacity: 1 << 30, runtimeName: 'fake' },
    otherPods: () => [],
    networkFault: () => runtime.networkFault,
    dns: { servers: [], domain: 'cluster.local' },
    seccompDirectory: directory,
    services: () => Promise.resolve([]),
  };
  const worker = new PodWorker(wanted, undefined, undefined, context);
  const stop = new AbortController();
  const done = worker.run(stop.signal);
  stops.push(async () => {
    stop.abort();
    await done;
    rmSync(directory, { recursive: true });
  });
  const settle = async (ms = 0) => {
    // Files are written for real: turns of the loop in which no virtual time passes.
    for (let turn = 0; turn < 20; turn++) {
      await clock.advance(0);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await clock.advance(ms);
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
  };
  const idOf = async () => (await runtime.podStatus('u1'))?.containers[0]?.id ?? '';
  return { worker, runtime, clock, requests, told, settle, idOf, done, status: () => object.status };
}

async function until(settle: () => Promise<void>, is: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !is(); turn++) await settle();
  expect(is()).toBe(true);
}

test('a pod is brought up, its container restarted at once, then held back', async () => {
  const { worker, runtime, settle, idOf, status, told } = run(pod({ containers: [container('web')] }));
  await until(settle, () => status().phase === 'Running');
  expect(told).toEqual([
    'Pulled: Container image "web:1" already present on machine and can be accessed by the pod',
    'Created: Container created',
    'Started: Container started',
  ]);
  runtime.end(await idOf(), 1);
  worker.touch('runtime');
  await until(settle, () => status().containerStatuses?.[0]?.restartCount === 1);
  runtime.end(await idOf(), 1);
  worker.touch('runtime');
  await until(settle, () => status().containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff');
  await settle(9_000);
  expect(status().containerStatuses?.[0]?.restartCount).toBe(1);
  await settle(1_500);
  await until(settle, () => status().containerStatuses?.[0]?.restartCount === 2);
});

test('a pod waits for the network of the node, one on the node’s own does not', async () => {
  const waiting = run(pod({ containers: [container('web')] }));
  waiting.runtime.networkFault = 'no range yet';
  await until(waiting.settle, () => waiting.told.length > 0);
  expect(waiting.told).toEqual(['NetworkNotReady: network is not ready: no range yet']);
  expect(await waiting.runtime.listPods()).toEqual([]);
  expect(waiting.status().containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating');
  await waiting.runtime.setPodCidr();
  waiting.worker.touch('objects');
  await until(waiting.settle, () => waiting.status().phase === 'Running');

  const onNode = run(pod({ hostNetwork: true, containers: [container('web')] }));
  onNode.runtime.networkFault = 'no range yet';
  await until(onNode.settle, () => onNode.status().phase === 'Running');
});

test('a container that cannot be created says so and is tried again', async () => {
  const wanted = pod({ containers: [container('web')] });
  const { runtime, settle, status } = run(wanted);
  runtime.faults.createContainer.push('no space left');
  await until(settle, () => status().containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerError');
  expect(status().containerStatuses?.[0]?.state?.waiting?.message).toBe('no space left');
  await settle(10_500);
  await until(settle, () => status().phase === 'Running');
});

test('a deleted pod is stopped, tells its end, and then its object goes', async () => {
  const wanted = pod({ containers: [container('web')] });
  const { worker, runtime, requests, settle, status, done } = run(wanted);
  await until(settle, () => status().phase === 'Running');
  const metadata = {
    ...wanted.metadata,
    deletionTimestamp: '2026-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 30,
    resourceVersion: '2',
  };
  worker.update({ ...wanted, metadata, status: status() });
  await settle(1_000);
  await until(settle, () => requests.at(-1)?.method === 'DELETE');
  expect(requests.at(-1)?.body).toMatchObject({ gracePeriodSeconds: 0, preconditions: { uid: 'u1' } });
  expect(status()).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 143 } } }],
  });
  expect(await runtime.listPods()).toEqual([]);
  await done;
});

test('a hook that is still waiting ends when the grace period is cut', async () => {
  const preStop = { sleep: { seconds: 100 } };
  const wanted = pod({
    containers: [container('web', { lifecycle: { preStop } })],
    terminationGracePeriodSeconds: 120,
  });
  const { worker, requests, settle, status, done } = run(wanted);
  await until(settle, () => status().phase === 'Running');
  const end = (deletionGracePeriodSeconds: number, resourceVersion: string) => {
    const deletion = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds, resourceVersion };
    worker.update({ ...wanted, metadata: { ...wanted.metadata, ...deletion }, status: status() });
  };
  end(120, '2');
  await settle(5_000);
  expect(status().phase).toBe('Running');
  end(1, '3');
  await settle(2_000);
  await until(settle, () => requests.at(-1)?.method === 'DELETE');
  await done;
});

test('a pod that is as it should be is left alone', async () => {
  const { worker, requests, settle, idOf, status, told } = run(pod({ containers: [container('web')] }));
  await until(settle, () => status().phase === 'Running');
  await settle(1_000);
  const before = { id: await idOf(), requests: requests.length, told: told.length };
  worker.touch('runtime');
  await settle(70_000);
  expect({ id: await idOf(), requests: requests.length, told: told.length }).toEqual(before);
});

test('a pod over its deadline is stopped and has failed, which is told once', async () => {
  const { settle, status, told, worker } = run(pod({ containers: [container('web')], activeDeadlineSeconds: 5 }));
  await until(settle, () => status().phase === 'Running');
  await settle(6_000);
  await until(settle, () => status().phase === 'Failed');
  worker.touch('runtime');
  await settle(1_000);
  expect(status()).toMatchObject({ reason: 'DeadlineExceeded' });
  expect(told.filter((text) => text.startsWith('DeadlineExceeded'))).toHaveLength(1);
});

test('a volume that cannot be brought up to date is tried again once a minute, and nothing else waits for it', async () => {
  const path = mkdtempSync(join(tmpdir(), 'kubelet-host-path-'));
  const volumes = [{ name: 'host', hostPath: { path, type: 'Directory' } }];
  const { settle, status, told, worker, runtime, idOf } = run(pod({ containers: [container('web')], volumes }));
  await until(settle, () => status().phase === 'Running');
  rmSync(path, { recursive: true });
  const failures = () => told.filter((text) => text.startsWith('FailedMount')).length;
  await settle(61_000);
  await until(settle, () => failures() > 0);
  for (let turn = 0; turn < 10; turn++) await settle();
  expect(failures()).toBe(1);
  runtime.end(await idOf(), 1);
  worker.touch('runtime');
  await until(settle, () => status().containerStatuses?.[0]?.restartCount === 1);
  await settle(61_000);
  await until(settle, () => failures() > 1);
});
