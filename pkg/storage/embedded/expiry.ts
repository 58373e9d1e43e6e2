// Which keys vanish next. Leases in one store mostly have one length, so new expiries are appended; the order is kept
// by insertion from the back.
import type { Key, Revision } from '../store.ts';

interface Expiry {
  readonly at: number;
  readonly key: Key;
  /** The write that set it: a later write of the key makes this entry void. */
  readonly revision: Revision;
}

export class ExpiryQueue {
  #entries: Expiry[] = [];
  #first = 0;

  add(entry: Expiry): void {
    let position = this.#entries.length;
    while (position > this.#first && (this.#entries[position - 1]?.at ?? 0) > entry.at) position--;
    this.#entries.splice(position, 0, entry);
  }

  /** When the next entry is due; undefined when none waits. */
  get nextAt(): number | undefined {
    return this.#entries[this.#first]?.at;
  }

  /** Removes and returns what is due at `now`, at most `limit` entries. */
  takeDue(now: number, limit: number): Expiry[] {
    const due: Expiry[] = [];
    while (due.length < limit) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.at > now) break;
      due.push(entry);
      this.#first++;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return due;
  }
}
