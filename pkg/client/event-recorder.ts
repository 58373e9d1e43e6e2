// Writes Events about objects, in the background: callers never wait and never fail. Repetitions are counted, floods are
// dropped (event-correlator.ts, series-correlator.ts). Promises: at most 1000 events wait, more are dropped with a log line;
// an event that cannot be written is tried again while the server is unreachable, and dropped when it is refused.
import { isApiError } from '../api/meta/status.ts';
import { events } from '../api/resources.ts';
import type { Event, ObjectReference } from '../api/schema/generated/core.v1.gen.ts';
import type { KubeObject } from '../api/schema/resource-type.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { Client, ResourceClient } from './client.ts';
import { EventCorrelator, type Correlated } from './event-correlator.ts';
import { SeriesCorrelator } from './series-correlator.ts';
import { formatMicroTime, formatTime } from '../api/meta/time.ts';
import { UnreachableError } from './transport.ts';

export interface EventRecorderOptions {
  readonly client: Client;
  /** `deployment-controller`, `kubelet`, `default-scheduler`. */
  readonly component: string;
  /** The node that the component speaks for. */
  readonly host?: string;
  /**
   * 'counts' (default): core events with count, first and last time, as controllers and the kubelet write them.
   * 'series': events.k8s.io's form with eventTime and series, as the scheduler writes them.
   */
  readonly style?: 'counts' | 'series';
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What an event is about: an object, or a reference, which may name a part of it (fieldPath). */
export type EventSubject = KubeObject | ObjectReference;

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Only in the series style. */
  readonly action?: string;
  readonly related?: ObjectReference;
}

export interface EventRecorder {
  record(about: EventSubject, text: EventText): void;
  /** Writes what waits, then stops. Events after that are dropped. */
  close(): Promise<void>;
}

const MOST_WAITING = 1000;
const MOST_TRIES = 12;
const RETRY_MS = 10_000;
/** The API server refuses longer ones in events.k8s.io's form. */
const LONGEST_NOTE = 1024;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new BackgroundRecorder(options);
}

export function referenceTo(about: EventSubject): ObjectReference {
  if (!('metadata' in about)) return about;
  const { namespace, name, uid, resourceVersion } = about.metadata;
  return {
    kind: about.kind,
    ...(namespace !== undefined && namespace !== '' && { namespace }),
    name,
    uid,
    apiVersion: about.apiVersion,
    resourceVersion,
  };
}

class BackgroundRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #events: ResourceClient<Event>;
  readonly #counts: EventCorrelator;
  readonly #series: SeriesCorrelator;
  readonly #stop = new AbortController();
  readonly #waiting: Event[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#events = options.client.resource(events);
    this.#counts = new EventCorrelator(options.clock);
    this.#series = new SeriesCorrelator(options.clock);
  }

  record(about: EventSubject, text: EventText): void {
    if (this.#closed) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#options.log.warn('too many events wait; dropped one', { reason: text.reason });
      return;
    }
    this.#waiting.push(this.#make(referenceTo(about), text));
    this.#writing ??= this.#writeAll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    // An unreachable server is not waited for: what is under way gets this one last moment.
    const timer = this.#options.clock.schedule(RETRY_MS / 10, () =>
      this.#stop.abort(new Error('the recorder is closed')),
    );
    try {
      await this.#writing;
    } finally {
      timer[Symbol.dispose]();
      this.#stop.abort(new Error('the recorder is closed'));
    }
  }

  #make(about: ObjectReference, text: EventText): Event {
    const { clock, random, component, host, style } = this.#options;
    const now = clock.now();
    // Kubernetes puts nanoseconds here; the last six digits, which the clock does not have, make the name unique.
    const stamp = BigInt(Math.trunc(now)) * 1_000_000n + BigInt(Math.floor(random() * 1_000_000));
    const namespace = about.namespace === undefined || about.namespace === '' ? 'default' : about.namespace;
    const series = style === 'series';
    return {
      kind: 'Event',
      apiVersion: 'v1',
      // The server fills in the rest.
      metadata: { name: `${about.name ?? ''}.${stamp.toString(16)}`, namespace } as Event['metadata'],
      involvedObject: about,
      reason: text.reason,
      message: series ? text.message.slice(0, LONGEST_NOTE) : text.message,
      type: text.type,
      source: series ? {} : { component, ...(host !== undefined && { host }) },
      reportingComponent: component,
      reportingInstance: series ? `${component}-${host ?? component}` : (host ?? ''),
      ...(text.related !== undefined && { related: text.related }),
      ...(series
        ? { eventTime: formatMicroTime(now), action: text.action ?? text.reason }
        : { count: 1, firstTimestamp: formatTime(now), lastTimestamp: formatTime(now) }),
    };
  }

  async #writeAll(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const decided = this.#options.style === 'series' ? this.#series.correlate(event) : this.#counts.correlate(event);
      await this.#write(decided);
    }
    this.#writing = undefined;
  }

  async #write(decided: Correlated): Promise<void> {
    if (decided.do === 'drop') return;
    const { clock, random, log } = this.#options;
    for (let tries = 1; !this.#stop.signal.aborted; tries++) {
      try {
        await this.#send(decided);
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (!(error instanceof UnreachableError) || tries >= MOST_TRIES) {
          // Refused events are normal: their namespace is being deleted, for instance.
          log.debug('an event was not written', { reason: decided.event.reason, error });
          return;
        }
        // The first pause is shorter at random, so that a cluster's components do not come back in step.
        await clock.sleep(tries === 1 ? RETRY_MS * random() : RETRY_MS, this.#stop.signal).catch(() => undefined);
      }
    }
  }

  async #send(decided: Exclude<Correlated, { do: 'drop' }>): Promise<void> {
    const { event } = decided;
    const { signal } = this.#stop;
    if (decided.do === 'patch') {
      const { namespace, name } = event.metadata;
      const patch =
        event.series === undefined
          ? { count: event.count, message: event.message, lastTimestamp: event.lastTimestamp }
          : { series: event.series };
      try {
        await this.#events.patch({ namespace, name }, patch, 'strategic', {}, signal);
        return;
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
        // Its hour is over: it begins anew under its old name.
      }
    }
    try {
      await this.#events.create(event, {}, signal);
    } catch (error) {
      // An answer that was lost: the event stands.
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
}
