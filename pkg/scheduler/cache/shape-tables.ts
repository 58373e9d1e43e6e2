// The tables of the shapes of pod seen lately, per profile; the one not used for longest goes when there are too many.
import type { PodInfo } from '../framework/pod-info.ts';
import type { Profile } from '../framework/profile.ts';
import { ShapeTable } from './shape-table.ts';
import type { Snapshot } from './snapshot.ts';

/** A table takes some 20 bytes a node: 25 MB for this many shapes at 5,000 nodes. */
const MOST_TABLES = 256;

export class ShapeTables {
  readonly #snapshot: Snapshot;
  readonly #tables = new Map<string, ShapeTable>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Up to date with the snapshot. */
  tableFor(profile: Profile, pod: PodInfo): ShapeTable {
    const key = `${profile.schedulerName} ${pod.shape}`;
    const known = this.#tables.get(key);
    if (known !== undefined) {
      this.#tables.delete(key);
      this.#tables.set(key, known);
      known.refresh();
      return known;
    }
    const table = new ShapeTable(profile, this.#snapshot, pod);
    this.#tables.set(key, table);
    if (this.#tables.size > MOST_TABLES) {
      const [oldest] = this.#tables.keys();
      if (oldest !== undefined) this.#tables.delete(oldest);
    }
    return table;
  }
}
