// WATCH: where it starts, what it sends, when it ends. A watch begins in the same turn in which the cache's state or history
// is read, so it neither misses nor repeats a change.
import { ApiError } from '../../api/meta/status.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import { EncodedValue, JSON_TYPE } from '../encoded.ts';
import type { ApiResponse, Encoded } from '../request.ts';
import { notAcceptable } from '../http-errors.ts';
import type { WatchCounts, WatchMetrics } from '../metrics/watch-metrics.ts';
import { viewOf, type CacheEvent, type WatchView } from '../watchcache/cache-event.ts';
import type { ResourceCache } from '../watchcache/resource-cache.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import { Watcher, type WatchSignal } from '../watchcache/watcher.ts';
import type { ListOptions } from './list-options.ts';
import { revisionOf } from './query-values.ts';
import { objectBody, type Representation } from './represent.ts';
import type { Selection } from './selection.ts';
import type { ServedKind } from './served-kind.ts';

export interface WatchRequest {
  readonly served: ServedKind;
  readonly selection: Selection;
  readonly options: ListOptions;
  readonly how: Representation;
  readonly signal: AbortSignal;
}

/** A watch without timeoutSeconds lasts this long to twice as long (`--min-request-timeout`). */
const SHORTEST_MS = 1_800_000;
const BOOKMARK_MS = 60_000;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

export class WatchService {
  readonly #cache: WatchCache;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #metrics: WatchMetrics;

  constructor(cache: WatchCache, clock: Clock, random: Random, metrics: WatchMetrics) {
    this.#cache = cache;
    this.#clock = clock;
    this.#random = random;
    this.#metrics = metrics;
  }

  async open(request: WatchRequest): Promise<ApiResponse> {
    const { options, served, how } = request;
    // A stream of events has a frame for JSON only.
    if (how.negotiated.format === 'yaml') throw notAcceptable(['application/json;stream=watch']);
    const { resourceVersion } = options;
    const state = resourceVersion === '' || resourceVersion === '0' || options.sendInitialEvents === true;
    if (resourceVersion === '') await this.#cache.current();
    else if (state && resourceVersion !== '0') await this.#cache.waitFor(revisionOf(resourceVersion));
    const from = state ? this.#cache.revision : revisionOf(resourceVersion);
    const resource = this.#cache.resource(served.prefix);
    const history = state ? [] : resource.since(from);
    if (history === undefined) return tooOld(from, resource.oldest);
    const watcher = this.#attach(request, resource, state && options.sendInitialEvents !== false, from, history);
    const counts = this.#metrics.of(served);
    const events = this.#lines(request, resource, watcher, counts);
    return { form: 'watch', contentType: JSON_TYPE, events, sizes: counts.sizes };
  }

