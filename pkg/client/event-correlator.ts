// Keeps events from flooding a cluster, by client-go's rules: about one object a burst of 25 and then one in five minutes;
// ten different messages with the same reason within ten minutes are one "(combined from similar events)"; an event that
// happened before only counts up. Pure bookkeeping with time passed in; memory is bounded.
import type { Event } from '../api/schema/generated/core.v1.gen.ts';
import type { Clock, Instant } from '../clock/clock.ts';
import { formatTime } from '../api/meta/time.ts';
import { Recent } from './recent.ts';
import { TokenBucket } from './work-queue.ts';

const SPAM_BURST = 25;
const SPAM_PER_SECOND = 1 / 300;
const SIMILAR_LIMIT = 10;
const SIMILAR_WINDOW_MS = 600_000;
const MOST_REMEMBERED = 4096;

export type Correlated =
  | { readonly do: 'create'; readonly event: Event }
  /** The event of this name stands already: count, message and last time change. */
  | { readonly do: 'patch'; readonly event: Event }
  | { readonly do: 'drop' };

interface Similar {
  readonly messages: Set<string>;
  lastAt: Instant;
}

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #spam = new Recent<TokenBucket>(MOST_REMEMBERED);
  readonly #similar = new Recent<Similar>(MOST_REMEMBERED);
  readonly #sent = new Recent<Event>(MOST_REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `event` is new: count 1, its first and last time now. */
  correlate(event: Event): Correlated {
    const now = this.#clock.now();
    const { event: combined, key } = this.#combine(event, now);
    const before = this.#sent.get(key);
    const counted: Event =
      before === undefined
        ? combined
        : {
            ...combined,
            metadata: { ...combined.metadata, name: before.metadata.name },
            count: (before.count ?? 1) + 1,
            ...(before.firstTimestamp !== undefined && { firstTimestamp: before.firstTimestamp }),
            lastTimestamp: formatTime(now),
          };
    this.#sent.set(key, counted);
    if (!this.#bucketOf(event).take()) return { do: 'drop' };
    return { do: before === undefined ? 'create' : 'patch', event: counted };
  }

  #combine(event: Event, now: Instant): { event: Event; key: string } {
    const key = similarKey(event);
    let similar = this.#similar.get(key);
    if (similar === undefined || now - similar.lastAt > SIMILAR_WINDOW_MS) {
      similar = { messages: new Set(), lastAt: now };
    }
    similar.messages.add(event.message ?? '');
    similar.lastAt = now;
    this.#similar.set(key, similar);
    if (similar.messages.size < SIMILAR_LIMIT) return { event, key: eventKey(event) };
    const oldest = similar.messages.values().next().value;
    if (oldest !== undefined) similar.messages.delete(oldest);
    return { event: { ...event, message: `(combined from similar events): ${event.message ?? ''}` }, key };
  }

  #bucketOf(event: Event): TokenBucket {
    const key = JSON.stringify([event.source, objectOf(event)]);
    let bucket = this.#spam.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(SPAM_PER_SECOND, SPAM_BURST, this.#clock);
      this.#spam.set(key, bucket);
    }
    return bucket;
  }
}

function objectOf(event: Event): unknown[] {
  const { kind, namespace, name, uid, apiVersion } = event.involvedObject;
  return [kind, namespace, name, uid, apiVersion];
}

/** Events alike in all but their message. */
function similarKey(event: Event): string {
  return JSON.stringify([
    event.source,
    objectOf(event),
    event.type,
    event.reason,
    event.reportingComponent,
    event.reportingInstance,
  ]);
}

function eventKey(event: Event): string {
  return JSON.stringify([
    event.source,
    objectOf(event),
    event.involvedObject.fieldPath,
    event.type,
    event.reason,
    event.message,
  ]);
}
