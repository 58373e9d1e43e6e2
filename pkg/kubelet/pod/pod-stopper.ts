// Takes containers of a pod down beside the worker's loop, each once, sooner when the grace period is cut; remembers which were
// stopped in order to run again.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { containerNamed } from './containers.ts';
import { graceOf, stopContainer } from './container-stopper.ts';
import type { StopReason } from './next-steps.ts';
import type { PodContext } from './pod-context.ts';

/** An engine that refuses is not asked again at once. */
const FAILED_PAUSE_MS = 1_000;

interface Stopping {
  /** When it will be killed. */
  readonly endsBy: Instant;
  /** Its preStop hook is not waited for any longer. */
  readonly hurry: AbortController;
}

export class PodStopper {
  readonly #context: PodContext;
  readonly #log: Logger;
  readonly #done: () => void;
  /** By the ids of containers that are being stopped. */
  readonly #stopping = new Map<string, Stopping>();
  readonly #restartAnyway = new Set<string>();
  /** When the first container of the pod was told to end: all share one grace period, sidecars after the others. */
  #endingSince: Instant | undefined;

  /** However long the pod would like to have. */
  mostGraceSeconds = Number.POSITIVE_INFINITY;

  /** `done`: called when a container is down, or could not be stopped. */
  constructor(context: PodContext, log: Logger, done: () => void) {
    this.#context = context;
    this.#log = log;
    this.#done = done;
  }

  get isBusy(): boolean {
    return this.#stopping.size > 0;
  }

  /** Containers that run again after their end whatever the restart policy says. */
  get restartAnyway(): ReadonlySet<string> {
    return this.#restartAnyway;
  }

  stop(pod: Pod, record: ContainerRecord, reason: StopReason, podIp: string, signal: AbortSignal): void {
    const now = this.#context.clock.now();
    if (reason === 'pod-ends') this.#endingSince ??= now;
    const spent = reason === 'pod-ends' ? Math.floor((now - (this.#endingSince ?? now)) / 1000) : 0;
    const patience = Math.min(graceOf(pod, containerNamed(pod, record.name), reason), this.mostGraceSeconds);
    const grace = Math.max(0, patience - spent);
    const endsBy = now + grace * 1000;
    const known = this.#stopping.get(record.id);
    if (known !== undefined) {
      // The grace period was cut: the engine is asked once more, with less patience.
      if (endsBy >= known.endsBy || pod.metadata.deletionGracePeriodSeconds === undefined) return;
      this.#stopping.set(record.id, { ...known, endsBy });
      known.hurry.abort(new Error('the grace period was cut'));
      this.#watch(this.#context.runtime.stopContainer(record.id, grace, signal), signal);
      return;
    }
    const hurry = new AbortController();
    this.#stopping.set(record.id, { endsBy, hurry });
    const probed = reason === 'liveness' || reason === 'startup';
    if (reason === 'definition-changed' || reason === 'resize' || (probed && pod.spec.restartPolicy !== 'Never')) {
      this.#restartAnyway.add(record.id);
    }
    const request = { pod, record, reason, podIp, grace, hurry: hurry.signal };
    const stopped = stopContainer(request, this.#context, signal).finally(() => this.#stopping.delete(record.id));
    this.#watch(stopped, signal);
  }

  remove(id: string, signal: AbortSignal): void {
    this.#restartAnyway.delete(id);
    this.#watch(this.#context.runtime.removeContainer(id, signal), signal);
  }

  #watch(task: Promise<void>, signal: AbortSignal): void {
    void task
      .catch(async (error: unknown) => {
        if (signal.aborted) return;
        this.#log.warn('container not stopped', { error });
        await this.#context.clock.sleep(FAILED_PAUSE_MS, signal);
      })
      .catch(() => undefined) // the kubelet stops while it waits
      .finally(this.#done);
  }
}
