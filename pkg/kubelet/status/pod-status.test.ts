import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { ContainerRecord, ObservedPod } from '../runtime/runtime.ts';
import { container, NOON, observed, pod, record, sandbox } from '../testing/pods.ts';
import { podStatusOf, type StatusInputs } from './pod-status.ts';
import { statusPatch } from './status-patch.ts';

const web = container('web');
const setup = container('setup');

function status(wanted: Pod, there: ObservedPod, more: Partial<StatusInputs> = {}) {
  return podStatusOf({
    pod: wanted,
    observed: there,
    now: NOON,
    runtimeName: 'docker',
    hostIps: ['192.168.0.1'],
    waiting: new Map(),
    ended: false,
    verdict: undefined,
    resize: { pending: undefined, inProgress: undefined },
    started: () => true,
    ready: () => true,
    terminationMessage: () => '',
    ...more,
  });
}

const exited = (spec: typeof web, exitCode: number, more: Partial<ContainerRecord> = {}) =>
  record(spec, { state: 'exited', exitCode, ...more });

const conditions = (told: ReturnType<typeof status>) =>
  Object.fromEntries(
    (told.conditions ?? []).map(({ type, status: value, reason }) => [
      type,
      reason === undefined ? value : `${value} ${reason}`,
    ]),
  );

