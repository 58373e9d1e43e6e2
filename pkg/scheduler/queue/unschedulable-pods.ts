// Pods that fit nowhere, found by the plugins that turned them down, so that an event costs as much as there are pods that
// it might help. Pods alike get one answer: the plugin is asked once per kind of pod and event.
import type { Instant } from '../../clock/clock.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { QueuedPod } from './scheduling-queue.ts';

/** Stands for pods that no plugin turned down: the cluster was empty, or the cause is unknown. Any event may help. */
const NOBODY = '';

export class UnschedulablePods {
  readonly #pods = new Map<string, QueuedPod>();
  readonly #byRejector = new Map<string, Set<string>>();

  get size(): number {
    return this.#pods.size;
  }

  get(uid: string): QueuedPod | undefined {
    return this.#pods.get(uid);
  }

  add(entry: QueuedPod): void {
    const { uid } = entry.pod;
    this.delete(uid);
    this.#pods.set(uid, entry);
    for (const rejector of rejectorsOf(entry)) {
      const uids = this.#byRejector.get(rejector) ?? new Set<string>();
      this.#byRejector.set(rejector, uids.add(uid));
    }
  }

  delete(uid: string): QueuedPod | undefined {
    const entry = this.#pods.get(uid);
    if (entry === undefined) return undefined;
    this.#pods.delete(uid);
    for (const rejector of rejectorsOf(entry)) this.#byRejector.get(rejector)?.delete(uid);
    return entry;
  }

  /** How many pods each plugin turned down, by the name of their scheduler. */
  rejections(): { readonly plugin: string; readonly profile: string; readonly pods: number }[] {
    return [...this.#byRejector].flatMap(([plugin, uids]) => {
      const profiles = new Map<string, number>();
      for (const uid of uids) {
        const profile = this.#pods.get(uid)?.pod.pod.spec.schedulerName ?? '';
        profiles.set(profile, (profiles.get(profile) ?? 0) + 1);
      }
      return plugin === NOBODY ? [] : [...profiles].map(([profile, pods]) => ({ plugin, profile, pods }));
    });
  }

  /** Takes out the pods for which a plugin that turned them down says that it may have changed its mind. */
  takeHelped(helps: (plugin: string, pod: PodInfo) => boolean): QueuedPod[] {
    const taken: QueuedPod[] = [];
    for (const [rejector, uids] of this.#byRejector) {
      const answers = new Map<string, boolean>();
      for (const uid of uids) {
        const entry = this.#pods.get(uid);
        if (entry === undefined) continue;
        const alike = `${entry.pod.shape}${entry.pod.group}`;
        const answer = rejector === NOBODY || (answers.get(alike) ?? helps(rejector, entry.pod));
        answers.set(alike, answer);
        if (!answer) continue;
        taken.push(entry);
        this.delete(uid);
      }
    }
    return taken;
  }

  takeOlderThan(instant: Instant): QueuedPod[] {
    const old = [...this.#pods.values()].filter((entry) => entry.since < instant);
    for (const entry of old) this.delete(entry.pod.uid);
    return old;
  }
}

function rejectorsOf({ rejectors }: QueuedPod): Iterable<string> {
  return rejectors.size === 0 ? [NOBODY] : rejectors;
}
