// Counts repetitions of events.k8s.io's form as client-go's new event broadcaster does: the first of its sort is written,
// the second turns it into a series (count 2), later ones are only counted here and written at most every half hour; after
// six minutes of silence the series is over and the next event is a new one. Bounded memory, time passed in.
import type { Event } from '../api/schema/generated/core.v1.gen.ts';
import type { Clock, Instant } from '../clock/clock.ts';
import type { Correlated } from './event-correlator.ts';
import { Recent } from './recent.ts';
import { formatMicroTime } from '../api/meta/time.ts';

const FINISHED_AFTER_MS = 6 * 60_000;
const REFRESH_MS = 30 * 60_000;
const MOST_REMEMBERED = 4096;

interface Series {
  readonly event: Event;
  count: number;
  lastAt: Instant;
  writtenAt: Instant;
}

export class SeriesCorrelator {
  readonly #clock: Clock;
  readonly #known = new Recent<Series>(MOST_REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(event: Event): Correlated {
    const now = this.#clock.now();
    const key = isomorphKey(event);
    const series = this.#known.get(key);
    if (series === undefined || now - series.lastAt > FINISHED_AFTER_MS) {
      this.#known.set(key, { event, count: 1, lastAt: now, writtenAt: now });
      return { do: 'create', event };
    }
    series.count++;
    series.lastAt = now;
    if (series.count > 2 && now - series.writtenAt < REFRESH_MS) return { do: 'drop' };
    series.writtenAt = now;
    const counted = { count: series.count, lastObservedTime: formatMicroTime(now) };
    return { do: 'patch', event: { ...series.event, series: counted } };
  }
}

/** client-go's getKey: the note is not part of it. */
function isomorphKey(event: Event): string {
  const { kind, namespace, name, uid, apiVersion } = event.involvedObject;
  return JSON.stringify([
    event.type,
    event.action,
    event.reason,
    event.reportingComponent,
    event.reportingInstance,
    [kind, namespace, name, uid, apiVersion],
    event.related,
  ]);
}
