// The API server's own /metrics: what its parts have counted, what is true of them now, and the process.
import { BUILD_INFO, BUILD_LABELS } from '../../metrics/build-info.ts';
import { familyLines, sampleLine } from '../../metrics/exposition.ts';
import { processMetrics } from '../../metrics/process-metrics.ts';
import type { Clock } from '../../clock/clock.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { Store } from '../../storage/store.ts';
import { cacheLines } from './cache-metrics.ts';
import type { RequestMetrics } from './request-metrics.ts';

/** A part that tells what it has counted. */
export interface MetricLines {
  lines(): readonly string[];
}

export interface MetricsPageParts {
  readonly clock: Pick<Clock, 'now' | 'schedule'>;
  readonly cache: WatchCache;
  readonly requests: RequestMetrics;
  readonly store: Pick<Store, 'size'>;
  readonly others: readonly MetricLines[];
}

const SIZE_WITHIN_MS = 1000;

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
    const size = await this.#size();
    return [
      ...requests.lines(clock.now()),
      ...others.flatMap((part) => part.lines()),
      ...cacheLines(cache.resources(), cache.revision),
      ...familyLines(
        'apiserver_storage_size_bytes',
        'gauge',
        'Size of the storage database file physically allocated in bytes.',
        size === undefined ? [] : [sampleLine('apiserver_storage_size_bytes', { storage_cluster_id: 'etcd-0' }, size)],
      ),
      ...familyLines(BUILD_INFO.name, 'gauge', BUILD_INFO.help, [sampleLine(BUILD_INFO.name, BUILD_LABELS, 1)]),
      await this.#process.metrics(),
    ].join('\n');
  }

  /** Undefined while the store is away: whoever asks wants to know the rest all the same. */
  async #size(): Promise<number | undefined> {
    const { clock, store } = this.#parts;
    const { promise: tooLate, resolve } = Promise.withResolvers<undefined>();
    const late = new AbortController();
    using _ = clock.schedule(SIZE_WITHIN_MS, () => {
      late.abort(new Error('the store does not answer'));
      resolve(undefined); // not every call that takes a signal heeds it at once
    });
    return await Promise.race([store.size(late.signal).catch(() => undefined), tooLate]);
  }
}
