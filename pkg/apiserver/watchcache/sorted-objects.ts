// Objects by namespace and name that can be walked in the byte order of their keys from any point. Names are ASCII, so
// the order of JavaScript strings is that of the store.
import type { CachedObject } from './cached-object.ts';

/** So many names are put in one by one. */
const FEW_NAMES = 16;

interface Bucket {
  names: string[];
  /** Names that have yet to be sorted in, which is done when somebody reads in order. */
  added: Set<string>;
  readonly objects: Map<string, CachedObject>;
}

export class SortedObjects {
  /** With a trailing slash: `a-b/` sorts before `a/`, as keys do. */
  readonly #namespaces: string[] = [];
  readonly #buckets = new Map<string, Bucket>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): CachedObject | undefined {
    return this.#buckets.get(namespace)?.objects.get(name);
  }

  /** Answers with what stood there before. */
  put(namespace: string, name: string, object: CachedObject): CachedObject | undefined {
    let bucket = this.#buckets.get(namespace);
    if (bucket === undefined) {
      bucket = { names: [], added: new Set(), objects: new Map() };
      this.#buckets.set(namespace, bucket);
      insertSorted(this.#namespaces, `${namespace}/`);
    }
    const previous = bucket.objects.get(name);
    if (previous === undefined) {
      addName(bucket, name);
      this.#size++;
    }
    bucket.objects.set(name, object);
    return previous;
  }

  remove(namespace: string, name: string): CachedObject | undefined {
    const bucket = this.#buckets.get(namespace);
    const previous = bucket?.objects.get(name);
    if (bucket === undefined || previous === undefined) return undefined;
    bucket.objects.delete(name);
    if (!bucket.added.delete(name)) bucket.names.splice(positionOf(bucket.names, name), 1);
    this.#size--;
    if (bucket.objects.size === 0) {
      this.#buckets.delete(namespace);
      this.#namespaces.splice(positionOf(this.#namespaces, `${namespace}/`), 1);
    }
    return previous;
  }

  /** Of one namespace, or of all; only what comes after `after`. */
  list(namespace: string | undefined, after?: { namespace: string; name: string }): CachedObject[] {
    const found: CachedObject[] = [];
    if (namespace !== undefined) {
      this.#collect(namespace, after?.name, found);
      return found;
    }
    const from = after === undefined ? 0 : positionOf(this.#namespaces, `${after.namespace}/`);
    for (let at = from; at < this.#namespaces.length; at++) {
      const here = this.#namespaces[at]?.slice(0, -1) ?? '';
      this.#collect(here, after?.namespace === here ? after.name : undefined, found);
    }
    return found;
  }

  #collect(namespace: string, after: string | undefined, into: CachedObject[]): void {
    const bucket = this.#buckets.get(namespace);
    if (bucket === undefined) return;
    const names = sortedNames(bucket);
    const { objects } = bucket;
    let at = after === undefined ? 0 : positionOf(names, after);
    if (names[at] === after) at++;
    for (; at < names.length; at++) {
      const object = objects.get(names[at] ?? '');
      if (object !== undefined) into.push(object);
    }
  }
}

function addName({ names, added }: Bucket, name: string): void {
  const last = names.at(-1);
  if (added.size === 0 && (last === undefined || last < name)) names.push(name);
  else added.add(name);
}

function sortedNames(bucket: Bucket): readonly string[] {
  const { names, added } = bucket;
  if (added.size === 0) return names;
  if (added.size < FEW_NAMES) for (const name of added) insertSorted(names, name);
  // Two rising runs: sorting finds them and merges them.
  else bucket.names = names.concat([...added].sort(byteOrder)).sort(byteOrder);
  bucket.added = new Set();
  return bucket.names;
}

function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Where `text` stands or would have to be put. */
function positionOf(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insertSorted(sorted: string[], text: string): void {
  const last = sorted.at(-1);
  if (last === undefined || last < text) sorted.push(text);
  else sorted.splice(positionOf(sorted, text), 0, text);
}
