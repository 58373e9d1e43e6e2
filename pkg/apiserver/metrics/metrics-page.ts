// The API server's own /metrics: what its parts have counted, what is true of them now, and the process.
import { BUILD_INFO, BUILD_LABELS } from '../../metrics/build-info.ts';
import { familyLines, sampleLine } from '../../metrics/exposition.ts';
import { processMetrics } from '../../metrics/process-metrics.ts';
import type { Clock } from '../../clock/clock.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import { cacheLines } from './cache-metrics.ts';
import type { RequestMetrics } from './request-metrics.ts';

/** A part that tells what it has counted. */
export interface MetricLines {
  lines(): readonly string[];
}

export interface MetricsPageParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly cache: WatchCache;
  readonly requests: RequestMetrics;
  readonly others: readonly MetricLines[];
}

export class MetricsPage {
  readonly #parts: MetricsPageParts;
  /** Made on the first scrape: its event-loop monitor costs time from then on. */
  #process: ReturnType<typeof processMetrics> | undefined;

  constructor(parts: MetricsPageParts) {
    this.#parts = parts;
  }

  async text(): Promise<string> {
    this.#process ??= processMetrics();
    const { clock, cache, requests, others } = this.#parts;
    return [
      ...requests.lines(clock.now()),
      ...others.flatMap((part) => part.lines()),
      ...cacheLines(cache.resources(), cache.revision),
      ...familyLines(BUILD_INFO.name, 'gauge', BUILD_INFO.help, [sampleLine(BUILD_INFO.name, BUILD_LABELS, 1)]),
      await this.#process.metrics(),
    ].join('\n');
  }
}
