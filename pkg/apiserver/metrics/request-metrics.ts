// The API server's own metrics, under Kubernetes' names. The hot path adds to plain numbers found by one map lookup;
// text is made when somebody scrapes.
import type { Instant } from '../../clock/clock.ts';
import { familyLines, sampleLine } from '../../metrics/exposition.ts';
import { exponentialBounds, PlainHistogram } from '../../metrics/plain-histogram.ts';
import type { InFlight } from '../in-flight.ts';

/** Kubernetes' buckets of apiserver_request_duration_seconds. */
export const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
/** Of apiserver_request_sli_duration_seconds, which counts what its objectives are about: nothing that lasts by its nature. */
const SLI_BUCKETS: readonly number[] = DURATION_BUCKETS.filter((bound) => bound >= 0.05);
const SIZE_BUCKETS = exponentialBounds(1000, 10, 7);
const KINDS = ['mutating', 'readOnly'] as const;
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
  readonly duration: PlainHistogram;
  readonly sli: PlainHistogram;
  /** Of what was read: reads only. */
  sizes: PlainHistogram | undefined;
}

export class RequestMetrics {
  readonly #series = new Map<string, Series>();
  readonly #longRunning = new Map<string, { labels: RequestLabels; count: number }>();
  readonly #inFlight: InFlight;
  /** Few kinds are deprecated. */
  readonly #deprecated = new Map<string, Readonly<Record<string, string>>>();
  #handshakeErrors = 0;

  constructor(inFlight: InFlight) {
    this.#inFlight = inFlight;
  }

  observe(labels: RequestLabels, code: number, seconds: number, lasting: boolean): void {
    const series = this.#of(labels);
    if (series === undefined) return;
    series.codes.set(code, (series.codes.get(code) ?? 0) + 1);
    series.duration.observe(seconds);
    if (!lasting) series.sli.observe(seconds);
  }

  /** Where the size of an answer is to be counted; undefined for what is not read. */
  sizesOf(labels: RequestLabels): PlainHistogram | undefined {
    if (labels.verb !== 'GET' && labels.verb !== 'LIST') return undefined;
    const series = this.#of(labels);
    if (series === undefined) return undefined;
    series.sizes ??= new PlainHistogram(SIZE_BUCKETS);
    return series.sizes;
  }

  /** What was asked for is deprecated. */
  deprecated({ group, version, resource, subresource }: RequestLabels): void {
    // No kind that is served here is to be removed in a release that is known.
    this.#deprecated.set(`${group}/${version}/${resource}/${subresource}`, {
      group,
      removed_release: '',
      resource,
      subresource,
      version,
    });
  }

  handshakeFailed(): void {
    this.#handshakeErrors++;
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

  lines(now: Instant): string[] {
    const all = [...this.#series.values()].map((series) => ({ ...series, common: labelsOf(series.labels) }));
    const inFlight = this.#inFlight;
    return [
      ...familyLines(
        'apiserver_request_total',
        'counter',
        'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
        all.flatMap(({ codes, common }) =>
          [...codes].map(([code, value]) =>
            sampleLine('apiserver_request_total', { code: String(code), ...common, dry_run: '' }, value),
          ),
        ),
      ),
      ...familyLines(
        'apiserver_request_duration_seconds',
        'histogram',
        'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
        all.flatMap(({ duration, common }) =>
          duration.lines('apiserver_request_duration_seconds', { ...common, dry_run: '' }),
        ),
      ),
      ...familyLines(
        'apiserver_request_sli_duration_seconds',
        'histogram',
        'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
        all.flatMap(({ sli, common }) =>
          sli.count === 0 ? [] : sli.lines('apiserver_request_sli_duration_seconds', common),
        ),
      ),
      ...familyLines(
        'apiserver_response_sizes',
        'histogram',
        'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
        all.flatMap(({ sizes, common }) => sizes?.lines('apiserver_response_sizes', common) ?? []),
      ),
      ...familyLines(
        'apiserver_current_inflight_requests',
        'gauge',
        'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
        KINDS.map((kind) =>
          sampleLine('apiserver_current_inflight_requests', { request_kind: kind }, inFlight.most(kind, now)),
        ),
      ),
      ...familyLines(
        'apiserver_dropped_requests_total',
        'counter',
        "Number of requests dropped with 'Try again later' response",
        KINDS.map((kind) =>
          sampleLine('apiserver_dropped_requests_total', { request_kind: kind }, inFlight.dropped(kind)),
        ),
      ),
      ...familyLines(
        'apiserver_longrunning_requests',
        'gauge',
        'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
        [...this.#longRunning.values()].map(({ labels, count }) =>
          sampleLine('apiserver_longrunning_requests', labelsOf(labels), count),
        ),
      ),
      ...familyLines(
        'apiserver_requested_deprecated_apis',
        'gauge',
        'Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.',
        [...this.#deprecated.values()].map((labels) => sampleLine('apiserver_requested_deprecated_apis', labels, 1)),
      ),
      ...familyLines(
        'apiserver_tls_handshake_errors_total',
        'counter',
        "Number of requests dropped with 'TLS handshake error from' error",
        [sampleLine('apiserver_tls_handshake_errors_total', {}, this.#handshakeErrors)],
      ),
    ];
  }

  #of(labels: RequestLabels): Series | undefined {
    const key = keyOf(labels);
    let series = this.#series.get(key);
    if (series === undefined && this.#series.size < MOST_SERIES) {
      series = {
        labels,
        codes: new Map(),
        duration: new PlainHistogram(DURATION_BUCKETS),
        sli: new PlainHistogram(SLI_BUCKETS),
        sizes: undefined,
      };
      this.#series.set(key, series);
    }
    return series;
  }
}

function keyOf({ verb, group, version, resource, subresource, scope }: RequestLabels): string {
  return `${verb} ${group}/${version}/${resource}/${subresource} ${scope}`;
}

function labelsOf({ verb, group, version, resource, subresource, scope }: RequestLabels): Record<string, string> {
  return { component: 'apiserver', group, resource, scope, subresource, verb, version };
}
