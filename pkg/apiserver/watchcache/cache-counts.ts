// What the watch cache of one resource has done since this server started; metrics/cache-metrics.ts tells it. Plain numbers, added
// up where it happens; they survive the cache being read again.
import { PlainHistogram } from '../../metrics/plain-histogram.ts';

/** Kubernetes' buckets of apiserver_watch_cache_read_wait_seconds. */
const WAIT_SECONDS: readonly number[] = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3];

export class CacheCounts {
  initializations = 0;
  /** Objects that it was filled with. */
  loaded = 0;
  /** Changes that the store told. */
  received = 0;
  /** Watchers that were ended because they did not read. */
  terminated = 0;
  readonly lists = { count: 0, fetched: 0, returned: 0 };
  /** Lists of states that are no longer in memory. */
  readonly storeLists = { count: 0, fetched: 0, returned: 0 };
  /** Lists that had to see every write acknowledged before. */
  readonly consistent = { served: 0, failed: 0 };
  readonly readWait = new PlainHistogram(WAIT_SECONDS);
}
