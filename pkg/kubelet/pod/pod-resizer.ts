// Keeps what a pod's containers have been given, in a file beside the pod's volumes so that a kubelet that is started anew knows it,
// answers requests for more or less, and has the engine enforce what was granted, beside the worker's loop.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { messageWithCauses } from '../../logging/logger.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { isMissing } from '../volumes/atomic-directory.ts';
import type { Step } from './next-steps.ts';
import type { PodContext } from './pod-context.ts';
import { tellOfPod } from './pod-events.ts';
import { allocationOf, answerResize, withAllocation, type Allocation } from './resize.ts';
import { Retry } from './retry.ts';

const ALLOCATION_FILE = 'allocation.json';
/** A request that does not fit now is looked at again this often, besides when a pod leaves. */
const DEFERRED_RETRY_MS = 30_000;

/** What the pod's status says of resizing. */
export interface ResizeState {
  readonly pending: { readonly reason: string; readonly message: string } | undefined;
  /** Granted, and not enforced yet; with what the engine said last if it refused. */
  readonly inProgress: { readonly error: string | undefined } | undefined;
}

export class PodResizer {
  readonly #context: PodContext;
  readonly #uid: string;
  readonly #done: () => void;
  readonly #retry: Retry;
  #given: Allocation | undefined;
  #state: ResizeState = { pending: undefined, inProgress: undefined };
  #told = '';
  #isBusy = false;
  /** The change that the engine took last. */
  #taken = '';

  /** `done`: called when the engine has answered. */
  constructor(uid: string, context: PodContext, done: () => void) {
    this.#uid = uid;
    this.#context = context;
    this.#done = done;
    this.#retry = new Retry(context.clock);
  }

  get state(): ResizeState {
    return this.#state;
  }

  /** As if it asked for what it has. */
  given(pod: Pod): Pod {
    return this.#given === undefined ? pod : withAllocation(pod, this.#given);
  }

  /** Answers what the pod asks for; says when to ask again. `settled`: nothing is granted any more. */
  async look(pod: Pod, settled: boolean): Promise<Instant | undefined> {
    this.#given ??= await this.#load(pod);
    if (settled) return undefined;
    const { events, clock } = this.#context;
    const answer = answerResize(pod, this.#given, this.#context.otherPods(this.#uid), this.#context.node);
    if (answer.answer === 'pending') {
      const { reason, message } = answer;
      this.#state = { ...this.#state, pending: { reason, message } };
      this.#tellOnce(`${reason} ${message}`, () => {
        const text = `Pod resize ${reason}: ${summary(pod, message)}`;
        tellOfPod(events, pod)('Warning', reason === 'Infeasible' ? 'ResizeInfeasible' : 'ResizeDeferred', text);
      });
      return reason === 'Deferred' ? clock.now() + DEFERRED_RETRY_MS : undefined;
    }
    this.#state = { ...this.#state, pending: undefined };
    if (answer.answer === 'nothing-asked') return undefined;
    await this.#keep(answer.allocation);
    this.#given = answer.allocation;
    this.#state = { pending: undefined, inProgress: { error: undefined } };
    this.#told = '';
    tellOfPod(events, pod)('Normal', 'ResizeStarted', `Pod resize started: ${summary(pod)}`);
    return undefined;
  }

  /** Has the engine enforce what was granted; says when to try again. No steps: it does. */
  enforce(pod: Pod, steps: readonly Step[], signal: AbortSignal): Instant | undefined {
    const due = steps.filter((step) => step.do === 'resize-container');
    if (this.#isBusy) return undefined; // `done` rings when that has ended
    if (due.length === 0) {
      const isOnItsWay = steps.some((step) => step.do === 'stop-container' && step.reason === 'resize');
      if (this.#state.inProgress === undefined || isOnItsWay) return undefined;
      this.#state = { ...this.#state, inProgress: undefined };
      tellOfPod(this.#context.events, pod)('Normal', 'ResizeCompleted', `Pod resize completed: ${summary(pod)}`);
      this.#done(); // the status is to say so
      return undefined;
    }
    if (this.#retry.at > this.#context.clock.now()) return this.#retry.at;
    const change = JSON.stringify(due.map(({ record, limits }) => [record.id, limits]));
    if (change === this.#taken) {
      // It took the very same and did not do it: without a pause this would go round and round.
      this.#taken = '';
      this.#failed(pod, 'the engine keeps other limits than it was told');
      return this.#retry.at;
    }
    this.#isBusy = true;
    this.#taken = change;
    void this.#enforceAll(pod, due, signal).finally(() => {
      this.#isBusy = false;
      this.#done();
    });
    return undefined;
  }

  async #enforceAll(
    pod: Pod,
    steps: readonly (Step & { do: 'resize-container' })[],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for (const { record, limits } of steps) await this.#context.runtime.updateContainer(record.id, limits, signal);
      this.#retry.succeeded();
    } catch (error) {
      if (signal.aborted) return;
      this.#taken = '';
      this.#failed(pod, error instanceof RuntimeError ? error.message : messageWithCauses(error));
    }
  }

  #failed(pod: Pod, message: string): void {
    this.#retry.failed();
    this.#state = { ...this.#state, inProgress: { error: message } };
    this.#tellOnce(message, () => {
      tellOfPod(this.#context.events, pod)('Warning', 'ResizeError', `Pod resize error: ${summary(pod, message)}`);
    });
  }

  #tellOnce(what: string, tell: () => void): void {
    if (this.#told === what) return;
    this.#told = what;
    tell();
  }

  async #load(pod: Pod): Promise<Allocation> {
    try {
      const known: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      if (typeof known === 'object' && known !== null) return known as Allocation; // written by #keep
    } catch (error) {
      // Half a file is none: a crash came between.
      if (!isMissing(error) && !(error instanceof SyntaxError)) throw error;
    }
    const given = allocationOf(pod);
    try {
      await this.#keep(given);
    } catch (error) {
      // A full disk must not keep the pod from being ended.
      this.#context.log.warn('what a pod was given could not be kept', { uid: this.#uid, error });
    }
    return given;
  }

  async #keep(allocation: Allocation): Promise<void> {
    const directory = this.#context.volumes.podDirectory(this.#uid);
    await mkdir(directory, { recursive: true });
    await writeFile(`${this.#path}.new`, JSON.stringify(allocation));
    await rename(`${this.#path}.new`, this.#path);
  }

  get #path(): string {
    return join(this.#context.volumes.podDirectory(this.#uid), ALLOCATION_FILE);
  }
}

/** As Kubernetes' events about resizes end. */
function summary({ metadata, spec }: Pod, error?: string): string {
  const named = (containers: Pod['spec']['containers']) =>
    containers.map(({ name, resources = {} }) => ({ name, resources }));
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return JSON.stringify({
    ...(sidecars.length > 0 && { initContainers: named(sidecars) }),
    containers: named(spec.containers),
    generation: metadata.generation ?? 0,
    ...(error !== undefined && { error }),
  });
}
