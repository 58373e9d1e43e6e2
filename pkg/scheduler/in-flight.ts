// Work under way in the background: how much at most, and a way to wait until there is room or all is done.

export class InFlight {
  readonly #limit: number;
  #count = 0;
  #change = Promise.withResolvers<void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#limit;
  }

  /** Starts the work at once. It must not reject: whatever can go wrong with it is its own to handle. */
  start(work: () => Promise<void>): void {
    this.#count++;
    void work().finally(() => {
      this.#count--;
      this.#change.resolve();
      this.#change = Promise.withResolvers<void>();
    });
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.isFull) await this.#change.promise;
  }

  async idle(): Promise<void> {
    while (this.#count > 0) await this.#change.promise;
  }
}
