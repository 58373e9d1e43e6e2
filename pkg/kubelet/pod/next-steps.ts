// What to do next for a pod, out of what is wanted and what is there. Pure: same arguments, same answer. The rules are those of
// Kubernetes' computePodActions (pkg/kubelet/kuberuntime): a sandbox first, init containers one after another, sidecars
// before what follows them, then the containers; a lost sandbox starts the pod over; what ended is restarted by policy.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ContainerRecord, EnforcedLimits, ObservedPod, SandboxState } from '../runtime/runtime.ts';
import { initContainersOf, isOnNodeNetwork, podText, type PodContainer } from './containers.ts';
import { limitsOf, unequalLimits } from './resize.ts';
import { durationText, nextBackoffMs, pauseAfter, restartAt, shouldRestart } from './restart.ts';
import { HASH_LABEL, hashOf } from './spec-hash.ts';

export type StopReason = 'resize' | 'pod-ends' | 'definition-changed' | 'liveness' | 'startup' | 'pod-restarts';

export type Step =
  | {
      readonly do: 'create-sandbox';
      readonly attempt: number;
      /** There was one before: the pod starts over. */
      readonly again: boolean;
    }
  | { readonly do: 'remove-sandbox'; readonly id: string }
  | {
      readonly do: 'start-container';
      readonly container: PodContainer;
      readonly sandbox: SandboxState;
      readonly attempt: number;
      readonly backoffMs: number;
    }
  | { readonly do: 'stop-container'; readonly record: ContainerRecord; readonly reason: StopReason }
  | { readonly do: 'resize-container'; readonly record: ContainerRecord; readonly limits: EnforcedLimits }
  | { readonly do: 'remove-container'; readonly id: string };

export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Containers that are held back, with what their status must say meanwhile. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Nothing changes before this instant unless something happens. */
  readonly recheckAt: Instant | undefined;
  /** The pod has run to its end (or must): nothing will be started again. */
  readonly ended: boolean;
}

export interface Verdicts {
  /** Undefined while no probe of that kind has decided, or there is none. */
  startup(containerId: string): boolean | undefined;
  liveness(containerId: string): boolean | undefined;
}

export interface Situation {
  /** With the resources that it has been given, whatever it asks for. */
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly now: Instant;
  readonly verdicts: Verdicts;
  /** The pod must end whatever its containers do: it is being deleted, is over its deadline, was refused or evicted. */
  readonly mustEnd: boolean;
  /** Containers that were stopped in order to be restarted, whatever the restart policy says. */
  readonly restartAnyway: ReadonlySet<string>;
}

export function nextSteps(situation: Situation): Plan {
  const { pod, observed, mustEnd } = situation;
  if (mustEnd) return endPlan(pod, observed);
  const newest = observed.sandboxes[0];
  const sandbox = newest !== undefined && isUsable(pod, newest) ? newest : undefined;
  if (sandbox === undefined) return sandboxPlan(situation, newest);
  return containerPlan(situation, sandbox);
}

function isUsable(pod: Pod, sandbox: SandboxState): boolean {
  return sandbox.ready && (isOnNodeNetwork(pod) || sandbox.ip !== '');
}

/** The newest record of each container of a sandbox. */
export function newestByName(observed: ObservedPod, sandboxId?: string): ReadonlyMap<string, ContainerRecord> {
  const newest = new Map<string, ContainerRecord>();
  for (const record of observed.containers) {
    if (sandboxId !== undefined && record.sandboxId !== sandboxId) continue;
    const known = newest.get(record.name);
    if (known === undefined || known.attempt < record.attempt) newest.set(record.name, record);
  }
  return newest;
}

