// The node ports that Services can have and which of them are taken, by port and protocol. Pure bookkeeping.
import type { Random } from '../../clock/clock.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];

/** How a taken port is written down. */
export function portKey(port: number, protocol: string): string {
  return `${port}/${protocol}`;
}

export class NodePorts {
  readonly range: PortRange;
  readonly #taken = new Set<string>();

  constructor(range: PortRange) {
    this.range = range;
  }

  contains(port: number): boolean {
    return port >= this.range.first && port <= this.range.last;
  }

  /** False when somebody has it. */
  take(key: string): boolean {
    if (this.#taken.has(key)) return false;
    this.#taken.add(key);
    return true;
  }

  release(key: string): void {
    this.#taken.delete(key);
  }

  /** `wanted` if it is free, else any port that no protocol has, so that another protocol can join it later. */
  takeAny(protocol: string, wanted: number | undefined, random: Random): number | undefined {
    if (wanted !== undefined && this.take(portKey(wanted, protocol))) return wanted;
    const { first, last } = this.range;
    const span = last - first + 1;
    const start = Math.floor(random() * span);
    for (let i = 0; i < span; i++) {
      const port = first + ((start + i) % span);
      if (PROTOCOLS.some((other) => this.#taken.has(portKey(port, other)))) continue;
      this.#taken.add(portKey(port, protocol));
      return port;
    }
    return undefined;
  }
}
