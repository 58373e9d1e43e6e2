// What a pod's worker tells the API server: the status made of what was observed, with the last words of containers that ended.
// Remembers what it said last, which the API server may not have yet, because decisions follow from it.
import { pods } from '../../api/resources.ts';
import type { Pod, PodStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ObservedPod } from '../runtime/runtime.ts';
import { RESIZE_CONDITIONS } from '../status/conditions.ts';
import { podStatusOf, type StatusInputs } from '../status/pod-status.ts';
import { StatusWriter } from '../status/status-writer.ts';
import { containerNamed } from './containers.ts';
import type { PodContext } from './pod-context.ts';
import { readTerminationMessage } from './termination-message.ts';

/** What the kubelet's probes and node know of it is added here. */
export type Report = Omit<StatusInputs, 'runtimeName' | 'hostIps' | 'started' | 'ready' | 'terminationMessage'>;

export class PodReporter {
  readonly #context: PodContext;
  readonly #status: StatusWriter;
  #told: PodStatus | undefined;
  #isGone = false;
  /** By the ids of containers that have ended. */
  readonly #lastWords = new Map<string, string>();

  constructor(pod: Pod, context: PodContext, log: Logger) {
    this.#context = context;
    this.#status = new StatusWriter(pod, { client: context.client.resource(pods), clock: context.clock, log });
  }

  /** Undefined: nothing was said yet. */
  get told(): PodStatus | undefined {
    return this.#told;
  }

  /** A newer version of the object. */
  learn(pod: Pod): void {
    this.#status.learn(pod);
  }

  /** The object is gone: nobody is told any more. */
  abandon(): void {
    this.#isGone = true;
    this.#status.abandon();
  }

  /** Resolves when what was told last is there, or can never be. */
  async flushed(): Promise<void> {
    if (!this.#isGone) await this.#status.flushed();
  }

  /** The pod with the status that was told last, and what others have said of it. */
  viewed(pod: Pod): Pod {
    const told = this.#told;
    if (told === undefined) return pod;
    const own = (told.conditions ?? []).filter(({ type }) => OWN_CONDITIONS.has(type));
    const foreign = (this.#status.known.status?.conditions ?? []).filter(({ type }) => !OWN_CONDITIONS.has(type));
    return { ...pod, status: { ...told, conditions: [...own, ...foreign] } };
  }

  async readLastWords(pod: Pod, { containers }: ObservedPod, signal: AbortSignal): Promise<void> {
    const { volumes, runtime } = this.#context;
    const alive = new Set(containers.map(({ id }) => id));
    for (const id of this.#lastWords.keys()) if (!alive.has(id)) this.#lastWords.delete(id);
    for (const record of containers) {
      if (record.state !== 'exited' || this.#lastWords.has(record.id)) continue;
      const container = containerNamed(pod, record.name);
      if (container === undefined) continue;
      const directory = volumes.podDirectory(pod.metadata.uid);
      const message = await readTerminationMessage(record, container.spec, directory, runtime, signal);
      this.#lastWords.set(record.id, message);
    }
  }

  tell(report: Report, signal: AbortSignal): void {
    const { probes, node } = this.#context;
    this.#told = podStatusOf({
      ...report,
      runtimeName: node.runtimeName,
      hostIps: node.ips,
      started: (container, record) =>
        container.spec.startupProbe === undefined || probes.verdict(record.id, 'startup') === true,
      ready: (container, record) =>
        container.spec.readinessProbe === undefined || probes.verdict(record.id, 'readiness') === true,
      terminationMessage: (record) => this.#lastWords.get(record.id) ?? '',
    });
    if (!this.#isGone) this.#status.write(this.#told, signal);
  }
}

const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  ...RESIZE_CONDITIONS,
]);
