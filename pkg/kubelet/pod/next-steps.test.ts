import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { ContainerRecord, ObservedPod } from '../runtime/runtime.ts';
import { container, NOON, observed, pod, record, sandbox } from '../testing/pods.ts';
import { nextSteps, type Plan, type Situation, type Step } from './next-steps.ts';
import { BACKOFF_LABEL } from './restart.ts';

const web = container('web');
const side = container('side', { restartPolicy: 'Always' });
const setup = container('setup');

function plan(wanted: Pod, there: ObservedPod, more: Partial<Situation> = {}): Plan {
  return nextSteps({
    pod: wanted,
    observed: there,
    now: NOON + 1000,
    verdicts: { startup: () => undefined, liveness: () => undefined },
    mustEnd: false,
    restartAnyway: new Set(),
    ...more,
  });
}

function show(step: Step): string {
  switch (step.do) {
    case 'start-container':
      return `start ${step.container.spec.name} #${step.attempt}`;
    case 'stop-container':
      return `stop ${step.record.name} because ${step.reason}`;
    case 'create-sandbox':
      return `create sandbox #${step.attempt}`;
    case 'remove-sandbox':
      return `remove sandbox ${step.id}`;
    case 'resize-container':
      return `resize ${step.record.name} to ${JSON.stringify(step.limits)}`;
    case 'remove-container':
      return `remove ${step.id}`;
  }
}

const exited = (spec: typeof web, exitCode: number, more: Partial<ContainerRecord> = {}) =>
  record(spec, { state: 'exited', exitCode, ...more });

