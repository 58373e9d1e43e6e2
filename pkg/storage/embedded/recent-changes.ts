// The newest changes, in memory, for watchers that are nearly up to date; others read them back from the tables.
import type { Change, Revision } from '../store.ts';

export class RecentChanges {
  readonly #keep: number;
  #changes: Change[] = [];

  /** At least so many are kept, once there are so many, and at most twice as many. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  push(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length > this.#keep * 2) this.#changes = this.#changes.slice(-this.#keep);
  }

  /** Whether every change after `position` is here. */
  covers(position: Revision): boolean {
    const oldest = this.#changes[0];
    return oldest !== undefined && oldest.revision <= position + 1;
  }

  /** Those after `position`, oldest first. */
  after(position: Revision, count: number): Change[] {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.revision ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low, low + count);
  }

  forgetUpTo(revision: Revision): void {
    this.#changes = this.#changes.filter((change) => change.revision > revision);
  }
}
