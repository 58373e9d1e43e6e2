// Keeps the node alive when memory or disk run short: looks at them every ten seconds, says so in the node's conditions, makes
// room, and ends pods one after another until there is enough (k8s.io/kubernetes/pkg/kubelet/eviction). Also ends pods that have
// written more to the disk than they may, and refuses new ones while it is short.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { tolerated } from '../../api/core/v1/taints.ts';
import type { Clock, Instant } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { EndVerdict } from '../pod/deadline.ts';
import { isCritical, qosClassOf } from '../pod/qos.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { diskUsageOf, observeNode, writtenByContainers } from './measure.ts';
import { hasStorageLimits, storageFault } from './storage-limits.ts';
import { crossed, PRESSURE_OF, type Observations, type Pressure, type Threshold } from './thresholds.ts';
import { evictionMessage, ranked, type PodUsage } from './victims.ts';

/** Kubernetes' name for what a pod ran out of that has written more than it may. */
const OVER_A_LIMIT = 'ephemeralpodfs.limit';
const LOOK_MS = 10_000;
/** While pods are being ended for want of something. */
const HURRY_MS = 2_000;

const NOTHING_WRITTEN: Awaited<ReturnType<typeof writtenByContainers>> = new Map();

export interface EvictablePod {
  readonly pod: Pod;
  readonly isOver: boolean;
  evict(verdict: EndVerdict): void;
}

export interface EvictionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly runtime: ContainerRuntime;
  readonly rootDirectory: string;
  readonly podDirectory: (uid: string) => string;
  readonly thresholds: readonly Threshold[];
  /** A condition is told for at least this long after the last time that it was true. */
  readonly transitionMs: number;
  readonly pods: () => readonly EvictablePod[];
  /** The node's conditions are others than they were. */
  readonly changed: () => void;
  /** Frees disk that no pod needs; false when there was nothing to free. */
  readonly reclaimDisk: (signal: AbortSignal) => Promise<boolean>;
  /** A pod is ended for want of this. */
  readonly evicted?: (signal: string) => void;
  /** For tests. */
  readonly observe?: (rootDirectory: string) => Promise<Observations>;
}

export class EvictionManager {
  readonly #options: EvictionOptions;
  readonly #lastTrue = new Map<Pressure, Instant>();
  #told: ReadonlySet<Pressure> = new Set();
  /** The pod that is being ended: the next waits until it is gone. */
  #ending: EvictablePod | undefined;

  constructor(options: EvictionOptions) {
    this.#options = options;
  }

  get pressures(): ReadonlySet<Pressure> {
    const since = this.#options.clock.now() - this.#options.transitionMs;
    return new Set([...this.#lastTrue].filter(([, at]) => at > since).map(([pressure]) => pressure));
  }

  /** Why a new pod cannot be had now. */
  refusal(pod: Pod): EndVerdict | undefined {
    const { pressures } = this;
    if (pressures.size === 0 || isCritical(pod)) return undefined;
    if (pressures.size === 1 && pressures.has('MemoryPressure')) {
      const taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };
      if (qosClassOf(pod) !== 'BestEffort' || tolerated(taint, pod.spec.tolerations ?? [])) return undefined;
    }
    return { reason: 'Evicted', message: `Pod was rejected: The node had condition: [${[...pressures].join(' ')}]. ` };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      let isShort = false;
      try {
        isShort = await this.#look(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('the resources of the node could not be looked at', { error });
      }
      await clock.sleep(isShort ? HURRY_MS : LOOK_MS, signal).catch(() => undefined); // rejects only when stopping
    }
  }

  /** True when something is short. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { clock, thresholds, changed, log, reclaimDisk } = this.#options;
    let observed = await this.#observe();
    let short = crossed(thresholds, observed);
    if (short.some(({ signal: what }) => PRESSURE_OF[what] === 'DiskPressure') && (await reclaimDisk(signal))) {
      observed = await this.#observe();
      short = crossed(thresholds, observed);
    }
    for (const { signal: what } of short) this.#lastTrue.set(PRESSURE_OF[what], clock.now());
    const now = this.pressures;
    if (this.#told.symmetricDifference(now).size > 0) {
      this.#told = now;
      log.warn('the pressure on the node has changed', { pressures: [...now] });
      changed();
    }
    await this.#endThoseOverTheirLimits(signal);
    // Memory first, as in Kubernetes.
    const worst = short.toSorted((a) => (a.signal === 'memory.available' ? -1 : 1))[0];
    if (worst !== undefined) await this.#endOne(worst, observed, signal);
    return short.length > 0;
  }

  #observe(): Promise<Observations> {
    return (this.#options.observe ?? observeNode)(this.#options.rootDirectory);
  }

  async #endOne(threshold: Threshold, observed: Observations, signal: AbortSignal): Promise<void> {
    if (this.#ending !== undefined && !this.#ending.isOver) return;
    const now = observed[threshold.signal];
    const candidates = this.#options.pods().filter(({ isOver }) => !isOver);
    if (now === undefined || candidates.length === 0) return;
    const usages = await this.#usagesOf(candidates, threshold, signal);
    const victim = ranked(usages, threshold)[0];
    const chosen = candidates.find(({ pod }) => pod === victim?.pod);
    if (victim === undefined || chosen === undefined) return;
    this.#ending = chosen;
    this.#end(chosen, evictionMessage(victim, threshold, now), threshold.signal);
  }

  #end(victim: EvictablePod, message: string, signal: string): void {
    const { metadata } = victim.pod;
    this.#options.log.warn('evicting a pod', { pod: `${metadata.namespace ?? ''}/${metadata.name}`, message });
    this.#options.evicted?.(signal);
    victim.evict({ reason: 'Evicted', message, isDisruption: true, graceSeconds: 0 });
  }

  async #usagesOf(
    candidates: readonly EvictablePod[],
    { signal: what }: Threshold,
    signal: AbortSignal,
  ): Promise<PodUsage[]> {
    const { runtime, podDirectory } = this.#options;
    if (PRESSURE_OF[what] === 'DiskPressure') {
      const written = await writtenByContainers(runtime, signal);
      return await Promise.all(
        candidates.map(async ({ pod }) => {
          const { uid } = pod.metadata;
          const { volumes, containers } = await diskUsageOf(pod, podDirectory(uid), written.get(uid) ?? new Map());
          const inVolumes = [...volumes.values()].reduce((sum, bytes) => sum + bytes, 0);
          return { pod, used: new Map([...containers, ['', inVolumes]]) };
        }),
      );
    }
    const stats = await runtime.stats(signal);
    return candidates.map(({ pod }) => {
      const own = stats.filter((one) => one.pod.uid === pod.metadata.uid);
      return { pod, used: new Map(own.map((one) => [one.name, one.memoryWorkingSetBytes])) };
    });
  }

  async #endThoseOverTheirLimits(signal: AbortSignal): Promise<void> {
    const { runtime, podDirectory, pods } = this.#options;
    const limited = pods().filter(({ pod, isOver }) => !isOver && hasStorageLimits(pod));
    if (limited.length === 0) return;
    const isByContainer = ({ pod }: EvictablePod) =>
      pod.spec.containers.some(({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined);
    const written = limited.some(isByContainer) ? await writtenByContainers(runtime, signal) : NOTHING_WRITTEN;
    for (const one of limited) {
      const { uid } = one.pod.metadata;
      const fault = storageFault(one.pod, await diskUsageOf(one.pod, podDirectory(uid), written.get(uid) ?? new Map()));
      if (fault !== undefined) this.#end(one, fault, OVER_A_LIMIT);
    }
  }
}
