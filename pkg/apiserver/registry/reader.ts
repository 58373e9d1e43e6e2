// GET and LIST. Reads come from the watch cache; only the pages of a list that has changed since its first page, and exact
// old revisions, go to the store. Revision rules: https://kubernetes.io/docs/reference/using-api/api-concepts
import { notFound } from '../../api/meta/status.ts';
import type { Clock } from '../../clock/clock.ts';
import { CompactedError, FutureRevisionError, type Revision, type Store } from '../../storage/store.ts';
import { CachedObject } from '../watchcache/cached-object.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import {
  ANY_REVISION,
  decodeContinue,
  encodeContinue,
  expiredContinue,
  expiredRevision,
  type ContinueToken,
} from './continue-token.ts';
import type { ListMetadata } from './encoded-list.ts';
import type { ListOptions } from './list-options.ts';
import { revisionOf } from './query-values.ts';
import type { Selection } from './selection.ts';
import type { ServedKind } from './served-kind.ts';

export interface ListResult {
  /** As the kind shows them. */
  readonly items: readonly CachedObject[];
  readonly metadata: ListMetadata;
}

interface Page {
  readonly objects: readonly CachedObject[];
  /** Key of the last object given out when more follow. */
  readonly more: string | undefined;
  readonly remaining: number;
  readonly revision: Revision;
}

/** Entries read from the store at a time when a selector leaves most of them out. */
const STORE_PAGE = 1000;

export class Reader {
  readonly #cache: WatchCache;
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'elapsed'>;

  constructor(cache: WatchCache, store: Store, clock: Pick<Clock, 'elapsed'>) {
    this.#cache = cache;
    this.#store = store;
    this.#clock = clock;
  }

  /** The stored object; throws 404. `resourceVersion`: not older than that; '' the newest; '0' whatever is at hand. */
  async get(served: ServedKind, namespace: string, name: string, resourceVersion = ''): Promise<CachedObject> {
    await this.#freshness(resourceVersion);
    const found = this.#cache.resource(served.prefix).get(served.namespaced ? namespace : '', name);
    if (found === undefined) throw notFound(served.resource, name);
    return found;
  }

  /** What the cache has, now, without waiting. */
  peek(served: ServedKind, namespace: string, name: string): CachedObject | undefined {
    return this.#cache.resource(served.prefix).get(served.namespaced ? namespace : '', name);
  }

  /** What there is, not older than the last acknowledged write. */
  async find(served: ServedKind, namespace: string, name: string): Promise<CachedObject | undefined> {
    await this.#cache.current();
    return this.peek(served, namespace, name);
  }

  async list(served: ServedKind, selection: Selection, options: ListOptions): Promise<ListResult> {
    const page = await this.#page(served, selection, options);
    const { more } = page;
    const metadata: ListMetadata = {
      resourceVersion: String(page.revision),
      ...(more !== undefined && {
        continue: encodeContinue({ revision: page.revision, after: more.slice(served.prefix.length) }),
        ...(selection.everything && { remainingItemCount: page.remaining }),
      }),
    };
    const mapped = served.definition.storage !== undefined;
    return { items: mapped ? page.objects.map((object) => served.view(object)) : page.objects, metadata };
  }

