// Runs the probes of running containers and keeps their verdicts. A startup probe holds the others back until it has succeeded
// once. Verdicts are by container id, so a restarted container begins anew. A change of a verdict wakes the pod's worker.
import type { Pod, Probe } from '../../api/schema/generated/core.v1.gen.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Clock } from '../../clock/clock.ts';
import { deadlineOf } from '../../clock/deadline.ts';
import type { Logger } from '../../logging/logger.ts';
import type { KubeletMetrics } from '../metrics/kubelet-metrics.ts';
import { containersOf, probeOf, type PodContainer, type ProbeKind } from '../pod/containers.ts';
import { tellOfContainer } from '../pod/pod-events.ts';
import type { ContainerRecord, ContainerRuntime } from '../runtime/runtime.ts';
import { afterResult, UNPROBED, type ProbeState } from './probe-state.ts';
import { runProbe } from './run-probe.ts';

const KINDS = ['startup', 'liveness', 'readiness'] as const satisfies readonly ProbeKind[];

const TITLES = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const satisfies Readonly<
  Record<ProbeKind, string>
>;

const RESULTS = { success: 'successful', failure: 'failed', unknown: 'unknown' } as const;

/** A probe that could not be made is made again this often before its failure counts as a result. */
const MOST_TRIES = 3;

interface Probing {
  readonly uid: string;
  readonly stop: AbortController;
  /** Of startup and liveness probes, which end when the pod is told to. */
  readonly lives: AbortController;
  readonly states: Map<ProbeKind, ProbeState>;
  done: Promise<unknown>;
}

export interface ProbeManagerOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Undefined: nobody counts. */
  readonly metrics?: Pick<KubeletMetrics, 'probed' | 'forgetProbes'>;
  readonly changed: (uid: string) => void;
}

export class ProbeManager {
  readonly #options: ProbeManagerOptions;
  readonly #byContainer = new Map<string, Probing>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  /** Undefined while undecided. */
  verdict(containerId: string, kind: ProbeKind): boolean | undefined {
    return this.#byContainer.get(containerId)?.states.get(kind)?.verdict;
  }

  /**
   * Starts what is not probed yet and stops what does not run any more. `pod` gives the probes and tells of failures. Once it is
   * `ending` only readiness goes on being probed: until a container is down it may serve, and nobody restarts it.
   */
  update(
    pod: Pod,
    {
      running,
      podIp,
      adopted,
      ending,
    }: {
      readonly running: readonly ContainerRecord[];
      readonly podIp: string;
      readonly adopted: ReadonlySet<string>;
      readonly ending: boolean;
    },
  ): void {
    const uid = pod.metadata.uid;
    const ids = new Set(running.map(({ id }) => id));
    for (const [id, probing] of this.#byContainer) {
      if (probing.uid !== uid) continue;
      if (!ids.has(id)) this.#stop(id, probing);
      else if (ending) probing.lives.abort(new Error('the pod ends'));
    }
    for (const container of containersOf(pod)) {
      if (container.role === 'init' || container.role === 'ephemeral') continue;
      const record = running.find(({ name }) => name === container.spec.name);
      if (record === undefined || this.#byContainer.has(record.id)) continue;
      const kinds = KINDS.filter((kind) => probeOf(container.spec, kind) !== undefined);
      if (kinds.length === 0) continue;
      const probing: Probing = {
        uid,
        stop: new AbortController(),
        lives: new AbortController(),
        states: new Map(),
        done: Promise.resolve(),
      };
      if (ending) probing.lives.abort(new Error('the pod ends'));
      this.#byContainer.set(record.id, probing);
      // A container that was ready before this kubelet started is taken to be so until its probes say otherwise.
      if (adopted.has(record.id)) this.#trust(pod, container, probing);
      probing.done = this.#probeAll(pod, container, record, podIp, probing).catch((error: unknown) =>
        this.#options.log.error('probing stopped', { pod: pod.metadata.name, container: record.name, error }),
      );
    }
  }

