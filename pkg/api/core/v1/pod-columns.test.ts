import { expect, test } from 'vitest';
import type { ContainerState, ContainerStatus, Pod, PodSpec, PodStatus } from '../../schema/generated/core.v1.gen.ts';
import { podColumns, podRowConditions } from './pod-columns.ts';

const NOW = Date.parse('2024-01-02T00:10:00Z');

function pod(status: PodStatus, rest: { spec?: Partial<PodSpec>; deleted?: boolean } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'a',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2024-01-02T00:00:00Z',
      ...(rest.deleted === true && { deletionTimestamp: '2024-01-02T00:05:00Z' }),
    },
    spec: { containers: [{ name: 'c' }], ...rest.spec },
    status,
  };
}

function container(state: ContainerState, rest: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name: 'c', image: 'i', imageID: '', ready: false, restartCount: 0, state, ...rest };
}

const cell = (name: string, of: Pod) => podColumns.find((column) => column.name === name)?.cell(of, NOW);
const row = (of: Pod) => ['Ready', 'Status', 'Restarts'].map((name) => cell(name, of));

const running = container({ running: {} }, { ready: true });
const init = { spec: { initContainers: [{ name: 'i' }, { name: 'j' }] } };
const sidecar = { spec: { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }] } };

test.each<{ name: string; of: Pod; want: unknown[] }>([
  { name: 'running', of: pod({ phase: 'Running', containerStatuses: [running] }), want: ['1/1', 'Running', '0'] },
  {
    name: 'waiting',
    of: pod({ phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] }),
    want: ['0/1', 'ContainerCreating', '0'],
  },
  {
    name: 'crashing',
    of: pod({
      phase: 'Running',
      containerStatuses: [
        container(
          { waiting: { reason: 'CrashLoopBackOff' } },
          { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: '2024-01-02T00:09:55Z' } } },
        ),
      ],
    }),
    want: ['0/1', 'CrashLoopBackOff', '3 (5s ago)'],
  },
  {
    name: 'ended by a signal without a reason',
    of: pod({ phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 137, signal: 9 } })] }),
    want: ['0/1', 'Signal:9', '0'],
  },
  {
    name: 'ended with a code without a reason',
    of: pod({ phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 2 } })] }),
    want: ['0/1', 'ExitCode:2', '0'],
  },
  {
    name: 'completed beside a running container that is ready',
    of: pod({
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } }), running],
    }),
    want: ['1/1', 'Running', '0'],
  },
  {
    name: 'completed beside a running container that is not ready',
    of: pod({
      phase: 'Running',
      containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } }), running],
    }),
    want: ['1/1', 'NotReady', '0'],
  },
  { name: 'of a pod with a reason', of: pod({ phase: 'Failed', reason: 'Evicted' }), want: ['0/1', 'Evicted', '0'] },
  {
    name: 'held back from scheduling',
    of: pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
    want: ['0/1', 'SchedulingGated', '0'],
  },
  {
    name: 'initialising',
    of: pod(
      {
        phase: 'Pending',
        initContainerStatuses: [
          container({ terminated: { exitCode: 0 } }, { name: 'i' }),
          container({ running: {} }, { name: 'j' }),
        ],
      },
      init,
    ),
    want: ['0/1', 'Init:1/2', '0'],
  },
  {
    name: 'of a failed initialisation',
    of: pod(
      {
        phase: 'Pending',
        initContainerStatuses: [
          container({ terminated: { exitCode: 1, reason: 'Error' } }, { name: 'i', restartCount: 2 }),
        ],
      },
      init,
    ),
    want: ['0/1', 'Init:Error', '2'],
  },
  {
    name: 'with a sidecar that runs',
    of: pod(
      {
        phase: 'Running',
        initContainerStatuses: [
          container({ running: {} }, { name: 's', started: true, ready: true }),
          container({ terminated: { exitCode: 0 } }, { name: 'i' }),
        ],
        containerStatuses: [running],
      },
      sidecar,
    ),
    want: ['2/2', 'Running', '0'],
  },
  {
    name: 'being deleted',
    of: pod({ phase: 'Running', containerStatuses: [running] }, { deleted: true }),
    want: ['1/1', 'Terminating', '0'],
  },
  {
    name: 'completed and being deleted',
    of: pod(
      { phase: 'Succeeded', containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } })] },
      { deleted: true },
    ),
    want: ['0/1', 'Completed', '0'],
  },
  {
    name: 'on a lost node',
    of: pod({ phase: 'Running', reason: 'NodeLost' }, { deleted: true }),
    want: ['0/1', 'Unknown', '0'],
  },
])('a pod $name', ({ of, want }) => {
  expect(row(of)).toEqual(want);
});

test('wide columns say what there is not', () => {
  const wide = podColumns
    .filter(({ priority }) => priority === 1)
    .map(({ name }) => cell(name, pod({ phase: 'Pending' })));
  expect(wide).toEqual(['<none>', '<none>', '<none>', '<none>']);
});

test('readiness gates are counted', () => {
  const gated = pod(
    { conditions: [{ type: 'a/b', status: 'True' }] },
    { spec: { readinessGates: [{ conditionType: 'a/b' }, { conditionType: 'c/d' }] } },
  );
  expect(cell('Readiness Gates', gated)).toBe('1/2');
});

test('rows of pods that ended say so', () => {
  expect(podRowConditions(pod({ phase: 'Succeeded' }))).toMatchObject([{ type: 'Completed', reason: 'Succeeded' }]);
  expect(podRowConditions(pod({ phase: 'Failed' }))).toMatchObject([{ type: 'Completed', reason: 'Failed' }]);
  expect(podRowConditions(pod({ phase: 'Running' }))).toEqual([]);
});
