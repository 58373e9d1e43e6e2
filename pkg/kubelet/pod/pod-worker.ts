// One loop owns one pod: it observes, decides (next-steps.ts) and acts, one thing after another; what takes long (starting,
// stopping) runs beside it and wakes it when done. It has no backlog: only the newest version of the pod counts. Safe to kill
// between any two lines: everything it knows is in the API server, the engine and on the disk.
import { isDeepStrictEqual } from 'node:util';
import { isApiError } from '../../api/meta/status.ts';
import { pods } from '../../api/resources.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ObservedPod, SandboxState } from '../runtime/runtime.ts';
import { hasFinished, isTerminating } from './containers.ts';
import { identityOf } from './container-config.ts';
import { deadlineOf, type EndVerdict } from './deadline.ts';
import { nextSteps, type Plan, type Step, type Waiting } from './next-steps.ts';
import { PodAnnouncer } from './pod-announcer.ts';
import type { PodContext } from './pod-context.ts';
import { PodReporter } from './pod-reporter.ts';
import { PodStarter, podIps } from './pod-starter.ts';
import { PodResizer } from './pod-resizer.ts';
import { PodStopper } from './pod-stopper.ts';
import { Retry } from './retry.ts';
import { Wake } from './wake.ts';

export class PodWorker {
  readonly uid: string;
  readonly #context: PodContext;
  readonly #log: Logger;
  readonly #reporter: PodReporter;
  readonly #wake: Wake;
  #pod: Pod;
  /** The object is gone from the API server. */
  #deleted = false;
  /** Refused at admission, or over its deadline. */
  #verdict: EndVerdict | undefined;
  #isTidy = false;
  #observed: ObservedPod;
  readonly #starter: PodStarter;
  readonly #stopper: PodStopper;
  readonly #retry: Retry;
  readonly #announcer: PodAnnouncer;
  readonly #resizer: PodResizer;
  /** What ran before this kubelet did. */
  readonly #adopted: ReadonlySet<string>;
  readonly #seenAt: Instant;
  /** That the pod runs has been counted. */
  #startTold = false;

