// Nodes that the API server has lost only now. One that is cut off from it but not from the network gives up its addresses within
// STEPS_DOWN_WITHIN_MS (isolation.ts); until then it is to be reckoned with. One that is dead is found so by asking it.
import { findCondition } from '../../api/meta/conditions.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { Clock } from '../../clock/clock.ts';
import { STEPS_DOWN_WITHIN_MS } from './isolation.ts';

/** As long as news may take longer to one node than to another. */
const OWN_MARGIN_MS = 2_000;

export class LingeringNodes {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #nodeName: string;
  /** By name, since when this node knows that the other one is lost. */
  #lostSince = new Map<string, number>();

  /** Those that are lost already have had their time. */
  constructor(clock: Pick<Clock, 'elapsed'>, nodeName: string, nodes: readonly Node[]) {
    this.#clock = clock;
    this.#nodeName = nodeName;
    for (const name of lostAmong(nodes)) this.#lostSince.set(name, -Infinity);
  }

  among(nodes: readonly Node[]): ReadonlySet<string> {
    const now = this.#clock.elapsed();
    this.#lostSince = new Map(lostAmong(nodes).map((name) => [name, this.#lostSince.get(name) ?? now]));
    return new Set([...this.#lostSince].filter((one) => now < this.#endOf(one)).map(([name]) => name));
  }

  /** Until the first of them is over; Infinity when there is none. */
  nextEndMs(): number {
    const now = this.#clock.elapsed();
    const ends = [...this.#lostSince].map((one) => this.#endOf(one) - now);
    return Math.min(...ends.filter((ms) => ms > 0), Infinity);
  }

  /** A node that is told so itself goes on until shortly before the others stop waiting for it. */
  #endOf([name, since]: readonly [string, number]): number {
    return since + STEPS_DOWN_WITHIN_MS - (name === this.#nodeName ? OWN_MARGIN_MS : 0);
  }
}

/** What a node says of itself is never Unknown: only others say that of it. */
function lostAmong(nodes: readonly Node[]): string[] {
  return nodes
    .filter(({ status }) => findCondition(status.conditions, 'Ready')?.status === 'Unknown')
    .map(({ metadata }) => metadata.name);
}