/** Without a sandbox: everything of the old one goes, and the pod starts over, if its containers may run again. */
function sandboxPlan(situation: Situation, newest: SandboxState | undefined): Plan {
  const { pod, observed } = situation;
  const records = newestByName(observed);
  if (records.size > 0) {
    const candidates = pod.spec.containers.filter((spec) => {
      const record = records.get(spec.name);
      if (record === undefined) return pod.spec.restartPolicy !== 'Never';
      return record.state !== 'exited' || situation.restartAnyway.has(record.id)
        ? pod.spec.restartPolicy !== 'Never'
        : shouldRestart(pod, { role: 'app', spec }, record);
    });
    if (candidates.length === 0) return endPlan(pod, observed);
  }
  const running = observed.containers.filter((record) => record.state === 'running');
  // What still runs in the old sandbox ends first; the sandbox stays until then, so that its successor gets the next number.
  const steps: Step[] = running.map((record) => ({ do: 'stop-container', record, reason: 'pod-restarts' }));
  if (running.length === 0) {
    steps.push(...observed.sandboxes.map(({ id }) => ({ do: 'remove-sandbox' as const, id })));
    const attempt = newest === undefined ? 0 : newest.attempt + 1;
    steps.push({ do: 'create-sandbox', attempt, again: newest !== undefined || records.size > 0 });
  }
  return {
    steps,
    waiting: new Map(),
    recheckAt: undefined,
    ended: false,
  };
}

function containerPlan(situation: Situation, sandbox: SandboxState): Plan {
  const { pod, observed } = situation;
  const plan = new PlanBuilder(situation, sandbox);
  const begun = pod.spec.containers.some(({ name }) => plan.active.has(name));
  // Asked first: sidecars of a pod that has failed are not to be kept up.
  if (!begun && initContainersOf(pod).some((container) => plan.hasFailedForGood(container))) {
    return endPlan(pod, observed);
  }
  const initialised = begun || initialise(plan, initContainersOf(pod));
  if (begun) for (const container of initContainersOf(pod)) if (container.role === 'sidecar') plan.keep(container);
  if (initialised) for (const spec of pod.spec.containers) plan.keep({ role: 'app', spec });
  for (const spec of pod.spec.ephemeralContainers ?? []) plan.keep({ role: 'ephemeral', spec });
  if (initialised && pod.spec.containers.every(({ name }) => plan.finished.has(name))) return endPlan(pod, observed);
  return plan.result([...surplusRecords(observed), ...oldSandboxes(observed, sandbox)]);
}

/** Works through the init containers in order; true once all are done and all sidecars are up. */
function initialise(plan: PlanBuilder, containers: readonly PodContainer[]): boolean {
  for (const container of containers) {
    const record = plan.active.get(container.spec.name);
    if (container.role === 'init' && record?.state === 'exited' && record.exitCode === 0) continue;
    plan.keep(container);
    if (container.role === 'init') return false;
    if (record?.state !== 'running' || !plan.hasStarted(container, record)) return false;
  }
  return true;
}

class PlanBuilder {
  readonly active: ReadonlyMap<string, ContainerRecord>;
  /** Containers that ended and are not to run again. */
  readonly finished = new Set<string>();
  readonly #situation: Situation;
  readonly #sandbox: SandboxState;
  readonly #everyAttempt: ReadonlyMap<string, ContainerRecord>;
  readonly #steps: Step[] = [];
  readonly #waiting = new Map<string, Waiting>();
  #recheckAt: Instant | undefined;

  constructor(situation: Situation, sandbox: SandboxState) {
    this.#situation = situation;
    this.#sandbox = sandbox;
    this.active = newestByName(situation.observed, sandbox.id);
    this.#everyAttempt = newestByName(situation.observed);
  }