  constructor(pod: Pod, found: ObservedPod | undefined, verdict: EndVerdict | undefined, context: PodContext) {
    this.uid = pod.metadata.uid;
    this.#seenAt = context.clock.now();
    this.#pod = pod;
    this.#verdict = verdict;
    this.#context = context;
    this.#log = context.log.with({ pod: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}` });
    this.#wake = new Wake(context.clock);
    const done = () => this.#wake.now();
    this.#starter = new PodStarter(this.uid, context, this.#log, done);
    this.#stopper = new PodStopper(context, this.#log, done);
    this.#retry = new Retry(context.clock);
    this.#announcer = new PodAnnouncer(context.events);
    this.#reporter = new PodReporter(pod, context, this.#log);
    this.#resizer = new PodResizer(this.uid, context, done);
    this.#observed = found ?? { pod: identityOf(pod), sandboxes: [], containers: [] };
    this.#adopted = new Set(this.#observed.containers.filter(({ state }) => state === 'running').map(({ id }) => id));
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** With the resources that it has been given, whatever it asks for. */
  get given(): Pod {
    return this.#resizer.given(this.#pod);
  }

  /** It asked for more than is free now. */
  get waitsForRoom(): boolean {
    return this.#resizer.state.pending?.reason === 'Deferred';
  }

  /** The node cannot keep it: it is ended, and has failed. What was decided before stands. */
  evict(verdict: EndVerdict): void {
    this.#verdict ??= verdict;
    this.#stopper.mostGraceSeconds = verdict.graceSeconds ?? this.#stopper.mostGraceSeconds;
    this.#starter.stop('the pod is being evicted');
    this.#wake.now();
  }

  /** Nothing of it runs, or will. */
  get isOver(): boolean {
    const isDown = this.#observed.containers.every(({ state }) => state !== 'running');
    return (
      isDown && (this.#verdict !== undefined || hasFinished(this.#pod) || hasFinished(this.#reporter.viewed(this.#pod)))
    );
  }

  /** As last seen; what the kubelet's server answers from. */
  get observed(): ObservedPod {
    return this.#observed;
  }

  /** A newer version of the object. */
  update(pod: Pod): void {
    // Volumes may show the pod's own labels and annotations.
    const { labels, annotations } = this.#pod.metadata;
    if (!isDeepStrictEqual([labels, annotations], [pod.metadata.labels, pod.metadata.annotations])) {
      this.#starter.objectsChanged();
    }
    this.#pod = pod;
    this.#reporter.learn(pod);
    if (isTerminating(pod)) this.#starter.stop('the pod is being deleted');
    this.#wake.now();
  }

  /** The object is gone: whatever is left is taken away without asking. `pod`: its last version. */
  removed(pod: Pod): void {
    this.#pod = pod;
    this.#deleted = true;
    this.#reporter.abandon();
    this.#starter.stop('the pod was deleted');
    this.#wake.now();
  }

  /** Something happened to a container or an object that the pod uses. */
  touch(what: 'started' | 'runtime' | 'objects' | 'probe'): void {
    // Its own starting: the loop looks when that is done.
    if (what === 'started' && this.#starter.isBusy) return;
    if (what === 'objects') this.#starter.objectsChanged();
    this.#wake.now();
  }

  /** Resolves when nothing of the pod is left, or at `signal`: then the containers go on without this kubelet. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        try {
          if (await this.#timedSync(signal)) return;
        } catch (error) {
          if (signal.aborted) return;
          this.#log.warn('pod not synced', { error });
          this.#retry.failed();
          this.#wake.at(this.#retry.at);
        }
        await this.#wake.wait(signal);
      }
    } finally {
      this.#starter.stop('the kubelet stops');
      this.#wake.close();
      this.#context.probes.forget(this.uid);
      this.#context.objects.forget(this.uid);
    }
  }

  async #timedSync(signal: AbortSignal): Promise<boolean> {
    const { clock, metrics } = this.#context;
    const began = clock.now();
    const operation = this.#reporter.told === undefined ? 'create' : isTerminating(this.#pod) ? 'terminating' : 'sync';
    const ran = this.#reporter.told?.phase === 'Running';
    const ended = await this.#sync(signal);
    const now = clock.now();
    metrics?.podSynced(operation, (now - began) / 1000);
    if (!ran && this.#reporter.told?.phase === 'Running' && this.#adopted.size === 0 && !this.#startTold) {
      this.#startTold = true;
      const created = Date.parse(this.#pod.metadata.creationTimestamp);
      metrics?.podStarted({ sinceSeen: (now - this.#seenAt) / 1000, sinceCreated: (now - created) / 1000 });
    }
    return ended;
  }

  /** One turn; true when nothing is left to do, ever. */
  async #sync(signal: AbortSignal): Promise<boolean> {
    const { runtime, clock } = this.#context;
    this.#observed = (await runtime.podStatus(this.uid, signal)) ?? {
      ...this.#observed,
      sandboxes: [],
      containers: [],
    };
    const asked = this.#reporter.viewed(this.#pod);
    const askAgainAt = await this.#resizer.look(asked, this.#mustEnd(asked));
    const pod = this.#resizer.given(asked);
    const now = clock.now();
    this.#verdict ??= deadlineOf(pod, now);
    this.#announcer.verdict(pod, this.#verdict);
    const mustEnd = this.#mustEnd(pod);
    const plan = nextSteps({
      pod,
      observed: this.#observed,
      now,
      verdicts: {
        startup: (id) => this.#context.probes.verdict(id, 'startup'),
        liveness: (id) => this.#context.probes.verdict(id, 'liveness'),
      },
      mustEnd,
      restartAnyway: this.#stopper.restartAnyway,
    });
    this.#announcer.heldBack(pod, plan, this.#observed);
    await this.#reporter.readLastWords(pod, this.#observed, signal);
    const waiting = this.#waitingOf(plan);
    // Before the status is told: a container that was adopted begins with what was said of it.
    this.#probe(pod, plan);
    this.#tell(pod, plan, waiting, now, signal);
    const enforceAt = plan.ended ? undefined : this.#resizer.enforce(pod, plan.steps, signal);
    const recheckAt = this.#perform(pod, plan, signal);
    if (plan.ended && plan.steps.length === 0 && !this.#stopper.isBusy && !this.#starter.isBusy) {
      if (this.#deleted || isTerminating(pod)) return await this.#finish(pod, signal);
      await this.#tidy(pod, signal);
    }
    this.#retry.succeeded();
    const times = [plan.recheckAt, recheckAt, askAgainAt, enforceAt, this.#deadlineAt(pod, mustEnd)].filter(
      (at) => at !== undefined,
    );
    if (times.length > 0) this.#wake.at(Math.min(...times));
    return false;
  }

  #mustEnd(pod: Pod): boolean {
    return this.#deleted || isTerminating(pod) || this.#verdict !== undefined || hasFinished(pod);
  }

  #deadlineAt(pod: Pod, mustEnd: boolean): Instant | undefined {
    const { activeDeadlineSeconds } = pod.spec;
    const start = Date.parse(this.#reporter.told?.startTime ?? '');
    if (mustEnd || activeDeadlineSeconds === undefined || Number.isNaN(start)) return undefined;
    return start + activeDeadlineSeconds * 1000;
  }

  #waitingOf(plan: Plan): ReadonlyMap<string, Waiting> {
    const waiting = new Map<string, Waiting>(plan.waiting);
    for (const step of plan.steps) {
      if (step.do !== 'start-container') continue;
      const failure = this.#starter.failure(step.container.spec.name);
      if (failure === undefined) continue;
      // While it is tried again the status goes on to say why it did not work.
      waiting.set(step.container.spec.name, { reason: failure.reason, message: failure.message });
    }
    return waiting;
  }

