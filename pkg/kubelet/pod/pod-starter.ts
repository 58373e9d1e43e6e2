// Brings a pod up: volumes, sandbox, containers, one step after another, beside the worker's loop. Remembers why a container
// could not be started until it could. Keeps volumes made of API objects up to date.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ObservedPod, SandboxState } from '../runtime/runtime.ts';
import { isOnNodeNetwork } from './containers.ts';
import { startContainer, type StartFailure } from './container-starter.ts';
import type { Step } from './next-steps.ts';
import type { PodContext } from './pod-context.ts';
import { tellOfPod } from './pod-events.ts';
import { createSandbox, placeOf, prepareVolumes, writePodFiles } from './pod-preparation.ts';
import { Retry } from './retry.ts';

/** Volumes made of API objects are looked at this often even when nothing seems to have changed. */
const REFRESH_MS = 60_000;

export interface StartTurn {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly steps: readonly Step[];
  /** The steps take the pod down. */
  readonly ending: boolean;
}

export class PodStarter {
  readonly #uid: string;
  readonly #context: PodContext;
  readonly #log: Logger;
  readonly #done: () => void;
  readonly #failures = new Map<string, StartFailure>();
  readonly #retry: Retry;
  #running: { readonly stop: AbortController; readonly ending: boolean } | undefined;
  #volumes: ReadonlyMap<string, string> | undefined;
  #refreshAt: Instant = 0;
  #hooking: string | undefined;