  /** Stops all probing of a pod; its verdicts are forgotten. */
  forget(uid: string): void {
    for (const [id, probing] of this.#byContainer) if (probing.uid === uid) this.#stop(id, probing);
    this.#options.metrics?.forgetProbes(uid);
  }

  async close(): Promise<void> {
    const all = [...this.#byContainer];
    for (const [id, probing] of all) this.#stop(id, probing);
    await Promise.allSettled(all.map(([, { done }]) => done));
  }

  #stop(id: string, probing: Probing): void {
    probing.stop.abort(new Error('the container does not run any more'));
    this.#byContainer.delete(id);
  }

  #trust(pod: Pod, container: PodContainer, probing: Probing): void {
    const told = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
      ({ name }) => name === container.spec.name,
    );
    if (told?.started === true) probing.states.set('startup', { ...UNPROBED, verdict: true });
    if (told?.ready === true) probing.states.set('readiness', { ...UNPROBED, verdict: true });
  }

  async #probeAll(
    pod: Pod,
    container: PodContainer,
    record: ContainerRecord,
    podIp: string,
    probing: Probing,
  ): Promise<void> {
    const startup = container.spec.startupProbe;
    if (startup !== undefined && probing.states.get('startup')?.verdict !== true) {
      await this.#repeat(pod, container, record, podIp, probing, 'startup', startup);
      if (probing.states.get('startup')?.verdict !== true) return;
    }
    const rest = (['liveness', 'readiness'] as const).flatMap((kind) => {
      const probe = probeOf(container.spec, kind);
      return probe === undefined ? [] : [this.#repeat(pod, container, record, podIp, probing, kind, probe)];
    });
    await Promise.all(rest);
  }

  /** Until the container ends; for a startup probe until its verdict. */
  async #repeat(
    pod: Pod,
    container: PodContainer,
    record: ContainerRecord,
    podIp: string,
    probing: Probing,
    kind: ProbeKind,
    probe: Probe,
  ): Promise<void> {
    const { clock, changed } = this.#options;
    const { stop, lives } = probing;
    const signal = kind === 'readiness' ? stop.signal : AbortSignal.any([stop.signal, lives.signal]);
    const period = (probe.periodSeconds ?? 10) * 1000;
    const delay = (probe.initialDelaySeconds ?? 0) * 1000;
    const ran = Math.max(0, clock.now() - (record.startedAt ?? clock.now()));
    let next = clock.elapsed() + delay - ran;
    for (;;) {
      if (next > clock.elapsed() && !(await sleeps(clock, next - clock.elapsed(), signal))) return;
      if (signal.aborted) return;
      const result = await this.#once(pod, container, record, podIp, kind, probe, signal);
      if (signal.aborted) return;
      if (result !== undefined) {
        const before = probing.states.get(kind) ?? UNPROBED;
        const after = afterResult(before, probe, result);
        probing.states.set(kind, after);
        if (after.verdict !== before.verdict) {
          changed(pod.metadata.uid);
          if (kind === 'startup' || (kind === 'liveness' && after.verdict === false)) return;
        }
      }
      next = Math.max(next + period, clock.elapsed());
    }
  }

  /** Undefined when nothing can be said. */
  async #once(
    pod: Pod,
    container: PodContainer,
    record: ContainerRecord,
    podIp: string,
    kind: ProbeKind,
    probe: Probe,
    signal: AbortSignal,
  ): Promise<boolean | undefined> {
    const { runtime, clock, events } = this.#options;
    const target = { containerId: record.id, spec: container.spec, podIp };
    for (let tries = 1; ; tries++) {
      using timeout = deadlineOf(clock, (probe.timeoutSeconds ?? 1) * 1000, () => new Error('timed out'));
      const began = clock.now();
      const { outcome, message } = await runProbe(probe, target, runtime, timeout.signal, signal);
      if (signal.aborted) return undefined;
      const { name, namespace = '', uid } = pod.metadata;
      this.#options.metrics?.probed(
        { namespace, pod: name, podUid: uid, container: container.spec.name, kind: TITLES[kind] },
        RESULTS[outcome],
        (clock.now() - began) / 1000,
      );
      if (outcome === 'success') return true;
      const tell = tellOfContainer(events, pod, container);
      if (outcome === 'failure') {
        tell('Warning', 'Unhealthy', `${TITLES[kind]} probe failed: ${message}`);
        return false;
      }
      if (tries >= MOST_TRIES) {
        tell('Warning', 'Unhealthy', `${TITLES[kind]} probe errored and resulted in unknown state: ${message}`);
        return undefined;
      }
    }
  }
}

async function sleeps(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
