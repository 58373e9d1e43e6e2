// One loop owns one pod: it observes, decides (next-steps.ts) and acts, one thing after another; what takes long (starting,
// stopping) runs beside it and wakes it when done. It has no backlog: only the newest version of the pod counts. Safe to kill
// between any two lines: everything it knows is in the API server, the engine and on the disk.
import { isApiError } from '../../api/meta/status.ts';
import { pods } from '../../api/resources.ts';
import type { Pod, PodStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ContainerRecord, ObservedPod, SandboxState } from '../runtime/runtime.ts';
import { podStatusOf } from '../status/pod-status.ts';
import { StatusWriter } from '../status/status-writer.ts';
import { containerNamed, hasFinished, isOnNodeNetwork, isTerminating, type PodContainer } from './containers.ts';
import { identityOf } from './container-config.ts';
import { startContainer, type StartFailure } from './container-starter.ts';
import { stopContainer, graceOf } from './container-stopper.ts';
import { deadlineOf, type EndVerdict } from './deadline.ts';
import { nextSteps, type Plan, type Step, type Waiting } from './next-steps.ts';
import type { PodContext } from './pod-context.ts';
import { tellOfContainer, tellOfPod } from './pod-events.ts';
import { createSandbox, placeOf, prepareVolumes, writePodFiles } from './pod-preparation.ts';
import { readTerminationMessage } from './termination-message.ts';
import { Wake } from './wake.ts';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** Volumes made of API objects are looked at this often even when nothing seems to have changed. */
const REFRESH_MS = 60_000;

interface Stopping {
  readonly endsBy: Instant;
}

export class PodWorker {
  readonly uid: string;
  readonly #context: PodContext;
  readonly #log: Logger;
  readonly #status: StatusWriter;
  readonly #wake: Wake;
  #pod: Pod;
  /** The object is gone from the API server. */
  #deleted = false;
  /** Refused at admission, or over its deadline. */
  #verdict: EndVerdict | undefined;
  #told: PodStatus | undefined;
  #observed: ObservedPod;
  readonly #failures = new Map<string, StartFailure>();
  readonly #messages = new Map<string, string>();
  readonly #stopping = new Map<string, Stopping>();
  readonly #restartAnyway = new Set<string>();
  /** What ran before this kubelet did. */
  readonly #adopted: ReadonlySet<string>;
  #starting: { readonly stop: AbortController } | undefined;
  #volumePaths: ReadonlyMap<string, string> | undefined;
  #refreshAt: Instant = 0;
  #retryAt: Instant = 0;
  #retryMs = FIRST_RETRY_MS;
  #backoffTold = new Set<string>();