  /** `done`: called when a turn of starting has ended, well or not. */
  constructor(uid: string, context: PodContext, log: Logger, done: () => void) {
    this.#uid = uid;
    this.#context = context;
    this.#log = log;
    this.#done = done;
    this.#retry = new Retry(context.clock);
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** The container whose postStart hook runs. */
  get hooking(): string | undefined {
    return this.#hooking;
  }

  /** Why the container does not run, if the last try failed. */
  failure(container: string): StartFailure | undefined {
    return this.#failures.get(container);
  }

  /** Ends what brings the pod up; what takes it down goes on. */
  stop(why: string): void {
    if (this.#running?.ending === false) this.#running.stop.abort(new Error(why));
  }

  /** An object that the pod uses has changed: what was missing may be there now. */
  objectsChanged(): void {
    this.#refreshAt = 0;
    for (const [name, { reason }] of this.#failures) {
      if (reason === 'CreateContainerConfigError') this.#failures.delete(name);
    }
    this.#retry.hurry();
  }

  /** Begins what is due of the steps, unless it is at it already; answers when to ask again. */
  begin({ pod, observed, steps, ending }: StartTurn, signal: AbortSignal): Instant | undefined {
    const now = this.#context.clock.now();
    let askAt: Instant | undefined;
    const due = steps.filter((step) => {
      const at = Math.max(this.#retry.at, this.#notBefore(step));
      if (at > now) askAt = Math.min(askAt ?? at, at);
      return at <= now;
    });
    if (this.#running !== undefined) return askAt; // `done` rings when that has ended
    const refreshAt = this.#refreshDue(pod, observed, ending);
    const isStale = refreshAt !== undefined && refreshAt <= now;
    if (due.length > 0 || isStale) this.#run({ pod, observed, steps: due, ending }, signal);
    else if (refreshAt !== undefined) askAt = Math.min(askAt ?? refreshAt, refreshAt);
    return askAt;
  }

  /** When the volumes want to be looked at; undefined where there are none, or no containers that have them. */
  #refreshDue(pod: Pod, observed: ObservedPod, ending: boolean): Instant | undefined {
    const isUp = observed.containers.some(({ state }) => state === 'running');
    if (ending || !isUp || (pod.spec.volumes ?? []).length === 0) return undefined;
    return Math.max(this.#refreshAt, this.#retry.at);
  }

  #notBefore(step: Step): Instant {
    return step.do === 'start-container' ? (this.#failures.get(step.container.spec.name)?.retryAt ?? 0) : 0;
  }

  #run({ pod, observed, steps, ending }: StartTurn, signal: AbortSignal): void {
    const stop = new AbortController();
    this.#running = { stop, ending };
    const either = AbortSignal.any([signal, stop.signal]);
    void this.#runAll(pod, observed, steps, either)
      .then((complete) => (complete ? this.#retry.succeeded() : this.#retry.failed()))
      .catch((error: unknown) => {
        if (either.aborted) return;
        this.#retry.failed();
        this.#log.warn('pod not started', { error });
      })
      .finally(() => {
        this.#running = undefined;
        this.#hooking = undefined;
        this.#done();
      });
  }

  /** False when something before the containers failed. */
  async #runAll(pod: Pod, observed: ObservedPod, steps: readonly Step[], signal: AbortSignal): Promise<boolean> {
    for (const step of steps) {
      signal.throwIfAborted();
      if (step.do === 'remove-sandbox') await this.#context.runtime.removePodSandbox(step.id, signal);
      else if (step.do === 'create-sandbox') {
        if (!(await this.#makeSandbox(pod, step, signal))) return false;
      } else if (step.do === 'start-container') {
        if (!(await this.#volumesReady(pod, step.sandbox, signal))) return false;
        await this.#startOne(pod, observed, step, signal);
      }
    }
    return steps.length > 0 || (await this.#volumesReady(pod, observed.sandboxes[0], signal));
  }

  async #makeSandbox(
    pod: Pod,
    { attempt, again }: Step & { do: 'create-sandbox' },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (again) {
      const message = 'Pod sandbox changed, it will be killed and re-created.';
      tellOfPod(this.#context.events, pod)('Normal', 'SandboxChanged', message);
    }
    const fault = isOnNodeNetwork(pod) ? undefined : this.#context.networkFault();
    if (fault !== undefined) {
      tellOfPod(this.#context.events, pod)('Warning', 'NetworkNotReady', `network is not ready: ${fault}`);
      return false;
    }
    // Volumes come first, as in Kubernetes: a pod whose volumes fail has no sandbox.
    if (!(await this.#volumesReady(pod, undefined, signal))) return false;
    const outcome = await createSandbox(pod, attempt, this.#context, signal);
    if (!outcome.ok) return false;
    await writePodFiles(pod, podIps(pod, outcome.sandbox, this.#context), this.#context);
    return true;
  }

  /** True when the volumes are there and, if that can be, up to date. */
  async #volumesReady(pod: Pod, sandbox: SandboxState | undefined, signal: AbortSignal): Promise<boolean> {
    const { clock, tokens } = this.#context;
    if (this.#volumes !== undefined && clock.now() < this.#refreshAt) return true;
    const ips = podIps(pod, sandbox, this.#context);
    // An adopted pod: its files are written anew, they may be what a crash left half done.
    if (this.#volumes === undefined && sandbox !== undefined) await writePodFiles(pod, ips, this.#context);
    const asked = clock.now();
    this.#refreshAt = asked + REFRESH_MS;
    const outcome = await prepareVolumes(pod, ips, this.#context, signal);
    if (!outcome.ok) {
      if (this.#volumes !== undefined) return true; // what is there stays as it was until the next look
      this.#refreshAt = 0;
      return false;
    }
    this.#volumes = outcome.paths;
    this.#refreshAt = Math.min(this.#refreshAt, tokens.refreshAt(this.#uid) ?? this.#refreshAt);
    return true;
  }

  async #startOne(
    pod: Pod,
    observed: ObservedPod,
    { container, sandbox, attempt, backoffMs }: Step & { do: 'start-container' },
    signal: AbortSignal,
  ): Promise<void> {
    const running = observed.containers
      .filter(({ state }) => state === 'running')
      .map(({ name, id }) => [name, id] as const);
    const failure = await startContainer(
      {
        pod,
        container,
        sandbox,
        attempt,
        backoffMs,
        place: placeOf(podIps(pod, sandbox, this.#context), this.#context),
        volumes: this.#volumes ?? new Map<string, string>(),
        running: new Map(running),
        hooking: (id) => {
          this.#hooking = id;
        },
      },
      this.#context,
      signal,
    );
    if (failure === undefined) this.#failures.delete(container.spec.name);
    else this.#failures.set(container.spec.name, failure);
  }
}

/** The addresses that the pod is reached by; none before it has a sandbox. */
export function podIps(pod: Pod, sandbox: SandboxState | undefined, { node }: PodContext): readonly string[] {
  if (isOnNodeNetwork(pod)) return node.ips;
  return sandbox === undefined || sandbox.ip === '' ? [] : [sandbox.ip];
}
