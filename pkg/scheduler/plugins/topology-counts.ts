// Numbers kept per place of a topology: `zone=a: 3`, `hostname=n1: 1`. Places come from the labels of the nodes on which
// the counted pods run; nodes without the label are in no place.
import type { Snapshot } from '../cache/snapshot.ts';
import type { NodeInfo } from '../framework/node-info.ts';

export class TopologyCounts {
  readonly #snapshot: Snapshot;
  readonly #places = new Map<string, Map<string, number>>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** Adds `each` for every pod of a group, at the place where its node is. */
  addGroup(topologyKey: string, nodes: ReadonlyMap<number, number>, each: number): void {
    for (const [slot, pods] of nodes) {
      const value = this.#snapshot.at(slot)?.labels[topologyKey];
      if (value !== undefined) this.add(topologyKey, value, pods * each);
    }
  }

  add(topologyKey: string, value: string, amount: number): void {
    let values = this.#places.get(topologyKey);
    if (values === undefined) {
      values = new Map();
      this.#places.set(topologyKey, values);
    }
    values.set(value, (values.get(value) ?? 0) + amount);
  }

  /** 0 where nothing was counted. */
  at(topologyKey: string, value: string | undefined): number {
    return value === undefined ? 0 : (this.#places.get(topologyKey)?.get(value) ?? 0);
  }

  /** Whether anything was counted at one of the places where this node is. */
  anyAt(node: NodeInfo): boolean {
    for (const [key, values] of this.#places) {
      const value = node.labels[key];
      if (value !== undefined && (values.get(value) ?? 0) > 0) return true;
    }
    return false;
  }

  /** The sum over all places where this node is. */
  sumAt(node: NodeInfo): number {
    let sum = 0;
    for (const [key, values] of this.#places) {
      const value = node.labels[key];
      if (value !== undefined) sum += values.get(value) ?? 0;
    }
    return sum;
  }
}
