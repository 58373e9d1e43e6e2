// A binary heap whose entries can be found, replaced and removed by key in logarithmic time.

export class IndexedHeap<T> {
  readonly #keyOf: (item: T) => string;
  readonly #before: (a: T, b: T) => boolean;
  readonly #items: T[] = [];
  readonly #places = new Map<string, number>();

  /** `before`: whether `a` comes out ahead of `b`. */
  constructor(keyOf: (item: T) => string, before: (a: T, b: T) => boolean) {
    this.#keyOf = keyOf;
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  get(key: string): T | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#items[place];
  }

  /** In no particular order. */
  values(): readonly T[] {
    return this.#items;
  }

  /** Adds the item or puts it in place of the one with the same key. */
  set(item: T): void {
    const place = this.#places.get(this.#keyOf(item)) ?? this.#items.length;
    this.#put(item, place);
    this.#settle(place);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.delete(this.#keyOf(first));
    return first;
  }

  delete(key: string): T | undefined {
    const place = this.#places.get(key);
    const last = this.#items.pop();
    if (place === undefined || last === undefined) {
      if (last !== undefined) this.#items.push(last);
      return undefined;
    }
    this.#places.delete(key);
    if (place === this.#items.length) return last;
    const removed = this.#items[place];
    this.#put(last, place);
    this.#settle(place);
    return removed;
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(this.#keyOf(item), place);
  }

  /** Moves the item up or down until the order holds again. */
  #settle(start: number): void {
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#swapIfBefore(place, parent)) break;
      place = parent;
    }
    for (;;) {
      const left = 2 * place + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, place)) return;
      place = child;
    }
  }

  #isBefore(place: number, other: number): boolean {
    const [a, b] = [this.#items[place], this.#items[other]];
    return a !== undefined && b !== undefined && this.#before(a, b);
  }

  #swapIfBefore(place: number, other: number): boolean {
    const [a, b] = [this.#items[place], this.#items[other]];
    if (a === undefined || b === undefined || !this.#before(a, b)) return false;
    this.#put(a, other);
    this.#put(b, place);
    return true;
  }
}
