// What an informer knows: the newest version of every object, by key, by namespace and by any number of named indexes.
// Reads cost nothing but a map lookup. Objects are shared: whoever changes one clones it first.
import type { KubeObject } from '../api/schema/resource-type.ts';
import type { ObjectKey } from './client.ts';

/** The values under which an object is found in an index; none: it is not in it. */
export type Indexer<T> = (object: T) => readonly string[];

/** What readers of an informer see. */
export interface ObjectStore<T extends KubeObject> {
  readonly size: number;
  /** `key`: an object key or its text `namespace/name` (`name` for cluster-scoped kinds). */
  get(key: ObjectKey | string): T | undefined;
  /** Undefined: of all namespaces. */
  list(namespace?: string): readonly T[];
  /** Throws when there is no such index: a mistake in the program. */
  byIndex(index: string, value: string): readonly T[];
  keys(): IterableIterator<string>;
}

/** `namespace/name`, or `name` for cluster-scoped objects. The form of keys in stores and work queues. */
export function keyText(key: ObjectKey): string {
  return key.namespace === undefined || key.namespace === '' ? key.name : `${key.namespace}/${key.name}`;
}

export function keyOf(object: KubeObject): string {
  return keyText(object.metadata);
}

export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

class Index<T extends KubeObject> {
  readonly #indexer: Indexer<T>;
  readonly #buckets = new Map<string, Map<string, T>>();

  constructor(indexer: Indexer<T>) {
    this.#indexer = indexer;
  }

  replace(key: string, before: T | undefined, after: T | undefined): void {
    if (before !== undefined) {
      for (const value of this.#indexer(before)) {
        const bucket = this.#buckets.get(value);
        bucket?.delete(key);
        if (bucket?.size === 0) this.#buckets.delete(value);
      }
    }
    if (after === undefined) return;
    for (const value of this.#indexer(after)) {
      let bucket = this.#buckets.get(value);
      if (bucket === undefined) {
        bucket = new Map<string, T>();
        this.#buckets.set(value, bucket);
      }
      bucket.set(key, after);
    }
  }

  get(value: string): readonly T[] {
    const bucket = this.#buckets.get(value);
    return bucket === undefined ? [] : [...bucket.values()];
  }
}

/** The writable side; one informer owns it. */
export class IndexedStore<T extends KubeObject> implements ObjectStore<T> {
  readonly #objects = new Map<string, T>();
  readonly #namespaces = new Index<T>((object) => [object.metadata.namespace ?? '']);
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey | string): T | undefined {
    return this.#objects.get(typeof key === 'string' ? key : keyText(key));
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.#namespaces.get(namespace);
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`there is no index named ${index}`);
    return found.get(value);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** Also on a filled store. A name that is there already keeps its indexer. */
  addIndexer(name: string, indexer: Indexer<T>): void {
    if (this.#indexes.has(name)) return;
    const index = new Index(indexer);
    for (const [key, object] of this.#objects) index.replace(key, undefined, object);
    this.#indexes.set(name, index);
  }

  /** Sets or (undefined) removes; answers with what stood there before. */
  put(key: string, after: T | undefined): T | undefined {
    const before = this.#objects.get(key);
    if (after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, after);
    this.#namespaces.replace(key, before, after);
    for (const index of this.#indexes.values()) index.replace(key, before, after);
    return before;
  }
}
