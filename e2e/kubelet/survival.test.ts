// What goes on when things break: the kubelet is killed, containers and sandboxes disappear, objects change under running pods.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configMaps, nodes, pods } from '../../pkg/api/resources.ts';
import { IMAGE, missing, NODE, startNode, type TestNode } from './node.ts';
import { engineId, ready, RUN, sh, statusOf } from './specs.ts';

const why = await missing();
let node: TestNode;

beforeAll(async () => {
  if (why === undefined) node = await startNode();
}, 60_000);
afterAll(async () => {
  if (why === undefined) await node[Symbol.asyncDispose]();
}, 60_000);

async function remove(name: string): Promise<void> {
  await node.client.resource(pods).delete({ namespace: 'default', name });
}

describe.skipIf(why !== undefined)('a kubelet', { concurrent: false }, () => {
  test('that was killed adopts what runs, restarts nothing, and catches up', async () => {
    const probe = { exec: { command: ['true'] }, periodSeconds: 1, timeoutSeconds: 20 };
    await node.create('kept', { containers: [sh(RUN, { readinessProbe: probe, livenessProbe: probe })] });
    await node.create('deleted', { containers: [sh(RUN)] });
    await node.create('ended', {
      restartPolicy: 'Never',
      containers: [sh('while [ ! -e /end ]; do sleep 0.1; done; exit 7')],
    });
    const before = await node.until('kept', ready);
    await node.until('deleted', ready);
    const ending = await node.until('ended', ready);
    await node.killKubelet();
    await remove('deleted');
    const exec = await node.docker.getContainer(engineId(ending)).exec({ Cmd: ['touch', '/end'] });
    await exec.start({});
    node.startKubelet();
    await node.untilGone('deleted');
    const ended = await node.until('ended', ({ status }) => status.phase === 'Failed');
    expect(statusOf(ended)?.state?.terminated?.exitCode).toBe(7);
    const after = await node.until('kept', ready);
    expect(statusOf(after)).toMatchObject({ containerID: statusOf(before)?.containerID, restartCount: 0 });
    const told = after.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
    expect(told).toBe(before.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime);
    await Promise.all([remove('kept'), remove('ended')]);
    await Promise.all([node.untilGone('kept'), node.untilGone('ended')]);
  });

  test('says that its node is ready again when the controllers had given it up', async () => {
    const givenUp = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'silent for too long' };
    const resource = node.client.resource(nodes);
    const status = { status: { conditions: [givenUp] } };
    await resource.patch({ name: NODE }, status, 'strategic', { subresource: 'status' });
    const readiness = async () => {
      const { status: now } = await resource.get({ name: NODE });
      return now.conditions?.find(({ type }) => type === 'Ready')?.status;
    };
    await expect.poll(readiness, { timeout: 20_000 }).toBe('True');
  });

  test('restarts a container that somebody took away, and a sandbox', async () => {
    await node.create('robbed', { containers: [sh(RUN)] });
    const first = await node.until('robbed', ready);
    await node.docker.getContainer(engineId(first)).kill();
    const second = await node.until('robbed', (pod) => statusOf(pod)?.restartCount === 1 && ready(pod));
    expect(statusOf(second)?.lastState?.terminated?.exitCode).toBe(137);
    const label = [`io.kubernetes.pod.uid=${second.metadata.uid}`, 'io.kubernetes.docker.type=podsandbox'];
    const sandbox = (await node.docker.listContainers({ filters: { label } }))[0];
    await node.docker.getContainer(sandbox?.Id ?? '').kill();
    await node.until('robbed', (pod) => (statusOf(pod)?.restartCount ?? 0) >= 2 && ready(pod), 60);
    await expect
      .poll(() => node.eventsOf('robbed'), { timeout: 10_000 })
      .toContain('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.');
    await remove('robbed');
    await node.untilGone('robbed');
  });

  test('replaces a container whose image was changed, and no other', async () => {
    await node.docker.getImage(IMAGE).tag({ repo: 'tk-kubelet-e2e-busybox', tag: '2' });
    await node.create('changed', { containers: [sh(RUN), sh(RUN, { name: 'other' })] });
    const before = await node.until('changed', ready);
    const patch = { spec: { containers: [{ name: 'main', image: 'tk-kubelet-e2e-busybox:2' }] } };
    await node.client.resource(pods).patch({ namespace: 'default', name: 'changed' }, patch, 'strategic');
    const after = await node.until('changed', (pod) => statusOf(pod)?.restartCount === 1 && ready(pod));
    expect(after.status.containerStatuses?.[1]?.containerID).toBe(before.status.containerStatuses?.[1]?.containerID);
    await expect
      .poll(() => node.eventsOf('changed'), { timeout: 10_000 })
      .toContain('Normal Killing Container main definition changed, will be restarted');
    await remove('changed');
    await node.untilGone('changed');
  });

  test('shows pods the change of a ConfigMap, and starts them when one appears', async () => {
    const resource = node.client.resource(configMaps);
    const object = (name: string, text: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name },
      data: { text },
    });
    await resource.create(object('live', 'old'));
    await node.create('reads', {
      containers: [
        sh(`cat /c/text > /dev/termination-log; until grep -q new /c/text; do sleep 0.1; done; echo seen; ${RUN}`, {
          volumeMounts: [{ name: 'c', mountPath: '/c' }],
        }),
      ],
      volumes: [{ name: 'c', configMap: { name: 'live' } }],
    });
    await node.create('waits', {
      containers: [sh(RUN, { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'late', key: 'text' } } }] })],
    });
    await node.until('reads', ready);
    // A kubelet that adopts the pod must go on keeping its volumes up to date.
    await node.killKubelet();
    node.startKubelet();
    const waiting = await node.until(
      'waits',
      (pod) => statusOf(pod)?.state?.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(statusOf(waiting)?.state?.waiting?.message).toBe('configmap "late" not found');
    await resource.patch({ namespace: 'default', name: 'live' }, { data: { text: 'new' } }, 'merge');
    await resource.create(object('late', 'here'));
    await node.until('waits', ready, 10);
    await expect.poll(() => node.logs('reads'), { timeout: 10_000 }).toContain('seen');
    await Promise.all([remove('reads'), remove('waits')]);
    await Promise.all([node.untilGone('reads'), node.untilGone('waits')]);
  });

  test('runs the hooks of a pod and gives it the time it asked for', async () => {
    const directory = join(node.directory, 'hooks');
    const log = join(directory, 'log');
    await node.create('hooked', {
      terminationGracePeriodSeconds: 10,
      containers: [
        sh('trap "echo term >> /h/log; sleep 1; echo bye >> /h/log; exit 0" TERM; while :; do sleep 0.1; done', {
          volumeMounts: [{ name: 'h', mountPath: '/h' }],
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'echo started >> /h/log'] } },
            preStop: { exec: { command: ['sh', '-c', 'echo stopping >> /h/log'] } },
          },
        }),
      ],
      volumes: [{ name: 'h', hostPath: { path: directory, type: 'DirectoryOrCreate' } }],
    });
    await node.until('hooked', ready);
    await remove('hooked');
    const ending = await node.until('hooked', ({ metadata }) => metadata.deletionTimestamp !== undefined);
    expect(ending.metadata.deletionGracePeriodSeconds).toBe(10);
    await node.untilGone('hooked');
    expect(readFileSync(log, 'utf8')).toBe('started\nstopping\nterm\nbye\n');
  });

  test('kills what does not end in time, and at once when told to', async () => {
    const deaf = sh('trap "" TERM; while :; do sleep 1; done');
    await node.create('slow', { terminationGracePeriodSeconds: 3, containers: [deaf] });
    await node.create('forced', { terminationGracePeriodSeconds: 300, containers: [deaf] });
    await Promise.all([node.until('slow', ready), node.until('forced', ready)]);
    const began = Date.now();
    await remove('slow');
    await remove('forced');
    await node.untilGone('slow');
    expect(Date.now() - began).toBeGreaterThan(2_500);
    await node.client.resource(pods).delete({ namespace: 'default', name: 'forced' }, { gracePeriodSeconds: 0 });
    await node.untilGone('forced', 5);
    const label = [`io.typekube.node=${NODE}`];
    await expect
      .poll(async () => (await node.docker.listContainers({ all: true, filters: { label } })).length, {
        timeout: 15_000,
      })
      .toBe(0);
  });
});
