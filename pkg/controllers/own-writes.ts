// The informer's view of a kind, corrected by what this process wrote itself a moment ago: without it a controller that
// makes objects with generated names would make them twice, and would lose races against itself. Entries go as soon as the
// informer has caught up.
import { isApiError } from '../api/meta/status.ts';
import type { KubeObject } from '../api/schema/resource-type.ts';
import { keyOf, type ObjectStore } from '../client/object-store.ts';
import { Recent } from '../client/recent.ts';

/** How many objects are remembered to be gone: those to whose writes an answer may yet come. */
const MOST_GONE = 1000;

export class OwnWrites<T extends KubeObject> {
  readonly #store: ObjectStore<T>;
  readonly #written = new Map<string, T>();
  readonly #deleted = new Map<string, string>();
  readonly #gone = new Recent<true>(MOST_GONE);

  constructor(store: ObjectStore<T>) {
    this.#store = store;
  }

  wrote(object: T): void {
    const key = keyOf(object);
    // The watch may have told of its end before the answer came.
    if (this.#gone.get(object.metadata.uid) === true || !isBehind(this.#store.get(key), object)) return;
    this.#written.set(key, object);
  }

  /** Remembers the outcome of `write`; an object that turns out to be gone is forgotten, and the rejection goes on. */
  async update(object: T, write: () => Promise<T>): Promise<void> {
    try {
      this.wrote(await write());
    } catch (error) {
      if (isApiError(error, 'NotFound')) this.#written.delete(keyOf(object));
      throw error;
    }
  }

  deleted(object: T): void {
    const key = keyOf(object);
    this.#written.delete(key);
    if (this.#store.get(key)?.metadata.uid === object.metadata.uid) this.#deleted.set(key, object.metadata.uid);
  }

  /** To be called from the informer's handlers: what it shows now is no longer remembered. */
  seen(object: T): void {
    const key = keyOf(object);
    const written = this.#written.get(key);
    if (written !== undefined && !isBehind(object, written)) this.#written.delete(key);
  }

  gone(object: T): void {
    const key = keyOf(object);
    this.#gone.set(object.metadata.uid, true);
    this.#deleted.delete(key);
    if (this.#written.get(key)?.metadata.uid === object.metadata.uid) this.#written.delete(key);
  }

  /** The newest version that is known, of whoever wrote it. */
  latest(key: string): T | undefined {
    const shown = this.#store.get(key);
    const written = this.#written.get(key);
    if (written === undefined) return shown;
    // Gone in the informer's view, or not there yet: only the watch can tell, and it will.
    if (shown === undefined || shown.metadata.uid !== written.metadata.uid) return shown;
    return isBehind(shown, written) ? written : shown;
  }

  /** `known`: what the informer shows of a group of objects; `belongs`: whether a remembered one is of that group. */
  merge(known: readonly T[], belongs: (object: T) => boolean): readonly T[] {
    if (this.#written.size === 0 && this.#deleted.size === 0) return known;
    const merged = new Map(known.map((object) => [keyOf(object), object]));
    for (const [key, object] of this.#written) {
      if (belongs(object) && isBehind(this.#store.get(key), object)) merged.set(key, object);
    }
    for (const [key, uid] of this.#deleted) if (merged.get(key)?.metadata.uid === uid) merged.delete(key);
    return [...merged.values()];
  }
}

/** Resource versions of one kind grow (Kubernetes 1.35 promises that clients may compare them). */
function isBehind(shown: KubeObject | undefined, written: KubeObject): boolean {
  if (shown === undefined) return true;
  const [a, b] = [shown.metadata.resourceVersion, written.metadata.resourceVersion];
  return a.length === b.length ? a < b : a.length < b.length;
}
