// How many nodes are at each place of a topology (`zone` -> `a`: 12 nodes), for the topology keys that pods ask about. A key
// is counted through once, then kept up to date node by node; the key not asked about for longest goes when there are many.
import type { Labels } from '../framework/pod-terms.ts';

const MOST_KEYS = 32;

export class TopologyIndex {
  readonly #keys = new Map<string, Map<string, number>>();

  /** Place -> number of nodes. `labels` gives those of all nodes, should the key be new. */
  places(key: string, labels: () => Iterable<Labels>): ReadonlyMap<string, number> {
    let places = this.#keys.get(key);
    if (places === undefined) {
      places = new Map();
      for (const each of labels()) count(places, each[key], 1);
      const [oldest] = this.#keys.keys();
      if (this.#keys.size >= MOST_KEYS && oldest !== undefined) this.#keys.delete(oldest);
    } else this.#keys.delete(key);
    this.#keys.set(key, places);
    return places;
  }

  /** A node comes (no labels before), goes (none after) or changes its labels. */
  replace(before: Labels | undefined, after: Labels | undefined): void {
    for (const [key, places] of this.#keys) {
      if (before?.[key] === after?.[key]) continue;
      count(places, before?.[key], -1);
      count(places, after?.[key], 1);
    }
  }
}

function count(places: Map<string, number>, value: string | undefined, change: 1 | -1): void {
  if (value === undefined) return;
  const nodes = (places.get(value) ?? 0) + change;
  if (nodes === 0) places.delete(value);
  else places.set(value, nodes);
}