describe('status of a pod', () => {
  test('a new pod waits for its containers to be created', () => {
    const told = status(pod({ containers: [web] }), observed([], []));
    expect(told.phase).toBe('Pending');
    expect(told.containerStatuses?.[0]).toMatchObject({
      ready: false,
      restartCount: 0,
      state: { waiting: { reason: 'ContainerCreating' } },
    });
    expect(conditions(told)).toEqual({
      PodReadyToStartContainers: 'False',
      Initialized: 'True',
      Ready: 'False ContainersNotReady',
      ContainersReady: 'False ContainersNotReady',
      PodScheduled: 'True',
    });
    expect(told.startTime).toBe('2026-01-01T12:00:00Z');
  });

  test('a running pod is ready, with addresses', () => {
    const told = status(pod({ containers: [web] }), observed([record(web)]));
    expect(told).toMatchObject({
      phase: 'Running',
      podIP: '10.0.0.9',
      podIPs: [{ ip: '10.0.0.9' }],
      hostIP: '192.168.0.1',
      qosClass: 'BestEffort',
    });
    expect(conditions(told)).toMatchObject({
      Ready: 'True',
      ContainersReady: 'True',
      PodReadyToStartContainers: 'True',
    });
    expect(told.containerStatuses?.[0]).toMatchObject({
      containerID: 'docker://web-0',
      ready: true,
      started: true,
      image: 'web:1',
    });
  });

  test('a pod is not ready before its probe or its gate says so', () => {
    const unprobed = status(pod({ containers: [web] }), observed([record(web)]), { ready: () => false });
    expect(unprobed.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      message: 'containers with unready status: [web]',
    });
    const gated = pod({ containers: [web], readinessGates: [{ conditionType: 'x/y' }] });
    expect(conditions(status(gated, observed([record(web)])))).toMatchObject({
      Ready: 'False ReadinessGatesNotReady',
      ContainersReady: 'True',
    });
    const open = { ...gated, status: { conditions: [{ type: 'x/y', status: 'True' }] } };
    expect(conditions(status(open, observed([record(web)])))).toMatchObject({ Ready: 'True', 'x/y': 'True' });
  });

  test('init containers hold the others back', () => {
    const wanted = pod({ initContainers: [setup], containers: [web] });
    const told = status(wanted, observed([record(setup)]));
    expect(told.phase).toBe('Pending');
    expect(told.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    expect(told.conditions?.find(({ type }) => type === 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [setup]',
    });
    const done = status(wanted, observed([exited(setup, 0), record(web)]));
    expect(done.phase).toBe('Running');
    expect(done.initContainerStatuses?.[0]).toMatchObject({
      ready: true,
      state: { terminated: { exitCode: 0, reason: 'Completed' } },
    });
  });

  test('a container that crashes tells of its last end and why it waits', () => {
    const waiting = new Map([['web', { reason: 'CrashLoopBackOff', message: 'back-off' }]]);
    const there = observed([exited(web, 3, { attempt: 2, oomKilled: true }), exited(web, 1, { attempt: 1 })]);
    const told = status(pod({ containers: [web] }), there, { waiting, terminationMessage: () => 'bye' });
    expect(told.phase).toBe('Running');
    expect(told.containerStatuses?.[0]).toMatchObject({
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3, reason: 'OOMKilled', message: 'bye', containerID: 'docker://web-2' } },
    });
  });

  test('a container that could not be started says what the engine said', () => {
    const there = observed([exited(web, 128, { startedAt: undefined, error: 'no such file' })]);
    expect(status(pod({ containers: [web] }), there).containerStatuses?.[0]?.state).toMatchObject({
      terminated: { exitCode: 128, reason: 'StartError', message: 'no such file', startedAt: '1970-01-01T00:00:00Z' },
    });
  });

  test.each([
    { policy: 'Never', codes: [0, 0], phase: 'Succeeded', ready: 'False PodCompleted' },
    { policy: 'Never', codes: [0, 1], phase: 'Failed', ready: 'False PodFailed' },
    { policy: 'OnFailure', codes: [0, 0], phase: 'Succeeded', ready: 'False PodCompleted' },
    { policy: 'OnFailure', codes: [0, 1], phase: 'Running', ready: 'False ContainersNotReady' },
    { policy: 'Always', codes: [0, 0], phase: 'Running', ready: 'False ContainersNotReady' },
  ])('with $policy containers that exited with $codes make the pod $phase', ({ policy, codes, phase, ready }) => {
    const two = container('two');
    const wanted = pod({ containers: [web, two], restartPolicy: policy });
    const told = status(wanted, observed([exited(web, codes[0] ?? 0), exited(two, codes[1] ?? 0)]));
    expect(told.phase).toBe(phase);
    expect(conditions(told)['Ready']).toBe(ready);
  });

  test('a pod runs as long as its sidecar does', () => {
    const side = container('side', { restartPolicy: 'Always' });
    const wanted = pod({ initContainers: [side], containers: [web], restartPolicy: 'Never' });
    expect(status(wanted, observed([exited(web, 0), record(side)])).phase).toBe('Running');
    expect(status(wanted, observed([exited(web, 0), exited(side, 137)]), { ended: true }).phase).toBe('Succeeded');
  });

  test('a deleted pod ends as its containers did', () => {
    const end = (exitCode: number) =>
      status(pod({ containers: [web] }), observed([exited(web, exitCode)], []), { ended: true }).phase;
    expect([end(0), end(143)]).toEqual(['Succeeded', 'Failed']);
  });

  test('a pod over its deadline has failed and says why', () => {
    const verdict = { reason: 'DeadlineExceeded', message: 'too long' };
    const told = status(pod({ containers: [web] }), observed([exited(web, 0)], []), { ended: true, verdict });
    expect(told).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long' });
  });

  test('a container that the engine has lost is not forgotten', () => {
    const before = status(pod({ containers: [web] }), observed([record(web)]));
    const told = status({ ...pod({ containers: [web] }), status: before }, observed([]));
    expect(told.containerStatuses?.[0]?.state).toMatchObject({
      terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' },
    });
  });

  test('the address stays told while the pod winds down', () => {
    const before = status(pod({ containers: [web] }), observed([record(web)]));
    const told = status({ ...pod({ containers: [web] }), status: before }, observed([exited(web, 0)], []), {
      ended: true,
    });
    expect(told.podIP).toBe('10.0.0.9');
    expect(told.startTime).toBe(before.startTime);
  });
});

describe('patch of a status', () => {
  const wanted = pod({ containers: [web] });
  const first = status(wanted, observed([], []));

  test('says nothing when nothing changed', () => {
    expect(statusPatch({ ...wanted, status: first }, first)).toBeUndefined();
    expect(statusPatch({ ...wanted, status: structuredClone(first) }, { ...first, reason: undefined })).toBeUndefined();
  });

  test('says only what changed, takes away what is gone and names the uid', () => {
    const running = status({ ...wanted, status: first }, observed([record(web)], [sandbox()]), {});
    const patch = statusPatch({ ...wanted, status: { ...first, reason: 'Old' } }, running);
    expect(patch).toMatchObject({
      metadata: { uid: 'u1' },
      status: { phase: 'Running', reason: null, podIP: '10.0.0.9' },
    });
    const changed = (patch as { status: { conditions: { type: string; reason?: unknown }[] } }).status.conditions; // as matched above
    expect(changed.map(({ type }) => type)).toEqual(['PodReadyToStartContainers', 'Ready', 'ContainersReady']);
    expect(changed[1]).toMatchObject({ status: 'True', reason: null, message: null });
  });
});
