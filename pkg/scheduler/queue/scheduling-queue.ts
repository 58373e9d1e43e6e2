// The pods that wait for a node. Ready ones come out by priority, then by age; those that failed wait out a growing pause;
// those that fit nowhere wait until something happens that can help them, judged by the plugins that turned them down, at
// the latest five minutes. Pods with scheduling gates wait until their own spec changes. Times are passed in.
// Every pod is in exactly one place, so the queue is as large as the number of pods waiting, no larger.
import type { Instant } from '../../clock/clock.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { ClusterEvent } from './cluster-event.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { UnschedulablePods } from './unschedulable-pods.ts';

export interface QueuedPod {
  readonly pod: PodInfo;
  /** When it was first seen. */
  readonly firstSeen: Instant;
  /** When it last became ready or was set aside. */
  readonly since: Instant;
  /** Order of arrival among pods of the same instant. */
  readonly order: number;
  /** How often a node has been sought for it. */
  readonly attempts: number;
  readonly backoffUntil: Instant;
  /** After an error, the pause is kept even when nothing else is to do. */
  readonly afterError: boolean;
  readonly rejectors: ReadonlySet<string>;
}

export interface QueueRules {
  /** Why the pod must not be scheduled yet. */
  gate(pod: PodInfo): string | undefined;
  /** Whether the plugin that turned the pod down says that the event may help. */
  helps(plugin: string, pod: PodInfo, event: ClusterEvent): boolean;
  /** Told of every arrival; for metrics. */
  arrived?(queue: QueueName, event: string): void;
}

export type QueueName = 'active' | 'backoff' | 'unschedulable' | 'gated';

/** How long a pod waits after its first failed attempt, and at most after many. */
export interface BackoffRules {
  readonly firstMs: number;
  readonly longestMs: number;
}

export const DEFAULT_BACKOFF: BackoffRules = { firstMs: 1000, longestMs: 10_000 };
export const LONGEST_UNSCHEDULABLE_MS = 5 * 60_000;

export class SchedulingQueue {
  readonly #rules: QueueRules;
  readonly #active = new IndexedHeap<QueuedPod>(uidOf, comesFirst);
  readonly #backoff = new IndexedHeap<QueuedPod>(uidOf, (a, b) => a.backoffUntil < b.backoffUntil);
  readonly #unschedulable = new UnschedulablePods();
  readonly #gated = new Map<string, QueuedPod>();
  readonly #pauses: BackoffRules;
  #order = 0;

  constructor(rules: QueueRules, backoff: BackoffRules = DEFAULT_BACKOFF) {
    this.#rules = rules;
    this.#pauses = backoff;
  }