  async #page(served: ServedKind, selection: Selection, options: ListOptions): Promise<Page> {
    if (options.continue !== '') {
      const token = decodeContinue(options.continue);
      if (token.revision !== ANY_REVISION) return this.#pageAt(served, selection, options.limit, token);
      await this.#cache.current();
      return this.#cachedPage(served, selection, options.limit, token.after);
    }
    const { resourceVersion, resourceVersionMatch } = options;
    const any = resourceVersion === '0';
    const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && options.limit > 0);
    if (resourceVersion !== '' && !any && exact) {
      return this.#pageAt(served, selection, options.limit, { revision: revisionOf(resourceVersion), after: '' });
    }
    await this.#freshList(served, resourceVersion);
    return this.#cachedPage(served, selection, any ? 0 : options.limit, '');
  }

  async #freshList(served: ServedKind, resourceVersion: string): Promise<void> {
    const { consistent, readWait } = this.#cache.resource(served.prefix).counts;
    const began = this.#clock.elapsed();
    try {
      await this.#freshness(resourceVersion);
    } catch (error) {
      if (resourceVersion === '') consistent.failed++;
      throw error;
    }
    if (resourceVersion === '') consistent.served++;
    readWait.observe((this.#clock.elapsed() - began) / 1000);
  }

  async #freshness(resourceVersion: string): Promise<void> {
    if (resourceVersion === '') {
      const late = this.#cache.current();
      if (late !== undefined) await late;
    } else if (resourceVersion !== '0') await this.#cache.waitFor(revisionOf(resourceVersion));
  }

  /** The state at the token's revision, from memory when nothing has changed since. */
  async #pageAt(served: ServedKind, selection: Selection, limit: number, token: ContinueToken): Promise<Page> {
    await this.#cache.waitFor(token.revision);
    if (this.#cache.resource(served.prefix).lastChange <= token.revision) {
      return { ...this.#cachedPage(served, selection, limit, token.after), revision: token.revision };
    }
    return this.#storedPage(served, selection, limit, token);
  }

  #cachedPage(served: ServedKind, selection: Selection, limit: number, after: string): Page {
    const { revision } = this.#cache;
    const { objects, fetched } = this.#cached(served, selection, after);
    const { lists } = this.#cache.resource(served.prefix).counts;
    lists.count++;
    lists.fetched += fetched;
    lists.returned += limit === 0 ? objects.length : Math.min(limit, objects.length);
    if (limit === 0 || objects.length <= limit) return { objects, more: undefined, remaining: 0, revision };
    const page = objects.slice(0, limit);
    return { objects: page, more: page.at(-1)?.key, remaining: objects.length - limit, revision };
  }

  /** `fetched`: how many were looked at. */
  #cached(
    served: ServedKind,
    selection: Selection,
    after: string,
  ): { objects: readonly CachedObject[]; fetched: number } {
    const resource = this.#cache.resource(served.prefix);
    const { namespace, name, everything } = selection;
    if (name !== undefined && after === '' && (namespace !== undefined || !served.namespaced)) {
      const one = resource.get(namespace ?? '', name);
      if (one === undefined) return { objects: [], fetched: 0 };
      return { objects: selection.matches(one) ? [one] : [], fetched: 1 };
    }
    const all = resource.list(namespace, after === '' ? undefined : served.prefix + after);
    return { objects: everything ? all : all.filter((object) => selection.matches(object)), fetched: all.length };
  }

  async #storedPage(served: ServedKind, selection: Selection, limit: number, token: ContinueToken): Promise<Page> {
    const prefix = selection.namespace === undefined ? served.prefix : `${served.prefix}${selection.namespace}/`;
    const objects: CachedObject[] = [];
    const { storeLists } = this.#cache.resource(served.prefix).counts;
    storeLists.count++;
    let after = token.after === '' ? undefined : served.prefix + token.after;
    try {
      for (;;) {
        const wanted = limit === 0 ? STORE_PAGE : selection.everything ? limit - objects.length : STORE_PAGE;
        const page = await this.#store.list(prefix, {
          limit: wanted,
          revision: token.revision,
          ...(after !== undefined && { after }),
        });
        for (const [index, { key, revision, value }] of page.entries.entries()) {
          after = key;
          storeLists.fetched++;
          const object = CachedObject.fromStored(key, revision, value);
          if (!selection.matches(object)) continue;
          storeLists.returned++;
          objects.push(object);
          if (limit === 0 || objects.length < limit) continue;
          const remaining = page.remaining + page.entries.length - index - 1;
          return { objects, more: remaining > 0 ? key : undefined, remaining, revision: token.revision };
        }
        if (page.remaining === 0) return { objects, more: undefined, remaining: 0, revision: token.revision };
      }
    } catch (error) {
      if (error instanceof FutureRevisionError) await this.#cache.waitFor(token.revision);
      if (!(error instanceof CompactedError)) throw error;
      if (token.after === '') throw expiredRevision();
      throw expiredContinue(encodeContinue({ revision: ANY_REVISION, after: token.after }));
    }
  }
}