  #attach(
    { selection, options }: WatchRequest,
    resource: ResourceCache,
    state: boolean,
    from: number,
    history: readonly CacheEvent[],
  ): Watcher {
    const selects = selection.matches.bind(selection);
    const after = history.at(-1)?.revision ?? from;
    const watcher = new Watcher({ namespace: selection.namespace, after, selects });
    if (state) {
      const objects = resource.list(selection.namespace);
      watcher.preload(
        (selection.everything ? objects : objects.filter(selects)).map((object) => viewOf('ADDED', object)),
      );
    }
    const inScope = history.filter(
      ({ namespace }) => selection.namespace === undefined || namespace === selection.namespace,
    );
    watcher.preload(inScope.map((event) => event.viewFor(selects)).filter((view) => view !== undefined));
    if (options.sendInitialEvents === true && options.allowWatchBookmarks) watcher.bookmark(this.#cache.revision, true);
    resource.attach(watcher);
    return watcher;
  }

  async *#lines(
    request: WatchRequest,
    resource: ResourceCache,
    watcher: Watcher,
    counts: WatchCounts,
  ): AsyncGenerator<readonly Encoded[]> {
    const { signal, options } = request;
    const end = () => watcher.end();
    signal.addEventListener('abort', end, { once: true });
    using timers = new DisposableStack();
    timers.use(this.#clock.schedule(this.#lifetime(options.timeoutSeconds), end));
    if (options.allowWatchBookmarks) timers.use(this.#bookmarks(watcher));
    timers.defer(() => {
      signal.removeEventListener('abort', end);
      resource.detach(watcher);
    });
    if (signal.aborted) return;
    const line = lineMaker(request);
    for (;;) {
      const batch = await watcher.next();
      if (signal.aborted) return;
      counts.events += batch.length;
      if (batch.length > 0) yield batch.map(line);
      else if (watcher.ended) break;
    }
    // One last bookmark, so that the client can go on from here.
    if (options.allowWatchBookmarks) yield [bookmarkLine(request.served, this.#cache.revision, false, request.how)];
  }

  #lifetime(timeoutSeconds: number | undefined): number {
    if (timeoutSeconds !== undefined && timeoutSeconds > 0) return timeoutSeconds * 1000;
    return SHORTEST_MS * (1 + this.#random());
  }

  #bookmarks(watcher: Watcher): Disposable {
    let timer: Disposable;
    const arm = () => {
      timer = this.#clock.schedule(BOOKMARK_MS, () => {
        watcher.bookmark(this.#cache.revision);
        watcher.flush();
        arm();
      });
    };
    arm();
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
}

function lineMaker({ served, how }: WatchRequest): (signal: WatchSignal) => Encoded {
  const asIs = how.negotiated.as === 'object' && served.definition.storage === undefined;
  let rows = 0;
  return (signal) => {
    if (signal.kind === 'bookmark') return bookmarkLine(served, signal.revision, signal.initialEnd, how);
    return asIs ? signal.view.frame : transformed(served, signal.view, how, rows++ === 0);
  };
}

function transformed(served: ServedKind, view: WatchView, how: Representation, first: boolean): Encoded {
  const object: unknown = objectBody(served, served.view(view.object), how).value;
  if (how.negotiated.as === 'table' && !first && typeof object === 'object') {
    return new Line({ type: view.type, object: { ...object, columnDefinitions: null } });
  }
  return new Line({ type: view.type, object });
}

function bookmarkLine(served: ServedKind, revision: number, initialEnd: boolean, how: Representation): Encoded {
  const metadata = {
    resourceVersion: String(revision),
    ...(initialEnd && { annotations: { [INITIAL_EVENTS_END]: 'true' } }),
  };
  switch (how.negotiated.as) {
    case 'object':
      return new Line({
        type: 'BOOKMARK',
        object: { kind: served.definition.type.kind, apiVersion: served.apiVersion, metadata },
      });
    case 'metadata':
      return new Line({
        type: 'BOOKMARK',
        object: { kind: 'PartialObjectMetadata', apiVersion: how.negotiated.metaVersion, metadata },
      });
    case 'table':
      return new Line({
        type: 'BOOKMARK',
        object: {
          kind: 'Table',
          apiVersion: how.negotiated.metaVersion,
          metadata,
          columnDefinitions: null,
          rows: [],
        },
      });
  }
}

class Line extends EncodedValue {
  #line: Uint8Array | undefined;

  override get bytes(): Uint8Array {
    this.#line ??= Buffer.from(`${JSON.stringify(this.value)}\n`);
    return this.#line;
  }
}

/** History is gone: the watch opens, says so in one event and ends, as Kubernetes does. */
function tooOld(asked: number, oldest: number): ApiResponse {
  const { status } = new ApiError('Expired', `too old resource version: ${asked} (${oldest})`);
  return { form: 'watch', contentType: JSON_TYPE, events: once([new Line({ type: 'ERROR', object: status })]) };
}

async function* once(batch: readonly Encoded[]): AsyncGenerator<readonly Encoded[]> {
  yield batch;
}