  get sizes(): Readonly<Record<QueueName, number>> {
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#unschedulable.size,
      gated: this.#gated.size,
    };
  }

  /** How many pods each plugin keeps waiting, by profile. */
  rejections(): { readonly plugin: string; readonly profile: string; readonly pods: number }[] {
    return this.#unschedulable.rejections();
  }

  /** Where the pod waits; undefined when it does not. */
  whereIs(uid: string): QueueName | undefined {
    if (this.#active.get(uid) !== undefined) return 'active';
    if (this.#backoff.get(uid) !== undefined) return 'backoff';
    if (this.#unschedulable.get(uid) !== undefined) return 'unschedulable';
    return this.#gated.has(uid) ? 'gated' : undefined;
  }

  /** A pod not seen before. */
  add(pod: PodInfo, now: Instant): void {
    const fresh: QueuedPod = {
      pod,
      firstSeen: now,
      since: now,
      order: this.#order++,
      attempts: 0,
      backoffUntil: 0,
      afterError: false,
      rejectors: new Set(),
    };
    if (this.#rules.gate(pod) === undefined) this.#activate(fresh, now, 'PodAdd');
    else this.#hold(fresh);
  }

  /** A newer version of a pod; one that is not waiting here is left alone. */
  update(pod: PodInfo, now: Instant): void {
    const ready = this.#active.get(pod.uid);
    if (ready !== undefined) return this.#active.set({ ...ready, pod });
    const pausing = this.#backoff.get(pod.uid);
    if (pausing !== undefined) return this.#backoff.set({ ...pausing, pod });
    const gated = this.#gated.get(pod.uid);
    if (gated !== undefined) {
      if (this.#rules.gate(pod) !== undefined) this.#gated.set(pod.uid, { ...gated, pod });
      else {
        this.#gated.delete(pod.uid);
        this.#activate({ ...gated, pod }, now, 'PodUpdate');
      }
      return;
    }
    const waiting = this.#unschedulable.delete(pod.uid);
    if (waiting === undefined) return;
    const newer = { ...waiting, pod };
    if (sameWishes(waiting.pod, pod)) this.#unschedulable.add(newer);
    else this.#retry(newer, now, 'PodUpdate');
  }

  delete(uid: string): void {
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#unschedulable.delete(uid);
    this.#gated.delete(uid);
  }

  /** The next pod to seek a node for. When none is ready, one whose pause is not over, unless it pauses after an error. */
  pop(now: Instant): QueuedPod | undefined {
    this.#endPauses(now);
    const next = this.#active.pop() ?? this.#impatient();
    return next === undefined ? undefined : { ...next, attempts: next.attempts + 1 };
  }

  /** The pod fits nowhere. */
  setAside(entry: QueuedPod, rejectors: ReadonlySet<string>, now: Instant): void {
    const backoffUntil = now + backoffMs(entry.attempts, this.#pauses);
    this.#unschedulable.add({ ...entry, rejectors, since: now, backoffUntil, afterError: false });
    this.#rules.arrived?.('unschedulable', 'ScheduleAttemptFailure');
  }

  /** Something went wrong that has nothing to do with the pod. */
  retryLater(entry: QueuedPod, now: Instant): void {
    this.#backoff.set({
      ...entry,
      since: now,
      backoffUntil: now + backoffMs(entry.attempts, this.#pauses),
      afterError: true,
    });
    this.#rules.arrived?.('backoff', 'ScheduleAttemptFailure');
  }

  /** Something happened in the cluster: pods that it may help become ready once their pause is over. */
  onEvent(event: ClusterEvent, now: Instant): void {
    const helps = (plugin: string, pod: PodInfo) => this.#rules.helps(plugin, pod, event);
    for (const entry of this.#unschedulable.takeHelped(helps)) this.#retry(entry, now, event.on);
  }

  /** Ends pauses that are over, and waits that have lasted too long. */
  flush(now: Instant): void {
    this.#endPauses(now);
    for (const entry of this.#unschedulable.takeOlderThan(now - LONGEST_UNSCHEDULABLE_MS)) {
      this.#retry(entry, now, 'UnschedulableTimeout');
    }
  }

  /** When `pop` may answer with something, if nothing happens before; undefined: not by the passing of time. */
  nextReady(now: Instant): Instant | undefined {
    if (this.#active.size > 0) return now;
    return this.#backoff.peek()?.backoffUntil;
  }

  #activate(entry: QueuedPod, now: Instant, event: string): void {
    this.#active.set({ ...entry, since: now });
    this.#rules.arrived?.('active', event);
  }

  #hold(entry: QueuedPod): void {
    this.#gated.set(entry.pod.uid, entry);
    this.#rules.arrived?.('gated', 'PodAdd');
  }

  #retry(entry: QueuedPod, now: Instant, event: string): void {
    if (this.#rules.gate(entry.pod) !== undefined) return this.#hold(entry);
    if (entry.backoffUntil <= now) return this.#activate(entry, now, event);
    this.#backoff.set(entry);
    this.#rules.arrived?.('backoff', event);
  }

  #endPauses(now: Instant): void {
    for (
      let first = this.#backoff.peek();
      first !== undefined && first.backoffUntil <= now;
      first = this.#backoff.peek()
    ) {
      this.#backoff.pop();
      this.#activate(first, now, 'BackoffComplete');
    }
  }

  #impatient(): QueuedPod | undefined {
    const first = this.#backoff.peek();
    return first === undefined || first.afterError ? undefined : this.#backoff.pop();
  }
}

/** Twice as long with each attempt, up to the longest. */
export function backoffMs(attempts: number, { firstMs, longestMs }: BackoffRules): number {
  return Math.min(longestMs, firstMs * 2 ** Math.max(0, Math.min(attempts, 20) - 1));
}

function comesFirst(a: QueuedPod, b: QueuedPod): boolean {
  if (a.pod.priority !== b.pod.priority) return a.pod.priority > b.pod.priority;
  return a.since === b.since ? a.order < b.order : a.since < b.since;
}

function uidOf({ pod }: QueuedPod): string {
  return pod.uid;
}

/** Whether nothing changed that could make a difference to where the pod fits. */
function sameWishes(before: PodInfo, after: PodInfo): boolean {
  return (
    before.shape === after.shape &&
    before.group === after.group &&
    before.priority === after.priority &&
    JSON.stringify(before.pod.spec.topologySpreadConstraints) ===
      JSON.stringify(after.pod.spec.topologySpreadConstraints)
  );
}
