// Which nodes changed, in order, so that whoever remembers results about nodes can catch up with the few that changed since
// it last looked. Keeps a bounded history; who is further behind starts over.

export class ChangeLog {
  readonly #limit: number;
  #slots: number[] = [];
  /** Position of the first entry kept. */
  #start = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The position after the last change. */
  get end(): number {
    return this.#start + this.#slots.length;
  }

  add(slot: number): void {
    this.#slots.push(slot);
    if (this.#slots.length <= this.#limit * 2) return;
    this.#slots = this.#slots.slice(this.#limit);
    this.#start += this.#limit;
  }

  /** The nodes changed at or after `position`, each once; undefined when that is too long ago to be known. */
  since(position: number): readonly number[] | undefined {
    if (position < this.#start) return undefined;
    const recent = this.#slots.slice(position - this.#start);
    return recent.length < 2 ? recent : [...new Set(recent)];
  }
}
