// Remembers what this process did to pods until its informer has seen it, so that a controller never acts twice on a view
// that lags behind: pods it made count as there, pods it deleted count as terminating. An entry goes as soon as the
// informer shows it, and after five minutes at the latest (the pod was made and deleted while the watch was broken).
import { controllerOf } from '../api/meta/owner-references.ts';
import type { Pod } from '../api/schema/generated/core.v1.gen.ts';
import { keyOf } from '../client/object-store.ts';
import { formatTime } from '../api/meta/time.ts';
import type { Clock, Instant } from '../clock/clock.ts';

const FORGET_AFTER_MS = 300_000;

export class PodLedger {
  readonly #clock: Clock;
  /** By owner, then by the pod's uid. */
  readonly #made = new Map<string, Map<string, { pod: Pod; at: Instant }>>();
  readonly #deleted = new Map<string, Instant>();

  readonly #informed: (key: string) => Pod | undefined;

  /** `informed`: what the informer shows under a key. */
  constructor(clock: Clock, informed: (key: string) => Pod | undefined) {
    this.#clock = clock;
    this.#informed = informed;
  }

  made(owner: string, pod: Pod): void {
    if (this.#informed(keyOf(pod))?.metadata.uid === pod.metadata.uid) return;
    let pods = this.#made.get(owner);
    if (pods === undefined) {
      pods = new Map();
      this.#made.set(owner, pods);
    }
    pods.set(pod.metadata.uid, { pod, at: this.#clock.now() });
  }

  deleted(pod: Pod): void {
    const shown = this.#informed(keyOf(pod));
    const seenAlready = shown?.metadata.uid !== pod.metadata.uid || shown.metadata.deletionTimestamp !== undefined;
    // A pod that the informer has yet to show is in `#made`; its deletion must be remembered as well.
    if (seenAlready && !this.#isMade(pod)) return;
    const now = this.#clock.now();
    // Those that the informer never shows (made and deleted while the watch was broken) are in nobody's view.
    for (const [uid, at] of this.#deleted) {
      if (now - at <= FORGET_AFTER_MS) break;
      this.#deleted.delete(uid);
    }
    this.#deleted.set(pod.metadata.uid, now);
  }

  /** How much is remembered. */
  get size(): number {
    return this.#deleted.size + [...this.#made.values()].reduce((sum, pods) => sum + pods.size, 0);
  }

  /** The informer shows this version of the pod. */
  seen(owner: string | undefined, pod: Pod): void {
    if (owner !== undefined) this.#forgetMade(owner, pod.metadata.uid);
    if (pod.metadata.deletionTimestamp !== undefined) this.#deleted.delete(pod.metadata.uid);
  }

  /** The informer says that the pod is gone. */
  gone(owner: string | undefined, pod: Pod): void {
    if (owner !== undefined) this.#forgetMade(owner, pod.metadata.uid);
    this.#deleted.delete(pod.metadata.uid);
  }

  forgetOwner(owner: string): void {
    this.#made.delete(owner);
  }

  /** The owner's pods as they are, as far as the informer (`known`) and this process know. */
  view(owner: string, known: readonly Pod[]): readonly Pod[] {
    const made = this.#made.get(owner);
    if (made === undefined && this.#deleted.size === 0) return known;
    const now = this.#clock.now();
    const pods = known.map((pod) => this.#afterDeletion(pod, now));
    if (made === undefined) return pods;
    const shown = new Set(known.map(keyOf));
    for (const [uid, { pod, at }] of made) {
      if (shown.has(keyOf(pod)) || now - at > FORGET_AFTER_MS) this.#forgetMade(owner, uid);
      else pods.push(this.#afterDeletion(pod, now));
    }
    return pods;
  }

  #afterDeletion(pod: Pod, now: Instant): Pod {
    const at = this.#deleted.get(pod.metadata.uid);
    if (at === undefined || pod.metadata.deletionTimestamp !== undefined) return pod;
    if (now - at > FORGET_AFTER_MS) {
      this.#deleted.delete(pod.metadata.uid);
      return pod;
    }
    return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: formatTime(at) } };
  }

  #isMade(pod: Pod): boolean {
    const owner = controllerOf(pod.metadata)?.uid;
    return owner !== undefined && this.#made.get(owner)?.has(pod.metadata.uid) === true;
  }

  #forgetMade(owner: string, uid: string): void {
    const pods = this.#made.get(owner);
    pods?.delete(uid);
    if (pods?.size === 0) this.#made.delete(owner);
  }
}