  /** An init container that failed and is not to be tried again. */
  hasFailedForGood(container: PodContainer): boolean {
    const record = this.active.get(container.spec.name);
    if (container.role !== 'init' || record?.state !== 'exited' || record.exitCode === 0) return false;
    return !shouldRestart(this.#situation.pod, container, record);
  }

  hasStarted({ spec }: PodContainer, record: ContainerRecord): boolean {
    return spec.startupProbe === undefined || this.#situation.verdicts.startup(record.id) === true;
  }

  /** Sees to it that the container runs, as far as it should. */
  keep(container: PodContainer): void {
    const { pod, verdicts, restartAnyway } = this.#situation;
    const name = container.spec.name;
    const record = this.active.get(name);
    if (record === undefined) return this.#start(container, this.#everyAttempt.get(name));
    switch (record.state) {
      case 'created':
        this.#steps.push(this.#startStep(container, record.attempt, pauseAfter(record)));
        return;
      case 'running':
        if (container.role === 'ephemeral') return;
        if (record.labels[HASH_LABEL] !== undefined && record.labels[HASH_LABEL] !== hashOf(container.spec)) {
          this.#stop(record, 'definition-changed');
        } else if (verdicts.startup(record.id) === false) this.#stop(record, 'startup');
        else if (verdicts.liveness(record.id) === false) this.#stop(record, 'liveness');
        else if (container.role !== 'init') this.#resize(container, record);
        return;
      case 'exited':
        if (shouldRestart(pod, container, record) || restartAnyway.has(record.id)) this.#start(container, record);
        else this.finished.add(name);
    }
  }

  result(more: readonly Step[]): Plan {
    return {
      steps: [...this.#steps, ...more],
      waiting: this.#waiting,
      recheckAt: this.#recheckAt,
      ended: false,
    };
  }

  #start(container: PodContainer, previous: ContainerRecord | undefined): void {
    const { now, pod } = this.#situation;
    if (previous !== undefined && previous.state === 'exited') {
      const at = restartAt(previous);
      if (at > now) {
        const pause = durationText(pauseAfter(previous));
        this.#waiting.set(container.spec.name, {
          reason: 'CrashLoopBackOff',
          message: `back-off ${pause} restarting failed container=${container.spec.name} pod=${podText(pod)}`,
        });
        this.#recheckAt = Math.min(this.#recheckAt ?? at, at);
        return;
      }
    }
    const attempt = previous === undefined ? attemptsTold(pod, container.spec.name) : previous.attempt + 1;
    this.#steps.push(this.#startStep(container, attempt, nextBackoffMs(previous, now)));
  }

  #startStep(container: PodContainer, attempt: number, backoffMs: number): Step {
    return { do: 'start-container', container, sandbox: this.#sandbox, attempt, backoffMs };
  }

  #resize({ spec }: PodContainer, record: ContainerRecord): void {
    const limits = limitsOf(spec);
    const unequal = unequalLimits(record.limits, limits);
    if (unequal.length === 0) return;
    const restarts = (spec.resizePolicy ?? []).some(
      ({ resourceName, restartPolicy }) =>
        restartPolicy === 'RestartContainer' && unequal.some((resource) => resource === resourceName),
    );
    if (restarts) this.#stop(record, 'resize');
    else this.#steps.push({ do: 'resize-container', record, limits });
  }

  #stop(record: ContainerRecord, reason: StopReason): void {
    this.#steps.push({ do: 'stop-container', record, reason });
  }
}

/** How often a container was started by what its status says: the engine may have lost every trace of it. */
function attemptsTold(pod: Pod, name: string): number {
  const told = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(
    (status) => status.name === name,
  );
  return told?.containerID === undefined ? 0 : told.restartCount + 1;
}

/** Of each container one dead attempt is kept, for `kubectl logs --previous`; older ones go. */
function surplusRecords(observed: ObservedPod): Step[] {
  const seen = new Map<string, number>();
  const steps: Step[] = [];
  for (const record of observed.containers) {
    const newer = seen.get(record.name) ?? 0;
    seen.set(record.name, newer + 1);
    if (newer >= 2 && record.state !== 'running') steps.push({ do: 'remove-container', id: record.id });
  }
  return steps;
}

function oldSandboxes(observed: ObservedPod, current: SandboxState): Step[] {
  return observed.sandboxes
    .filter((sandbox) => sandbox !== current)
    .map(({ id }) => ({ do: 'remove-sandbox' as const, id }));
}

/** Stops the containers, then the sidecars from the last to the first, then frees the network. Logs stay until the pod goes. */
function endPlan(pod: Pod, observed: ObservedPod): Plan {
  const sidecars = initContainersOf(pod)
    .filter(({ role }) => role === 'sidecar')
    .map(({ spec }) => spec.name);
  const running = observed.containers.filter((record) => record.state === 'running');
  const first = running.filter((record) => !sidecars.includes(record.name));
  const last = sidecars.toReversed().flatMap((name) => running.find((record) => record.name === name) ?? []);
  const stopping = first.length > 0 ? first : last.slice(0, 1);
  const steps: Step[] = stopping.map((record) => ({ do: 'stop-container', record, reason: 'pod-ends' }));
  if (running.length === 0) {
    steps.push(...observed.sandboxes.map(({ id }) => ({ do: 'remove-sandbox' as const, id })));
  }
  return { steps, waiting: new Map(), recheckAt: undefined, ended: true };
}