  constructor(pod: Pod, found: ObservedPod | undefined, verdict: EndVerdict | undefined, context: PodContext) {
    this.uid = pod.metadata.uid;
    this.#pod = pod;
    this.#verdict = verdict;
    this.#context = context;
    this.#log = context.log.with({ pod: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}` });
    this.#wake = new Wake(context.clock);
    this.#observed = found ?? { pod: identityOf(pod), sandboxes: [], containers: [] };
    this.#adopted = new Set(this.#observed.containers.filter(({ state }) => state === 'running').map(({ id }) => id));
    this.#status = new StatusWriter(pod, {
      client: context.client.resource(pods),
      clock: context.clock,
      log: this.#log,
    });
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** As last seen; what the kubelet's server answers from. */
  get observed(): ObservedPod {
    return this.#observed;
  }

  /** A newer version of the object. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.#status.learn(pod);
    if (isTerminating(pod)) this.#starting?.stop.abort(new Error('the pod is being deleted'));
    this.#wake.now();
  }

  /** The object is gone: whatever is left is taken away without asking. `pod`: its last version. */
  removed(pod: Pod): void {
    this.#pod = pod;
    this.#deleted = true;
    this.#starting?.stop.abort(new Error('the pod was deleted'));
    this.#wake.now();
  }

  /** Something happened to a container or an object that the pod uses. */
  touch(what: 'started' | 'runtime' | 'objects' | 'probe'): void {
    // Its own starting: the loop looks when that is done.
    if (what === 'started' && this.#starting !== undefined) return;
    if (what === 'objects') {
      this.#refreshAt = 0;
      // What was missing may be there now.
      for (const [name, failure] of this.#failures) {
        if (failure.reason === 'CreateContainerConfigError') this.#failures.delete(name);
      }
      this.#retryAt = 0;
    }
    this.#wake.now();
  }

  /** Resolves when nothing of the pod is left, or at `signal`: then the containers go on without this kubelet. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        try {
          if (await this.#sync(signal)) return;
        } catch (error) {
          if (signal.aborted) return;
          this.#log.warn('pod not synced', { error, retryMs: this.#retryMs });
          this.#retryLater();
        }
        await this.#wake.wait(signal);
      }
    } finally {
      this.#starting?.stop.abort(new Error('the kubelet stops'));
      this.#wake.close();
      this.#context.probes.forget(this.uid);
      this.#context.objects.forget(this.uid);
    }
  }

  /** One turn; true when nothing is left to do, ever. */
  async #sync(signal: AbortSignal): Promise<boolean> {
    const { runtime, clock } = this.#context;
    this.#observed = (await runtime.podStatus(this.uid, signal)) ?? {
      ...this.#observed,
      sandboxes: [],
      containers: [],
    };
    const pod = this.#viewed();
    const now = clock.now();
    this.#verdict ??= deadlineOf(pod, now);
    const mustEnd = this.#deleted || isTerminating(pod) || this.#verdict !== undefined || hasFinished(pod);
    const plan = nextSteps({
      pod,
      observed: this.#observed,
      now,
      verdicts: {
        startup: (id) => this.#context.probes.verdict(id, 'startup'),
        liveness: (id) => this.#context.probes.verdict(id, 'liveness'),
      },
      mustEnd,
      restartAnyway: this.#restartAnyway,
    });
    this.#tellBackoffs(pod, plan);
    await this.#readMessages(pod, signal);
    const waiting = this.#waitingOf(plan);
    // Before the status is told: a container that was adopted begins with what was said of it.
    this.#probe(pod, plan);
    this.#publish(pod, plan, waiting, now, signal);
    const recheckAt = this.#perform(pod, plan, now, signal);
    if (plan.ended && plan.steps.length === 0 && this.#stopping.size === 0 && this.#starting === undefined) {
      if (this.#deleted || isTerminating(pod)) return await this.#finish(pod, signal);
    }
    const times = [plan.recheckAt, recheckAt, this.#deadlineAt(pod, mustEnd)].filter((at) => at !== undefined);
    if (times.length > 0) this.#wake.at(Math.min(...times));
    return false;
  }

  /** The pod with the status that was computed last, which the API server may not have yet. */
  #viewed(): Pod {
    const told = this.#told;
    if (told === undefined) return this.#pod;
    const own = new Set((told.conditions ?? []).map(({ type }) => type));
    const foreign = (this.#status.known.status?.conditions ?? []).filter(({ type }) => !OWN_CONDITIONS.has(type));
    const conditions = [...(told.conditions ?? []).filter(({ type }) => OWN_CONDITIONS.has(type)), ...foreign];
    return { ...this.#pod, status: { ...told, conditions: own.size === 0 ? foreign : conditions } };
  }

  #deadlineAt(pod: Pod, mustEnd: boolean): Instant | undefined {
    const { activeDeadlineSeconds } = pod.spec;
    const start = Date.parse(this.#told?.startTime ?? '');
    if (mustEnd || activeDeadlineSeconds === undefined || Number.isNaN(start)) return undefined;
    return start + activeDeadlineSeconds * 1000;
  }

  #waitingOf(plan: Plan): ReadonlyMap<string, Waiting> {
    const waiting = new Map<string, Waiting>(plan.waiting);
    for (const step of plan.steps) {
      if (step.do !== 'start-container') continue;
      const failure = this.#failures.get(step.container.spec.name);
      if (failure === undefined) continue;
      // While it is tried again the status goes on to say why it did not work.
      waiting.set(step.container.spec.name, { reason: failure.reason, message: failure.message });
    }
    return waiting;
  }

  #publish(pod: Pod, plan: Plan, waiting: ReadonlyMap<string, Waiting>, now: Instant, signal: AbortSignal): void {
    const { probes, node } = this.#context;
    const stillRuns = this.#observed.containers.some(({ state }) => state === 'running');
    this.#told = podStatusOf({
      pod,
      observed: this.#observed,
      now,
      runtimeName: node.runtimeName,
      hostIps: node.ips,
      waiting,
      ended: plan.ended && !stillRuns,
      verdict: this.#verdict,
      started: (container, record) =>
        container.spec.startupProbe === undefined || probes.verdict(record.id, 'startup') === true,
      ready: (container, record) =>
        container.spec.readinessProbe === undefined || probes.verdict(record.id, 'readiness') === true,
      terminationMessage: (record) => this.#messages.get(record.id) ?? '',
    });
    if (!this.#deleted) this.#status.write(this.#told, signal);
  }

  /** Starts what the plan says, beside the loop; answers when to look again at what is held back. */
  #perform(pod: Pod, plan: Plan, now: Instant, signal: AbortSignal): Instant | undefined {
    let recheckAt: Instant | undefined;
    const later = (at: Instant) => {
      recheckAt = Math.min(recheckAt ?? at, at);
    };
    const starts: Step[] = [];
    for (const step of plan.steps) {
      switch (step.do) {
        case 'stop-container':
          this.#stop(pod, step.record, step.reason, now, signal);
          break;
        case 'remove-container':
          this.#beside(this.#context.runtime.removeContainer(step.id, signal), signal);
          break;
        case 'remove-sandbox':
        case 'create-sandbox':
          if (now < this.#retryAt) later(this.#retryAt);
          else starts.push(step);
          break;
        case 'start-container': {
          const failure = this.#failures.get(step.container.spec.name);
          if (failure !== undefined && now < failure.retryAt) later(failure.retryAt);
          else if (now < this.#retryAt) later(this.#retryAt);
          else starts.push(step);
          break;
        }
      }
    }
    if (plan.ended) {
      this.#starting?.stop.abort(new Error('the pod has ended'));
    } else if (this.#needsRefresh(pod, now)) {
      later(this.#refreshAt);
    }
    if (this.#starting === undefined && (starts.length > 0 || (this.#isDue(now) && !plan.ended))) {
      this.#start(pod, starts, signal);
    }
    return recheckAt;
  }

  #needsRefresh(pod: Pod, now: Instant): boolean {
    return (pod.spec.volumes ?? []).length > 0 && this.#volumePaths !== undefined && now < this.#refreshAt;
  }

  #isDue(now: Instant): boolean {
    return (
      this.#volumePaths !== undefined && this.#volumePaths.size > 0 && now >= this.#refreshAt && now >= this.#retryAt
    );
  }

  /** Runs the steps one after another; a newer state of the pod that ends it cuts this short. */
  #start(pod: Pod, steps: readonly Step[], signal: AbortSignal): void {
    const stop = new AbortController();
    this.#starting = { stop };
    const either = AbortSignal.any([signal, stop.signal]);
    void this.#startAll(pod, steps, either)
      .catch((error: unknown) => {
        if (either.aborted) return;
        this.#log.warn('pod not started', { error, retryMs: this.#retryMs });
        this.#retryLater();
      })
      .finally(() => {
        this.#starting = undefined;
        this.#wake.now();
      });
  }

  async #startAll(pod: Pod, steps: readonly Step[], signal: AbortSignal): Promise<void> {
    for (const step of steps) {
      signal.throwIfAborted();
      if (step.do === 'remove-sandbox') {
        await this.#context.runtime.removePodSandbox(step.id, signal);
        continue;
      }
      if (step.do === 'create-sandbox') {
        if (!(await this.#makeSandbox(pod, step, signal))) return this.#retryLater();
        continue;
      }
      if (step.do !== 'start-container') continue;
      if (!(await this.#volumesReady(pod, step.sandbox, signal))) return this.#retryLater();
      await this.#startOne(pod, step, signal);
    }
    if (steps.length === 0 && !(await this.#volumesReady(pod, this.#observed.sandboxes[0], signal))) {
      return this.#retryLater();
    }
    this.#retryMs = FIRST_RETRY_MS;
  }

  async #makeSandbox(
    pod: Pod,
    { attempt, again }: Step & { do: 'create-sandbox' },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (again) {
      const tell = tellOfPod(this.#context.events, pod);
      tell('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    }
    // Volumes come first, as in Kubernetes: a pod whose volumes fail has no sandbox.
    if (!(await this.#volumesReady(pod, undefined, signal))) return false;
    const outcome = await createSandbox(pod, attempt, this.#context, signal);
    if (!outcome.ok) return false;
    await writePodFiles(pod, this.#ipsOf(pod, outcome.sandbox), this.#context);
    return true;
  }

  /** True when the volumes are there and up to date. */
  async #volumesReady(pod: Pod, sandbox: SandboxState | undefined, signal: AbortSignal): Promise<boolean> {
    const { clock, tokens } = this.#context;
    if (this.#volumePaths !== undefined && clock.now() < this.#refreshAt) return true;
    if (this.#volumePaths === undefined && sandbox !== undefined) {
      await writePodFiles(pod, this.#ipsOf(pod, sandbox), this.#context);
    }
    const before = this.#refreshAt;
    this.#refreshAt = clock.now() + REFRESH_MS;
    const outcome = await prepareVolumes(pod, this.#ipsOf(pod, sandbox), this.#context, signal);
    if (!outcome.ok) {
      this.#refreshAt = before;
      return this.#volumePaths !== undefined; // what is there stays as it was
    }
    this.#volumePaths = outcome.paths;
    this.#refreshAt = Math.min(this.#refreshAt, tokens.refreshAt(this.uid) ?? this.#refreshAt);
    return true;
  }

  async #startOne(pod: Pod, step: Step & { do: 'start-container' }, signal: AbortSignal): Promise<void> {
    const { container, sandbox, attempt, backoffMs } = step;
    const name = container.spec.name;
    const place = placeOf(this.#ipsOf(pod, sandbox), this.#context);
    const volumes = this.#volumePaths ?? new Map<string, string>();
    const running = new Map(
      this.#observed.containers.flatMap(({ name: of, id, state }) => (state === 'running' ? [[of, id] as const] : [])),
    );
    const request = { pod, container, sandbox, attempt, backoffMs, place, volumes, running };
    const failure = await startContainer(request, this.#context, signal);
    if (failure === undefined) this.#failures.delete(name);
    else this.#failures.set(name, failure);
    this.#backoffTold.delete(name);
  }

  #ipsOf(pod: Pod, sandbox: SandboxState | undefined): readonly string[] {
    if (isOnNodeNetwork(pod)) return this.#context.node.ips;
    return sandbox === undefined || sandbox.ip === '' ? [] : [sandbox.ip];
  }

  #stop(
    pod: Pod,
    record: ContainerRecord,
    reason: Parameters<typeof stopContainer>[2],
    now: Instant,
    signal: AbortSignal,
  ): void {
    const grace = graceOf(pod, containerNamed(pod, record.name), reason);
    const endsBy = now + grace * 1000;
    const running = this.#stopping.get(record.id);
    if (running !== undefined) {
      // The grace period was cut: the engine is asked once more, with less patience.
      if (endsBy < running.endsBy && pod.metadata.deletionGracePeriodSeconds !== undefined) {
        this.#stopping.set(record.id, { endsBy });
        this.#beside(this.#context.runtime.stopContainer(record.id, grace, signal), signal);
      }
      return;
    }
    this.#stopping.set(record.id, { endsBy });
    const probed = reason === 'liveness' || reason === 'startup';
    if (reason === 'definition-changed' || (probed && pod.spec.restartPolicy !== 'Never')) {
      this.#restartAnyway.add(record.id);
    }
    const podIp = this.#ipsOf(pod, this.#observed.sandboxes[0])[0] ?? '';
    const stopped = stopContainer(pod, record, reason, podIp, this.#context, signal).finally(() => {
      this.#stopping.delete(record.id);
    });
    this.#beside(stopped, signal);
  }

  /** Lets something run beside the loop, which looks again when it is done. */
  #beside(task: Promise<void>, signal: AbortSignal): void {
    void task
      .catch((error: unknown) => {
        if (!signal.aborted) this.#log.warn('step failed', { error });
        this.#retryLater();
      })
      .finally(() => this.#wake.now());
  }

  #probe(pod: Pod, plan: Plan): void {
    const running = plan.ended ? [] : this.#observed.containers.filter(({ state }) => state === 'running');
    const sandbox = this.#observed.sandboxes.find(({ ready }) => ready);
    this.#context.probes.update(pod, running, this.#ipsOf(pod, sandbox)[0] ?? '', this.#adopted);
  }

  #tellBackoffs(pod: Pod, plan: Plan): void {
    for (const name of plan.waiting.keys()) {
      if (this.#backoffTold.has(name)) continue;
      this.#backoffTold.add(name);
      const container = containerNamed(pod, name);
      if (container === undefined) continue;
      const message = `Back-off restarting failed container ${name} in pod ${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${this.uid})`;
      tellOfContainer(this.#context.events, pod, container)('Warning', 'BackOff', message);
    }
  }

  async #readMessages(pod: Pod, signal: AbortSignal): Promise<void> {
    const { volumes, runtime } = this.#context;
    const alive = new Set(this.#observed.containers.map(({ id }) => id));
    for (const id of this.#messages.keys()) if (!alive.has(id)) this.#messages.delete(id);
    for (const record of this.#observed.containers) {
      if (record.state !== 'exited' || this.#messages.has(record.id)) continue;
      const container: PodContainer | undefined = containerNamed(pod, record.name);
      if (container === undefined) continue;
      const directory = volumes.podDirectory(this.uid);
      const message = await readTerminationMessage(record, container.spec, directory, runtime, signal);
      this.#messages.set(record.id, message);
    }
  }

  /** The pod is down: its last status is told, its things are taken away, and then its object. True when that is done. */
  async #finish(pod: Pod, signal: AbortSignal): Promise<boolean> {
    const { client, runtime, volumes } = this.#context;
    await this.#status.flushed();
    await Promise.all([
      ...this.#observed.containers.map(({ id }) => runtime.removeContainer(id, signal)),
      ...this.#observed.sandboxes.map(({ id }) => runtime.removePodSandbox(id, signal)),
    ]);
    this.#context.probes.forget(this.uid);
    this.#context.objects.forget(this.uid);
    await volumes.remove(this.uid);
    if (this.#deleted) return true;
    const { namespace = '', name } = pod.metadata;
    try {
      await client
        .resource(pods)
        .delete({ namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid: this.uid } }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
    // Finalizers may keep the object; nothing is left of it here either way.
    return true;
  }

  #retryLater(): void {
    this.#retryAt = this.#context.clock.now() + this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    this.#wake.at(this.#retryAt);
  }
}

const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]);
