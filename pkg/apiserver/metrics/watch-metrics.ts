// What watches send, under Kubernetes' names, by the kind that is watched.
import { familyLines, sampleLine } from '../../metrics/exposition.ts';
import { exponentialBounds, PlainHistogram } from '../../metrics/plain-histogram.ts';
import type { ServedKind } from '../registry/served-kind.ts';

const SIZES = exponentialBounds(1024, 2, 8);

/** Of all watches of one kind. */
export interface WatchCounts {
  events: number;
  /** Of what went over the network: callers in this process are given values that nobody encodes. */
  readonly sizes: PlainHistogram;
}

export class WatchMetrics {
  readonly #counts = new Map<ServedKind, WatchCounts>();

  of(served: ServedKind): WatchCounts {
    let counts = this.#counts.get(served);
    if (counts === undefined) {
      counts = { events: 0, sizes: new PlainHistogram(SIZES) };
      this.#counts.set(served, counts);
    }
    return counts;
  }

  lines(): string[] {
    const all = [...this.#counts].map(([{ definition }, counts]) => {
      const { group, version, resource } = definition.type;
      return { labels: { group, version, resource }, ...counts };
    });
    return [
      ...familyLines(
        'apiserver_watch_events_total',
        'counter',
        'Number of events sent in watch clients',
        all.map(({ labels, events }) => sampleLine('apiserver_watch_events_total', labels, events)),
      ),
      ...familyLines(
        'apiserver_watch_events_sizes',
        'histogram',
        'Watch event size distribution in bytes',
        all.flatMap(({ labels, sizes }) =>
          sizes.count === 0 ? [] : sizes.lines('apiserver_watch_events_sizes', labels),
        ),
      ),
    ];
  }
}
