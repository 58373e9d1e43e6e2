// Pods that get more or less while they run, as the cgroups of the real engine have it.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { nodes, pods } from '../../pkg/api/resources.ts';
import type { ContainerResizePolicy, Pod, ResourceRequirements } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { missing, startNode, type TestNode } from './node.ts';
import { engineId, hasCondition, ready, RUN, sh, statusOf } from './specs.ts';

const why = await missing();
let node: TestNode;

beforeAll(async () => {
  if (why === undefined) node = await startNode();
}, 60_000);
afterAll(async () => {
  if (why === undefined) await node[Symbol.asyncDispose]();
}, 60_000);

const SMALL = { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '200m', memory: '64Mi' } };
const LARGE = { requests: { cpu: '200m', memory: '64Mi' }, limits: { cpu: '400m', memory: '96Mi' } };

async function resize(name: string, resources: ResourceRequirements): Promise<void> {
  const patch = { spec: { containers: [{ name: 'main', resources }] } };
  await node.client.resource(pods).patch({ namespace: 'default', name }, patch, 'strategic', { subresource: 'resize' });
}

async function remove(name: string): Promise<void> {
  await node.client.resource(pods).delete({ namespace: 'default', name });
  await node.untilGone(name);
}

/** What the container itself sees: bytes, and microseconds of 100 ms. */
async function enforced(pod: Pod): Promise<{ memory: number; cpu: number }> {
  const { State: state } = await node.docker.getContainer(engineId(pod)).inspect();
  const groups = readFileSync(`/proc/${state.Pid}/cgroup`, 'utf8');
  const v2 = /^0::(.*)$/m.exec(groups)?.[1] ?? '';
  const read = (v1: string, controller: string, file: string) => {
    const path = new RegExp(`^\\d+:[^:]*\\b${controller}\\b[^:]*:(.*)$`, 'm').exec(groups)?.[1];
    const at = path === undefined ? `/sys/fs/cgroup${v2}/${file}` : `/sys/fs/cgroup/${controller}${path}/${v1}`;
    return Number(readFileSync(at, 'utf8').split(' ')[0]);
  };
  return {
    memory: read('memory.limit_in_bytes', 'memory', 'memory.max'),
    cpu: read('cpu.cfs_quota_us', 'cpu', 'cpu.max'),
  };
}

const told = (name: string, text: RegExp) =>
  vi.waitFor(async () => expect(await node.eventsOf(name)).toContainEqual(expect.stringMatching(text)), {
    timeout: 15_000,
    interval: 100,
  });
const isResized = (to: ResourceRequirements) => (pod: Pod) =>
  JSON.stringify(statusOf(pod)?.resources?.limits) === JSON.stringify(to.limits) &&
  !hasCondition(pod, 'PodResizeInProgress');

describe.skipIf(why !== undefined)('a running container', { concurrent: false }, () => {
  test('gets what is asked for without a restart, also less, and a kubelet that was killed knows', async () => {
    await node.create('grows', { containers: [sh(RUN, { resources: SMALL })] });
    const before = await node.until('grows', ready);
    expect(await enforced(before)).toEqual({ memory: 64 << 20, cpu: 20_000 });
    await resize('grows', LARGE);
    const after = await node.until('grows', isResized(LARGE));
    expect(await enforced(after)).toEqual({ memory: 96 << 20, cpu: 40_000 });
    expect(statusOf(after)).toMatchObject({
      restartCount: 0,
      containerID: statusOf(before)?.containerID,
      allocatedResources: LARGE.requests,
      resources: LARGE,
    });
    await told('grows', /^Normal ResizeStarted Pod resize started: \{"containers":\[\{"name":"main","resources":/);
    await told('grows', /^Normal ResizeCompleted Pod resize completed: /);
    await node.killKubelet();
    await resize('grows', SMALL);
    node.startKubelet();
    const again = await node.until('grows', isResized(SMALL));
    expect(await enforced(again)).toEqual({ memory: 64 << 20, cpu: 20_000 });
    expect(statusOf(again)?.restartCount).toBe(0);
    await remove('grows');
  });

  test('is restarted where its policy for the resource says so', async () => {
    const resizePolicy: ContainerResizePolicy[] = [
      { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      { resourceName: 'memory', restartPolicy: 'RestartContainer' },
    ];
    await node.create('restarts', { containers: [sh(RUN, { resources: SMALL, resizePolicy })] });
    await node.until('restarts', ready);
    await resize('restarts', LARGE);
    const after = await node.until('restarts', (pod) => isResized(LARGE)(pod) && ready(pod));
    expect(statusOf(after)?.restartCount).toBe(1);
    expect(await enforced(after)).toEqual({ memory: 96 << 20, cpu: 40_000 });
    await told('restarts', /^Normal Killing Container main resize requires restart$/);
    await remove('restarts');
  });

  test('waits when there is no room, gets it when there is, and is told when there never will be', async () => {
    const [capacity] = (await node.client.resource(nodes).list()).items;
    const cpus = Number(capacity?.status.allocatable?.['cpu']);
    await node.create('in-the-way', { containers: [sh(RUN, { resources: { requests: { cpu: `${cpus - 0.5}` } } })] });
    await node.create('waits-for-room', { containers: [sh(RUN, { resources: { requests: { cpu: '100m' } } })] });
    await Promise.all([node.until('in-the-way', ready), node.until('waits-for-room', ready)]);
    await resize('waits-for-room', { requests: { cpu: '600m' } });
    const waiting = await node.until('waits-for-room', (pod) => hasCondition(pod, 'PodResizePending'));
    const pending = waiting.status.conditions?.find(({ type }) => type === 'PodResizePending');
    expect(pending?.reason).toBe('Deferred');
    expect(pending?.message).toMatch(
      /^Node didn't have enough resource: cpu, requested: 600, used: \d+, capacity: \d+$/,
    );
    expect(statusOf(waiting)?.allocatedResources).toEqual({ cpu: '100m' });
    await remove('in-the-way');
    await node.until(
      'waits-for-room',
      (pod) => !hasCondition(pod, 'PodResizePending') && statusOf(pod)?.resources?.requests?.['cpu'] === '600m',
      20,
    );
    await resize('waits-for-room', { requests: { cpu: `${cpus + 1}` } });
    const never = await node.until('waits-for-room', (pod) => hasCondition(pod, 'PodResizePending'));
    expect(never.status.conditions?.find(({ type }) => type === 'PodResizePending')).toMatchObject({
      reason: 'Infeasible',
      message: `Node didn't have enough capacity: cpu, requested: ${(cpus + 1) * 1000}, capacity: ${cpus * 1000}`,
    });
    await told('waits-for-room', /^Warning ResizeInfeasible Pod resize Infeasible: /);
    await remove('waits-for-room');
  });
});
