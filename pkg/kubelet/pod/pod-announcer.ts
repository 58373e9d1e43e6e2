// Tells of a pod's turns that are states rather than steps, each once: held back after a crash, made to end.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { ObservedPod } from '../runtime/runtime.ts';
import { containerNamed, hasFinished, podText } from './containers.ts';
import type { EndVerdict } from './deadline.ts';
import { newestByName, type Plan } from './next-steps.ts';
import { tellOfContainer, tellOfPod } from './pod-events.ts';

export class PodAnnouncer {
  readonly #events: EventRecorder;
  /** The attempt whose being held back was told of, by container. */
  readonly #heldBack = new Map<string, string>();
  #verdictTold = false;

  constructor(events: EventRecorder) {
    this.#events = events;
  }

  /** Containers that the plan holds back. */
  heldBack(pod: Pod, plan: Plan, observed: ObservedPod): void {
    const newest = newestByName(observed);
    for (const name of plan.waiting.keys()) {
      const container = containerNamed(pod, name);
      const id = newest.get(name)?.id ?? '';
      if (container === undefined || this.#heldBack.get(name) === id) continue;
      this.#heldBack.set(name, id);
      const message = `Back-off restarting failed container ${name} in pod ${podText(pod)}`;
      tellOfContainer(this.#events, pod, container)('Warning', 'BackOff', message);
    }
  }

  /** A pod whose status tells of its verdict has been told of. */
  verdict(pod: Pod, verdict: EndVerdict | undefined): void {
    if (verdict === undefined || this.#verdictTold || hasFinished(pod)) return;
    this.#verdictTold = true;
    const type = verdict.reason === 'DeadlineExceeded' ? 'Normal' : 'Warning';
    tellOfPod(this.#events, pod)(type, verdict.reason, verdict.message);
  }
}