  /** As it is told and probed: a container whose postStart hook runs has not started yet. */
  #settled({ ended }: Plan): ObservedPod {
    const { hooking } = this.#starter;
    if (hooking === undefined || ended) return this.#observed;
    const containers = this.#observed.containers.map((record) =>
      record.id === hooking && record.state === 'running' ? { ...record, state: 'created' as const } : record,
    );
    return { ...this.#observed, containers };
  }

  #tell(pod: Pod, plan: Plan, waiting: ReadonlyMap<string, Waiting>, now: Instant, signal: AbortSignal): void {
    const observed = this.#settled(plan);
    const stillRuns = observed.containers.some(({ state }) => state === 'running');
    const ended = plan.ended && !stillRuns;
    const report = { pod, observed, now, waiting, ended, verdict: this.#verdict, resize: this.#resizer.state };
    this.#reporter.tell(report, signal);
  }

  /** Begins what the plan says, beside the loop; answers when to look again at what is held back. */
  #perform(pod: Pod, plan: Plan, signal: AbortSignal): Instant | undefined {
    const steps: Step[] = [];
    for (const step of plan.steps) {
      if (step.do === 'stop-container') {
        this.#stopper.stop(pod, step.record, step.reason, this.#podIp(pod, this.#observed.sandboxes[0]), signal);
      } else if (step.do === 'remove-container') this.#stopper.remove(step.id, signal);
      else if (step.do !== 'resize-container') steps.push(step);
    }
    if (plan.ended) this.#starter.stop('the pod has ended');
    return this.#starter.begin({ pod, observed: this.#observed, steps, ending: plan.ended }, signal);
  }

  #podIp(pod: Pod, sandbox: SandboxState | undefined): string {
    return podIps(pod, sandbox, this.#context)[0] ?? '';
  }

  #probe(pod: Pod, plan: Plan): void {
    const running = this.#settled(plan).containers.filter(({ state }) => state === 'running');
    const podIp = this.#podIp(
      pod,
      this.#observed.sandboxes.find(({ ready }) => ready),
    );
    this.#context.probes.update(pod, { running, podIp, adopted: this.#adopted, ending: plan.ended });
  }

  /** It has ended and its object stays: its volumes go, and of an evicted pod, which was ended to make room, the containers too. */
  async #tidy(pod: Pod, signal: AbortSignal): Promise<void> {
    if (this.#isTidy) return;
    await this.#context.volumes.tearDown(this.uid);
    if (pod.status?.reason === 'Evicted' || this.#verdict?.isDisruption === true) {
      await this.#reporter.flushed();
      await Promise.all(this.#observed.containers.map(({ id }) => this.#context.runtime.removeContainer(id, signal)));
    }
    this.#isTidy = true;
  }

  /** The pod is down: its last status is told, its things are taken away, and then its object. True when that is done. */
  async #finish(pod: Pod, signal: AbortSignal): Promise<boolean> {
    const { client, runtime, volumes } = this.#context;
    await this.#reporter.flushed();
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
}
