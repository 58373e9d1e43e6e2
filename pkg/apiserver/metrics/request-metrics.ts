// The API server's own metrics, under Kubernetes' names. The hot path adds to plain numbers found by one map lookup;
// text is made when somebody scrapes.
import { formatLabels, histogramLines, type Sample } from '../../metrics/exposition.ts';

/** Kubernetes' buckets of apiserver_request_duration_seconds. */
export const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
/** Label combinations kept; paths that do not exist must not grow this. */
const MOST_SERIES = 5000;

export interface RequestLabels {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: 'resource' | 'namespace' | 'cluster' | '';
}

interface Series {
  readonly labels: RequestLabels;
  readonly codes: Map<number, number>;
  readonly buckets: number[];
  sum: number;
  count: number;
}

export class RequestMetrics {
  readonly #series = new Map<string, Series>();
  readonly #longRunning = new Map<string, { labels: RequestLabels; count: number }>();
  readonly #inFlight = { mutating: 0, readOnly: 0 };

  observe(labels: RequestLabels, code: number, seconds: number): void {
    const series = this.#of(labels);
    if (series === undefined) return;
    series.codes.set(code, (series.codes.get(code) ?? 0) + 1);
    series.sum += seconds;
    series.count++;
    let bucket = 0;
    while (bucket < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[bucket] ?? 0)) bucket++;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  }

  /** A request is being worked on until the answer is disposed; reads and writes are counted apart. */
  inFlight(method: string): Disposable {
    const kind = method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'readOnly' : 'mutating';
    this.#inFlight[kind]++;
    return {
      [Symbol.dispose]: () => {
        this.#inFlight[kind]--;
      },
    };
  }

  /** A watch or a stream has begun; dispose the answer when it ends. */
  longRunning(labels: RequestLabels): Disposable {
    const key = keyOf(labels);
    let entry = this.#longRunning.get(key);
    if (entry === undefined) {
      entry = { labels, count: 0 };
      if (this.#longRunning.size < MOST_SERIES) this.#longRunning.set(key, entry);
    }
    const counted = entry;
    counted.count++;
    return {
      [Symbol.dispose]: () => {
        counted.count--;
      },
    };
  }

  lines(): string[] {
    const total: Sample[] = [];
    const duration: string[] = [];
    for (const { labels, codes, buckets, sum, count } of this.#series.values()) {
      const common = labelsOf(labels);
      for (const [code, value] of codes) total.push({ labels: { code: String(code), ...common }, value });
      duration.push(
        ...histogramLines('apiserver_request_duration_seconds', common, DURATION_BUCKETS, buckets, { sum, count }),
      );
    }
    return [
      '# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      '# TYPE apiserver_request_total counter',
      ...total.map(({ labels, value }) => `apiserver_request_total${formatLabels(labels)} ${value}`),
      '# HELP apiserver_request_duration_seconds Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      '# TYPE apiserver_request_duration_seconds histogram',
      ...duration,
      '# HELP apiserver_current_inflight_requests Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
      '# TYPE apiserver_current_inflight_requests gauge',
      ...Object.entries(this.#inFlight).map(
        ([kind, value]) => `apiserver_current_inflight_requests{request_kind="${kind}"} ${value}`,
      ),
      '# HELP apiserver_longrunning_requests Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component.',
      '# TYPE apiserver_longrunning_requests gauge',
      ...[...this.#longRunning.values()].map(
        ({ labels, count }) => `apiserver_longrunning_requests${formatLabels(labelsOf(labels))} ${count}`,
      ),
    ];
  }

  #of(labels: RequestLabels): Series | undefined {
    const key = keyOf(labels);
    let series = this.#series.get(key);
    if (series === undefined && this.#series.size < MOST_SERIES) {
      series = { labels, codes: new Map(), buckets: [], sum: 0, count: 0 };
      this.#series.set(key, series);
    }
    return series;
  }
}

function keyOf({ verb, group, version, resource, subresource, scope }: RequestLabels): string {
  return `${verb} ${group}/${version}/${resource}/${subresource} ${scope}`;
}

function labelsOf({ verb, group, version, resource, subresource, scope }: RequestLabels): Record<string, string> {
  return { component: 'apiserver', dry_run: '', group, resource, scope, subresource, verb, version };
}
