// The kubelet's pages of metrics by their paths. Figures of containers are asked of the engine at most every ten seconds for
// pages that only draw curves; what usage is reckoned from is always fresh.
import type { Clock, Instant } from '../../clock/clock.ts';
import type { Machine } from '../node/machine.ts';
import type { ContainerRuntime, ContainerStats } from '../runtime/runtime.ts';
import { cadvisorPage } from './cadvisor-page.ts';
import type { KubeletRegistries } from './kubelet-metrics.ts';
import { readNodeUsage } from './node-usage.ts';
import { resourcePage } from './resource-page.ts';
import { summaryStats } from './summary.ts';

/** cAdvisor's housekeeping interval. */
const KEPT_MS = 10_000;

export interface MetricPagesOptions {
  readonly registries: KubeletRegistries;
  readonly runtime: Pick<ContainerRuntime, 'stats'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly nodeName: string;
  readonly machine: Machine;
}

export class MetricPages {
  readonly #options: MetricPagesOptions;
  readonly #startedAt: Instant;
  #kept: { readonly at: Instant; readonly stats: Promise<readonly ContainerStats[]> } | undefined;

  constructor(options: MetricPagesOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** `page`: what follows /metrics, '' for the kubelet's own; undefined: there is no such page. */
  async text(page: string, signal: AbortSignal): Promise<string | undefined> {
    const { registries, runtime, machine } = this.#options;
    switch (page) {
      case '':
        return `${await registries.own.metrics()}${processLines()}`;
      case 'probes':
        return registries.probes.metrics();
      case 'resource':
        return resourcePage(await runtime.stats(signal), await readNodeUsage(machine.memoryBytes));
      case 'cadvisor':
        return cadvisorPage(await this.#recent(), machine);
      default:
        return undefined;
    }
  }

  async summary(signal: AbortSignal): Promise<object> {
    const { runtime, clock, nodeName, machine } = this.#options;
    const usage = await readNodeUsage(machine.memoryBytes);
    const node = { name: nodeName, startedAt: this.#startedAt, memoryBytes: machine.memoryBytes, usage };
    return summaryStats(await runtime.stats(signal), node, clock.now());
  }

  /** Not bound to the one who asks: others may be waiting for the same figures. */
  #recent(): Promise<readonly ContainerStats[]> {
    const { clock, runtime } = this.#options;
    const now = clock.now();
    if (this.#kept !== undefined && now - this.#kept.at < KEPT_MS) return this.#kept.stats;
    const kept = { at: now, stats: runtime.stats() };
    this.#kept = kept;
    kept.stats.catch(() => {
      if (this.#kept === kept) this.#kept = undefined;
    });
    return kept.stats;
  }
}

/** The process is often shared, and then counted where its other parts are, too. */
function processLines(): string {
  const { user, system } = process.cpuUsage();
  return [
    '\n# HELP process_resident_memory_bytes Resident memory size in bytes.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    '# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.',
    '# TYPE process_cpu_seconds_total counter',
    `process_cpu_seconds_total ${(user + system) / 1e6}`,
    '# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.',
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${Math.round(Date.now() / 1000 - process.uptime())}`,
    '',
  ].join('\n');
}
