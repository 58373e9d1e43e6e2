// The cycle of one pod after another: take the next from the queue, decide, and either assume and bind it or say why not
// and set it aside. Owns the cache, the queue and all work under way; `close` ends them.
import type { Registry } from 'prom-client';
import type { Pod } from '../api/schema/generated/core.v1.gen.ts';
import type { PodDisruptionBudget } from '../api/schema/generated/policy.v1.gen.ts';
import type { Clock, Instant, Random } from '../clock/clock.ts';
import type { Client } from '../client/client.ts';
import { createEventRecorder, type EventRecorder } from '../client/event-recorder.ts';
import { TokenBucket } from '../client/work-queue.ts';
import type { Logger } from '../logging/logger.ts';
import { bind, whatBecameOf } from './binding.ts';
import { NominatedPods } from './cache/nominated-pods.ts';
import { SchedulerCache } from './cache/scheduler-cache.ts';
import { ShapeTables } from './cache/shape-tables.ts';
import type { WatchedParts } from './cluster-watch.ts';
import { decide, type Cluster, type Decision } from './decide.ts';
import { evict } from './eviction.ts';
import { diagnosisMessage, rejectors } from './framework/diagnosis.ts';
import { podInfoOf, type PodInfo } from './framework/pod-info.ts';
import type { Plugin } from './framework/plugin.ts';
import type { Profile } from './framework/profile.ts';
import { InFlight } from './in-flight.ts';
import { noMetrics, registerMetrics, type SchedulerMetrics } from './metrics.ts';
import { PodStatusWriter } from './pod-status-writer.ts';
import { preempt } from './preemption/preempt.ts';
import { SchedulingQueue, type BackoffRules, type QueuedPod, type QueueRules } from './queue/scheduling-queue.ts';

export interface PodSchedulingContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly profiles: readonly Profile[];
  /** All disruption budgets of the cluster. */
  budgets(this: void): readonly PodDisruptionBudget[];
  readonly metrics?: Registry;
  readonly backoff?: BackoffRules;
  /** Named in events as where they come from. */
  readonly host?: string;
}

/** More bindings than this under way bring nothing: the API server has its hands full. */
const BINDINGS_AT_ONCE = 128;
/** Pods that evictions are under way for; others that need some wait and are tried again. */
const EVICTIONS_AT_ONCE = 64;
/** How many decisions are made before what has arrived meanwhile is listened to. */
const DECISIONS_IN_A_ROW = 16;
const FLUSH_MS = 30_000;
/** How long the watch may be silent about a pod that was bound before it is asked after. */
const UNCONFIRMED_MS = 60_000;
/** Events beyond this rate would cost the API server more than the bindings; successes and failures count separately. */
const EVENTS_PER_SECOND = 50;
const EVENTS_AT_ONCE = 500;

interface Run {
  readonly profile: Profile;
  readonly plugins: ReadonlyMap<string, Plugin>;
  readonly events: EventRecorder;
}

export class PodScheduling {
  readonly #context: PodSchedulingContext;
  readonly #signal: AbortSignal;
  readonly #cache = new SchedulerCache();
  readonly #nominated = new NominatedPods();
  readonly #cluster: Cluster;
  readonly #queue: SchedulingQueue;
  readonly #metrics: SchedulerMetrics;
  readonly #runs: ReadonlyMap<string, Run>;
  readonly #status: PodStatusWriter;
  readonly #bindings = new InFlight(BINDINGS_AT_ONCE);
  readonly #evictions = new InFlight(EVICTIONS_AT_ONCE);
  readonly #successEvents: TokenBucket;
  readonly #failureEvents: TokenBucket;
  #newest: (key: string) => Pod | undefined = () => undefined;
  #wake = Promise.withResolvers<void>();