describe('next steps of a pod', () => {
  test.each([
    {
      name: 'begins with a sandbox',
      spec: { containers: [web] },
      there: observed([], []),
      want: ['create sandbox #0'],
    },
    {
      name: 'starts what is missing',
      spec: { containers: [web, setup] },
      there: observed([]),
      want: ['start web #0', 'start setup #0'],
    },
    {
      name: 'starts a container that was only created',
      spec: { containers: [web] },
      there: observed([record(web, { state: 'created' })]),
      want: ['start web #0'],
    },
    { name: 'leaves a running pod alone', spec: { containers: [web] }, there: observed([record(web)]), want: [] },
    {
      name: 'runs init containers one after another',
      spec: { initContainers: [setup, container('second')], containers: [web] },
      there: observed([]),
      want: ['start setup #0'],
    },
    {
      name: 'waits for an init container that runs',
      spec: { initContainers: [setup], containers: [web] },
      there: observed([record(setup)]),
      want: [],
    },
    {
      name: 'goes on when an init container has succeeded',
      spec: { initContainers: [setup], containers: [web] },
      there: observed([exited(setup, 0)]),
      want: ['start web #0'],
    },
    {
      name: 'starts what follows a sidecar once that runs',
      spec: { initContainers: [side, setup], containers: [web] },
      there: observed([record(side)]),
      want: ['start setup #0'],
    },
    {
      name: 'restarts a sidecar of a pod that runs',
      spec: { initContainers: [side], containers: [web], restartPolicy: 'Never' },
      there: observed([exited(side, 0), record(web)]),
      want: ['start side #1'],
    },
    {
      name: 'does not run init containers again beside running containers',
      spec: { initContainers: [setup], containers: [web] },
      there: observed([record(web)]),
      want: [],
    },
    {
      name: 'restarts what ended',
      spec: { containers: [web] },
      there: observed([exited(web, 0)]),
      want: ['start web #1'],
    },
    {
      name: 'does not restart what succeeded when only failures are',
      spec: { containers: [web, setup], restartPolicy: 'OnFailure' },
      there: observed([exited(web, 0), record(setup)]),
      want: [],
    },
    {
      name: 'takes the sandbox away when all have ended for good',
      spec: { containers: [web], restartPolicy: 'Never' },
      there: observed([exited(web, 1)]),
      want: ['remove sandbox s0'],
    },
    {
      name: 'ends sidecars when the containers have ended for good',
      spec: {
        initContainers: [side, container('other', { restartPolicy: 'Always' })],
        containers: [web],
        restartPolicy: 'Never',
      },
      there: observed([record(side), record(container('other')), exited(web, 0)]),
      want: ['stop other because pod-ends'],
    },
    {
      name: 'ends a pod whose init container failed for good',
      spec: { initContainers: [side, setup], containers: [web], restartPolicy: 'Never' },
      there: observed([record(side), exited(setup, 1)]),
      want: ['stop side because pod-ends'],
    },
    {
      name: 'starts the pod over in a new sandbox when the old one is lost',
      spec: { initContainers: [setup], containers: [web] },
      there: observed([exited(web, 137), exited(setup, 0)], [sandbox({ ready: false })]),
      want: ['remove sandbox s0', 'create sandbox #1'],
    },
    {
      name: 'runs the init containers again in the new sandbox',
      spec: { initContainers: [setup], containers: [web] },
      there: observed([exited(web, 137), exited(setup, 0)], [sandbox({ id: 's1', attempt: 1 })]),
      want: ['start setup #1'],
    },
    {
      name: 'stops what still runs before it makes a new sandbox',
      spec: { containers: [web] },
      there: observed([record(web)], [sandbox({ ready: false })]),
      want: ['stop web because pod-restarts'],
    },
    {
      name: 'makes no new sandbox for a pod that has run its course',
      spec: { containers: [web], restartPolicy: 'Never' },
      there: observed([exited(web, 0)], [sandbox({ ready: false })]),
      want: ['remove sandbox s0'],
    },
    {
      name: 'replaces a container whose image was changed',
      spec: { containers: [container('web', { image: 'web:2' })] },
      there: observed([record(web)]),
      want: ['stop web because definition-changed'],
    },
    {
      name: 'keeps one dead attempt of each container and no more',
      spec: { containers: [web] },
      there: observed([record(web, { attempt: 3 }), exited(web, 1, { attempt: 2 }), exited(web, 1, { attempt: 1 })]),
      want: ['remove web-1'],
    },
    {
      name: 'goes on counting where the status says it was when the engine has lost the container',
      spec: { containers: [web] },
      status: {
        containerStatuses: [
          { name: 'web', containerID: 'docker://x', restartCount: 4, image: '', imageID: '', ready: true },
        ],
      },
      there: observed([]),
      want: ['start web #5'],
    },
  ])('$name', ({ spec, there, want, status }) => {
    expect(plan(pod(spec, { status: status ?? {} }), there).steps.map(show)).toEqual(want);
  });

  test('stops containers before sidecars and the sandbox last when the pod is deleted', () => {
    const wanted = pod({ initContainers: [side], containers: [web] });
    const end = (there: ObservedPod) => plan(wanted, there, { mustEnd: true }).steps.map(show);
    expect(end(observed([record(side), record(web)]))).toEqual(['stop web because pod-ends']);
    expect(end(observed([record(side), exited(web, 0)]))).toEqual(['stop side because pod-ends']);
    expect(end(observed([exited(side, 0), exited(web, 0)]))).toEqual(['remove sandbox s0']);
    expect(end(observed([exited(side, 0), exited(web, 0)], []))).toEqual([]);
  });

  test('holds a container back after its second end and says when it will run', () => {
    const wanted = pod({ containers: [web] });
    const ended = exited(web, 1, { attempt: 1, finishedAt: NOON, labels: { [BACKOFF_LABEL]: '20000' } });
    const waiting = plan(wanted, observed([ended]));
    expect(waiting.steps).toEqual([]);
    expect(waiting.recheckAt).toBe(NOON + 20_000);
    expect(waiting.waiting.get('web')).toEqual({
      reason: 'CrashLoopBackOff',
      message: 'back-off 20s restarting failed container=web pod=web_default(u1)',
    });
    const later = plan(wanted, observed([ended]), { now: NOON + 20_000 });
    expect(later.steps).toMatchObject([{ do: 'start-container', attempt: 2, backoffMs: 40_000 }]);
  });

  test.each([
    { probe: 'liveness', reason: 'liveness' },
    { probe: 'startup', reason: 'startup' },
  ] as const)('stops a container whose $probe probe failed', ({ probe, reason }) => {
    const verdicts = { startup: () => undefined, liveness: () => undefined, [probe]: () => false };
    const answer = plan(pod({ containers: [web] }), observed([record(web)]), { verdicts });
    expect(answer.steps.map(show)).toEqual([`stop web because ${reason}`]);
  });

  test('restarts a container that was stopped for its changed definition although the policy is Never', () => {
    const there = observed([exited(web, 143)]);
    const wanted = pod({ containers: [web], restartPolicy: 'Never' });
    expect(plan(wanted, there, { restartAnyway: new Set(['web-0']) }).steps.map(show)).toEqual(['start web #1']);
  });

  test('waits for the startup probe of a sidecar before what follows it', () => {
    const probed = { ...side, startupProbe: { exec: { command: ['true'] } } };
    const wanted = pod({ initContainers: [probed], containers: [web] });
    const started = (verdict: boolean | undefined) =>
      plan(wanted, observed([record(probed)]), { verdicts: { startup: () => verdict, liveness: () => undefined } });
    expect(started(undefined).steps).toEqual([]);
    expect(started(true).steps.map(show)).toEqual(['start web #0']);
  });

  test('comes to rest from any state when its steps are carried out', () => {
    const states = fc.constantFrom('created', 'running', 'exited');
    const records = fc.array(fc.record({ state: states, attempt: fc.nat(3), exitCode: fc.nat(1), of: fc.nat(2) }), {
      maxLength: 6,
    });
    const policy = fc.constantFrom('Always', 'OnFailure', 'Never');
    fc.assert(
      fc.property(records, policy, fc.boolean(), fc.boolean(), (drawn, restartPolicy, ready, mustEnd) => {
        const specs = [setup, side, web] as const;
        const wanted = pod({ initContainers: [side, setup], containers: [web], restartPolicy });
        const containers = drawn.map(({ of, ...more }) => record(specs[of] ?? web, more));
        let there = observed(
          [...new Map(containers.map((one) => [one.id, one])).values()].sort((a, b) => b.attempt - a.attempt),
          [sandbox({ ready })],
        );
        for (let turn = 0; turn < 40; turn++) {
          const { steps } = plan(wanted, there, { mustEnd, now: NOON + turn * 400_000 });
          if (steps.length === 0) return;
          there = carriedOut(there, steps);
        }
        throw new Error('it never came to rest');
      }),
      { numRuns: 200 },
    );
  });
});

/** Everything works; init containers succeed at once, others run on. */
function carriedOut(there: ObservedPod, steps: readonly Step[]): ObservedPod {
  let { sandboxes, containers } = there;
  for (const step of steps) {
    if (step.do === 'create-sandbox')
      sandboxes = [sandbox({ id: `s${step.attempt}`, attempt: step.attempt }), ...sandboxes];
    if (step.do === 'remove-sandbox') sandboxes = sandboxes.filter(({ id }) => id !== step.id);
    if (step.do === 'remove-container') containers = containers.filter(({ id }) => id !== step.id);
    if (step.do === 'stop-container') {
      containers = containers.map((one) =>
        one.id === step.record.id ? { ...one, state: 'exited', exitCode: 143, finishedAt: NOON } : one,
      );
    }
    if (step.do === 'start-container') {
      const ends = step.container.role === 'init';
      const started = record(step.container.spec, {
        attempt: step.attempt,
        sandboxId: step.sandbox.id,
        state: ends ? 'exited' : 'running',
      });
      containers = [started, ...containers.filter(({ id }) => id !== started.id)];
    }
  }
  return { ...there, sandboxes, containers };
}
