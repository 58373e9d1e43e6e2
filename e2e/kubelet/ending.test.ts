// How containers come down: hooks, the grace period that a pod's containers share, and probes while it lasts.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { events, pods } from '../../pkg/api/resources.ts';
import { missing, startNode, type TestNode } from './node.ts';
import { engineId, hasCondition, ready, RUN, sh, STAY, statusOf } from './specs.ts';

const why = await missing();
let node: TestNode;

beforeAll(async () => {
  if (why === undefined) node = await startNode();
}, 60_000);
afterAll(async () => {
  if (why === undefined) await node[Symbol.asyncDispose]();
}, 60_000);

const PATIENCE = { timeout: 20_000, interval: 100 };
const remove = (name: string) => node.client.resource(pods).delete({ namespace: 'default', name });
const told = (name: string, text: RegExp) =>
  vi.waitFor(async () => expect(await node.eventsOf(name)).toContainEqual(expect.stringMatching(text)), PATIENCE);

describe.skipIf(why !== undefined)('a pod that ends', () => {
  test.concurrent('is ready for as long as its readiness probe succeeds, and its liveness is nobody’s matter', async () => {
    await node.create('drains', {
      terminationGracePeriodSeconds: 30,
      containers: [
        sh(`touch /ready /alive; ${RUN}`, {
          readinessProbe: {
            exec: { command: ['test', '-e', '/ready'] },
            periodSeconds: 1,
            timeoutSeconds: 20,
            failureThreshold: 1,
          },
          livenessProbe: {
            exec: { command: ['test', '-e', '/alive'] },
            periodSeconds: 1,
            timeoutSeconds: 20,
            failureThreshold: 1,
          },
          lifecycle: {
            preStop: {
              exec: { command: ['sh', '-c', 'rm /alive; sleep 3; rm /ready; while [ ! -e /end ]; do sleep 0.1; done'] },
            },
          },
        }),
      ],
    });
    const before = await node.until('drains', ready);
    await remove('drains');
    const said: boolean[] = [];
    const after = await node.until('drains', (pod) => {
      if (pod.metadata.deletionTimestamp !== undefined) said.push(ready(pod));
      return hasCondition(pod, 'Ready', 'False');
    });
    expect(said[0]).toBe(true);
    expect(statusOf(after)).toMatchObject({ restartCount: 0, state: { running: {} } });
    const exec = await node.docker.getContainer(engineId(before)).exec({ Cmd: ['touch', '/end'] });
    await exec.start({});
    await node.untilGone('drains');
    expect((await node.eventsOf('drains')).filter((event) => event.includes('Liveness'))).toEqual([]);
  });

  test.concurrent('shares one grace period among its containers and the sidecars after them', async () => {
    await node.create('shares', {
      terminationGracePeriodSeconds: 8,
      initContainers: [sh(STAY, { name: 'side', restartPolicy: 'Always' })],
      containers: [sh('trap "sleep 6; exit 0" TERM; while :; do sleep 0.1; done')],
    });
    await node.until('shares', ready);
    const asked = Date.now();
    await remove('shares');
    await node.untilGone('shares');
    // Six seconds for the one, what is left of the eight for the other; not eight more.
    expect(Date.now() - asked).toBeLessThan(12_000);
  });

  test.concurrent('is ended in spite of a hook that fails, which is told', async () => {
    await node.create('unhooked', {
      containers: [sh(RUN, { lifecycle: { preStop: { tcpSocket: { port: 1 } } } })],
    });
    await node.until('unhooked', ready);
    await remove('unhooked');
    await node.untilGone('unhooked');
    await told('unhooked', /^Warning FailedPreStopHook PreStopHook failed$/);
  });
});

describe.skipIf(why !== undefined)('a container', () => {
  test.concurrent('whose postStart hook fails is killed and waits with the reason', async () => {
    await node.create('unhooked-start', {
      containers: [sh(RUN, { lifecycle: { postStart: { tcpSocket: { port: 1 } } } })],
    });
    const pod = await node.until(
      'unhooked-start',
      (one) => statusOf(one)?.state?.waiting?.reason === 'PostStartHookError',
    );
    expect(statusOf(pod)?.state?.waiting?.message).toMatch(/^Cannot run handler: invalid handler/);
    await told('unhooked-start', /^Warning FailedPostStartHook PostStartHook failed$/);
    await remove('unhooked-start');
    await node.untilGone('unhooked-start');
  });

  test.concurrent('has not started before its postStart hook is over', async () => {
    const hook = ['sh', '-c', 'while [ ! -e /go ]; do sleep 0.1; done'];
    const volumeMounts = [{ name: 'd', mountPath: '/d' }];
    await node.create('hooked-start', {
      containers: [sh(RUN, { lifecycle: { postStart: { exec: { command: hook } } }, volumeMounts })],
      volumes: [{ name: 'd', emptyDir: {} }],
    });
    await told('hooked-start', /^Normal Started/);
    const label = { labels: { changed: 'yes' } }; // gives the kubelet a reason to look again
    await node.client
      .resource(pods)
      .patch({ namespace: 'default', name: 'hooked-start' }, { metadata: label }, 'merge');
    const waiting = await node.until('hooked-start', (pod) => (statusOf(pod)?.containerID ?? '') !== '');
    expect(statusOf(waiting)).toMatchObject({
      ready: false,
      started: false,
      state: { waiting: { reason: 'ContainerCreating' } },
    });
    const exec = await node.docker.getContainer(engineId(waiting)).exec({ Cmd: ['touch', '/go'] });
    await exec.start({});
    await node.until('hooked-start', ready);
    await remove('hooked-start');
    await node.untilGone('hooked-start');
  });

  test.concurrent('is told by an HTTP hook, whatever it answers', async () => {
    await node.create('answers-404', {
      containers: [
        sh(`mkdir /www; httpd -p 8080 -h /www; ${RUN}`, {
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'until echo | nc 127.0.0.1 8080; do sleep 0.1; done'] } },
            preStop: { httpGet: { path: '/none', port: 8080 } },
          },
        }),
      ],
    });
    await node.until('answers-404', ready);
    await remove('answers-404');
    await node.untilGone('answers-404');
    expect((await node.eventsOf('answers-404')).filter((event) => event.includes('Hook'))).toEqual([]);
  });

  test.concurrent('keeps no process of a probe that took too long', async () => {
    const probe = { exec: { command: ['sleep', '1234'] }, periodSeconds: 1, timeoutSeconds: 1 };
    await node.create('slow-probe', { containers: [sh(RUN, { readinessProbe: probe })] });
    await told(
      'slow-probe',
      /^Warning Unhealthy Readiness probe failed: command timed out: "sleep 1234" timed out after 1s$/,
    );
    const pod = await node.until('slow-probe', (one) => statusOf(one)?.state?.running !== undefined);
    const hanging = async () => {
      const top = (await node.docker.getContainer(engineId(pod)).top()) as { Processes: string[][] }; // ps' lines
      return top.Processes.filter((line) => line.join(' ').includes('sleep 1234')).length;
    };
    const fieldSelector = 'involvedObject.name=slow-probe,reason=Unhealthy';
    const failures = async () =>
      (await node.client.resource(events).list({ namespace: 'default', fieldSelector })).items[0]?.count ?? 0;
    await vi.waitFor(async () => expect(await failures()).toBeGreaterThanOrEqual(4), PATIENCE);
    expect(await hanging()).toBeLessThanOrEqual(1);
    await remove('slow-probe');
    await node.untilGone('slow-probe');
  });
});
