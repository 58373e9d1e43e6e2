// How long the store takes, under the names that Kubernetes gives to requests to etcd, whichever store it is. The hot path adds to
// plain numbers; nothing else about a call changes.
import { familyLines, sampleLine } from '../../metrics/exposition.ts';
import { PlainHistogram } from '../../metrics/plain-histogram.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Store } from '../../storage/store.ts';
import { DURATION_BUCKETS } from './request-metrics.ts';

/** Kinds times operations; custom resources may be many. */
const MOST_SERIES = 2000;

const OPERATIONS = { get: 'get', list: 'list', create: 'create', compareAndSwap: 'update', delete: 'delete' } as const;
type Operation = keyof typeof OPERATIONS;

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly duration: PlainHistogram;
  errors: number;
}

export class StoreMetrics {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #series = new Map<string, Series>();

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** The same store, counted. */
  metered(store: Store): Store {
    const calls: Pick<Store, Operation> = {
      get: (key, ...rest) => this.#timed('get', key, store.get(key, ...rest)),
      list: (prefix, ...rest) => this.#timed('list', prefix, store.list(prefix, ...rest)),
      create: (key, ...rest) => this.#timed('create', key, store.create(key, ...rest)),
      compareAndSwap: (key, ...rest) => this.#timed('compareAndSwap', key, store.compareAndSwap(key, ...rest)),
      delete: (key, ...rest) => this.#timed('delete', key, store.delete(key, ...rest)),
    };
    return {
      ...calls,
      watch: (prefix, from, signal) => store.watch(prefix, from, signal),
      revision: (signal) => store.revision(signal),
      size: (signal) => store.size(signal),
      compact: (revision) => store.compact(revision),
      close: () => store.close(),
    };
  }

  lines(): string[] {
    const all = [...this.#series.values()];
    return [
      ...familyLines(
        'etcd_request_duration_seconds',
        'histogram',
        'Etcd request latency in seconds for each operation and object type.',
        all.flatMap(({ labels, duration }) => duration.lines('etcd_request_duration_seconds', labels)),
      ),
      ...familyLines(
        'etcd_requests_total',
        'counter',
        'Etcd request counts for each operation and object type.',
        all.map(({ labels, duration }) => sampleLine('etcd_requests_total', labels, duration.count)),
      ),
      ...familyLines(
        'etcd_request_errors_total',
        'counter',
        'Etcd failed request counts for each operation and object type.',
        all.map(({ labels, errors }) => sampleLine('etcd_request_errors_total', labels, errors)),
      ),
    ];
  }

  #timed<T>(operation: Operation, key: string, call: Promise<T>): Promise<T> {
    const began = this.#clock.elapsed();
    const observe = (failed: boolean) => this.#observe(operation, key, (this.#clock.elapsed() - began) / 1000, failed);
    call.then(
      () => observe(false),
      () => observe(true),
    );
    return call;
  }

  #observe(operation: Operation, key: string, seconds: number, failed: boolean): void {
    const series = this.#of(operation, key);
    if (series === undefined) return;
    series.duration.observe(seconds);
    if (failed) series.errors++;
  }

  /** By what stands before the namespace and the name: `/registry/<group or core>/<resource>`. */
  #of(operation: Operation, key: string): Series | undefined {
    const [, , group = '', resource = ''] = key.split('/', 4);
    const id = `${operation} ${group}/${resource}`;
    let series = this.#series.get(id);
    if (series === undefined && this.#series.size < MOST_SERIES) {
      const labels = { operation: OPERATIONS[operation], group: group === 'core' ? '' : group, resource };
      series = { labels, duration: new PlainHistogram(DURATION_BUCKETS), errors: 0 };
      this.#series.set(id, series);
    }
    return series;
  }
}
