// What one side puts in, the other takes out in order; bounded, so that a fast sender is told to wait.

export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  readonly #onRoom: (() => void) | undefined;
  #ended = false;
  #taker: (() => void) | undefined;

  /** `onRoom`: called when there is room again after `put` answered false. */
  constructor(limit: number, onRoom?: () => void) {
    this.#limit = limit;
    this.#onRoom = onRoom;
  }

  /** False when the sender should pause. Nothing is taken after the end. */
  put(item: T): boolean {
    if (this.#ended) return true;
    this.#items.push(item);
    this.#taker?.();
    return this.#items.length < this.#limit;
  }

  /** For what may be left out when nobody takes it. */
  get hasRoom(): boolean {
    return this.#items.length < this.#limit;
  }

  end(): void {
    this.#ended = true;
    this.#taker?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        if (this.#items.length === this.#limit - 1) this.#onRoom?.();
        yield item;
        continue;
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#taker = resolve;
      });
      this.#taker = undefined;
    }
  }
}