  constructor(context: PodSchedulingContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    const { snapshot } = this.#cache;
    const { budgets } = context;
    this.#cluster = { snapshot, tables: new ShapeTables(snapshot), nominated: this.#nominated, budgets };
    this.#runs = new Map(context.profiles.map((profile) => [profile.schedulerName, startRun(context, profile)]));
    const rules: QueueRules = {
      gate: (pod) => firstGate(this.#runOf(pod.pod)?.profile, pod),
      helps: (plugin, pod, event) => this.#runOf(pod.pod)?.plugins.get(plugin)?.helps?.(pod, event) ?? true,
      arrived: (queue, event) => this.#metrics.arrived(queue, event),
    };
    this.#queue = new SchedulingQueue(rules, context.backoff);
    this.#metrics =
      context.metrics === undefined
        ? noMetrics
        : registerMetrics(context.metrics, {
            queue: this.#queue,
            cache: this.#cache,
            bindings: () => this.#bindings.count,
          });
    this.#status = new PodStatusWriter(context, signal);
    this.#successEvents = new TokenBucket(EVENTS_PER_SECOND, EVENTS_AT_ONCE, context.clock);
    this.#failureEvents = new TokenBucket(EVENTS_PER_SECOND, EVENTS_AT_ONCE, context.clock);
  }

  get nodeCount(): number {
    return this.#cache.snapshot.nodeCount;
  }

  get watchedParts(): WatchedParts {
    return {
      cache: this.#cache,
      queue: this.#queue,
      nominated: this.#nominated,
      clock: this.#context.clock,
      isOurs: (pod) => this.#runOf(pod) !== undefined,
      settled: (uid) => this.#status.cancel(uid),
      wake: () => this.#wake.resolve(),
    };
  }

  /** Schedules until the signal; `newest` answers with the latest version of a pod by namespace/name. */
  async run(newest: (key: string) => Pod | undefined): Promise<void> {
    this.#newest = newest;
    const { clock } = this.#context;
    let nextFlush = clock.now() + FLUSH_MS;
    for (let decided = 0; !this.#signal.aborted; decided++) {
      if (clock.now() >= nextFlush) {
        nextFlush = clock.now() + FLUSH_MS;
        this.#flush(clock.now());
      }
      if (this.#bindings.isFull) await this.#bindings.room();
      else if (decided % DECISIONS_IN_A_ROW === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      const entry = this.#queue.pop(clock.now());
      if (entry === undefined) await this.#untilWoken(nextFlush);
      else this.#scheduleOne(entry);
    }
  }

  /** Waits for what is under way; call it after the signal was aborted. */
  async close(): Promise<void> {
    await Promise.all([this.#bindings.idle(), this.#evictions.idle(), this.#status.idle()]);
    await Promise.all([...this.#runs.values()].map((run) => run.events.close()));
  }

  #runOf(pod: Pod): Run | undefined {
    return this.#runs.get(pod.spec.schedulerName ?? 'default-scheduler');
  }

  async #untilWoken(latest: Instant): Promise<void> {
    const { clock } = this.#context;
    const now = clock.now();
    const until = Math.min(latest, this.#queue.nextReady(now) ?? latest);
    const { promise, resolve } = this.#wake;
    const timer = clock.schedule(Math.max(1, until - now), resolve);
    const stop = () => resolve();
    this.#signal.addEventListener('abort', stop, { once: true });
    if (!this.#signal.aborted) await promise;
    timer[Symbol.dispose]();
    this.#signal.removeEventListener('abort', stop);
    this.#wake = Promise.withResolvers<void>();
  }

  #scheduleOne(entry: QueuedPod): void {
    const { pod } = entry;
    const run = this.#runOf(pod.pod);
    if (run === undefined || pod.pod.metadata.deletionTimestamp !== undefined) return;
    if (this.#cache.placementOf(pod.uid) !== undefined) return;
    const start = this.#context.clock.now();
    const began = this.#context.clock.elapsed();
    const decision = decide(run.profile, pod, this.#cluster, this.#context.random);
    const took = (this.#context.clock.elapsed() - began) / 1000;
    const isPlaced = decision.outcome === 'placed';
    this.#metrics.decided(took);
    this.#metrics.extended('Filter', isPlaced ? 'Success' : 'Unschedulable', run.profile.schedulerName, took);
    if (decision.outcome === 'unplaceable') {
      this.#turnDown(entry, run, decision);
      const seconds = (this.#context.clock.elapsed() - began) / 1000;
      this.#metrics.attempted(run.profile.schedulerName, 'unschedulable', seconds);
      return;
    }
    this.#cache.assume(pod, decision.node);
    this.#nominated.delete(pod.uid);
    this.#queue.onEvent({ on: 'pod-added', pod }, start);
    this.#bindings.start(() => this.#bind(entry, run, decision.node, start));
  }

  async #bind(entry: QueuedPod, run: Run, nodeName: string, start: Instant): Promise<void> {
    const { client, clock, log } = this.#context;
    const { pod } = entry;
    const name = run.profile.schedulerName;
    try {
      const asked = clock.elapsed();
      const result = await bind(client, pod, nodeName, clock, this.#signal);
      const now = clock.now();
      this.#metrics.extended(
        'Bind',
        result.outcome === 'bound' ? 'Success' : 'Error',
        name,
        (clock.elapsed() - asked) / 1000,
      );
      const seconds = (now - start) / 1000;
      if (result.outcome === 'bound') {
        this.#cache.finishBinding(pod.uid, now);
        this.#metrics.attempted(name, 'scheduled', seconds);
        this.#metrics.scheduled(name, entry.attempts, (now - entry.firstSeen) / 1000);
        log.debug('bound', { pod: pod.key, node: nodeName });
        if (!this.#successEvents.take()) return;
        const message = `Successfully assigned ${pod.key} to ${nodeName}`;
        run.events.record(pod.pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', message });
        return;
      }
      this.#metrics.attempted(name, 'error', seconds);
      this.#giveBack(pod);
      if (result.outcome !== 'refused') return;
      log.warn('could not bind a pod', { pod: pod.key, node: nodeName, error: result.cause });
      this.#retryAfterError(entry, run, `binding rejected: ${result.cause.message}`);
    } catch (error) {
      if (!this.#signal.aborted) log.error('binding failed', { pod: pod.key, error });
    }
  }

  /** False: there was nothing to give back, the watch has told of the pod by now. */
  #giveBack(pod: PodInfo): boolean {
    const given = this.#cache.forget(pod.uid);
    if (given === undefined) return false;
    const node = this.#cache.snapshot.node(given.nodeName);
    this.#queue.onEvent({ on: 'pod-removed', pod, node }, this.#context.clock.now());
    this.#wake.resolve();
    return true;
  }

  #retryAfterError(entry: QueuedPod, run: Run, message: string): void {
    const newest = this.#newest(entry.pod.key);
    if (newest === undefined || newest.metadata.uid !== entry.pod.uid || newest.spec.nodeName) return;
    const pod = podInfoOf(newest);
    this.#queue.retryLater({ ...entry, pod }, this.#context.clock.now());
    this.#wake.resolve();
    this.#report(pod, run, 'SchedulerError', message);
  }

  /** Sets the pod aside before anything is written about it, so that no event that could help it is missed. */
  #turnDown(entry: QueuedPod, run: Run, decision: Extract<Decision, { outcome: 'unplaceable' }>): void {
    const { pod } = entry;
    const { clock, random } = this.#context;
    const { diagnosis } = decision;
    if (this.#evictions.isFull) return this.#queue.retryLater(entry, clock.now());
    this.#queue.setAside(entry, rejectors(diagnosis), clock.now());
    const began = clock.elapsed();
    const preemption =
      run.profile.preempts && diagnosis.nodeCount > 0
        ? preempt(run.profile, pod, this.#cluster, decision, random)
        : undefined;
    if (preemption !== undefined) {
      const status = preemption.outcome === 'evict' ? 'Success' : 'Unschedulable';
      const seconds = (clock.elapsed() - began) / 1000;
      this.#metrics.extended('PostFilter', status, run.profile.schedulerName, seconds);
    }
    const postscript = preemption?.outcome === 'nothing' ? preemption.message : '';
    const message = diagnosisMessage(diagnosis, postscript);
    if (preemption?.outcome !== 'evict') {
      const nominatedBefore = this.#nominated.nodeOf(pod.uid) !== undefined;
      if (nominatedBefore && postscript.includes('terminating pod on the nominated node')) {
        return this.#report(pod, run, 'Unschedulable', message);
      }
      this.#nominated.delete(pod.uid);
      return this.#report(pod, run, 'Unschedulable', message, '');
    }
    const { nodeName, victims } = preemption.candidate;
    this.#metrics.preempted(victims.length);
    this.#nominated.set(pod, nodeName);
    this.#report(pod, run, 'Unschedulable', message, nodeName);
    const context = { ...this.#context, events: run.events };
    this.#evictions.start(() => evict(context, victims, pod, nodeName, this.#signal));
  }

  #report(pod: PodInfo, run: Run, reason: string, message: string, nominatedNodeName?: string): void {
    const condition = { reason, message };
    const nomination = nominatedNodeName === undefined ? {} : { nominatedNodeName };
    this.#status.write(pod.pod, { condition, ...nomination });
    if (!this.#failureEvents.take()) return;
    run.events.record(pod.pod, { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', message });
  }

  #flush(now: Instant): void {
    this.#queue.flush(now);
    for (const pod of this.#cache.unconfirmedSince(now - UNCONFIRMED_MS)) {
      if (this.#bindings.isFull) return;
      this.#bindings.start(() => this.#askAfter(pod));
    }
  }

  /** The watch has been silent about a binding: what it would have said is asked for. */
  async #askAfter(pod: PodInfo): Promise<void> {
    const { client, clock, log } = this.#context;
    const nodeName = this.#cache.placementOf(pod.uid)?.nodeName;
    if (nodeName === undefined) return;
    try {
      const outcome = await whatBecameOf(client, pod, nodeName, clock, this.#signal);
      if (outcome === 'bound') return this.#cache.finishBinding(pod.uid, clock.now());
      // A store that was put back to an earlier state: the pod waits again, and nothing will tell of it.
      if (this.#giveBack(pod) && outcome === 'unbound') this.#queue.add(pod, clock.now());
    } catch (error) {
      if (!this.#signal.aborted) log.error('asking after a binding failed', { pod: pod.key, error });
    }
  }
}

function startRun(context: PodSchedulingContext, profile: Profile): Run {
  const all = [...profile.preEnqueue, ...profile.filters, ...profile.scores.map(({ plugin }) => plugin)];
  return {
    profile,
    plugins: new Map(all.map((plugin) => [plugin.name, plugin])),
    events: createEventRecorder({ ...context, component: profile.schedulerName, style: 'series' }),
  };
}

function firstGate(profile: Profile | undefined, pod: PodInfo): string | undefined {
  for (const plugin of profile?.preEnqueue ?? []) {
    const reason = plugin.preEnqueue?.(pod);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
