// The blocks of one address range, and which of them are taken. IPv4. Knows nothing of nodes.
import { ipv4Range, ipv4Text, type Ipv4Range } from '../../api/meta/ipv4.ts';

export class CidrError extends Error {
  override readonly name = 'CidrError';
}

/** More would cost more memory than a cluster of any size is worth; Kubernetes has the same limit. */
const MOST_BITS = 16;

export class CidrSet {
  readonly #range: Ipv4Range;
  readonly #maskSize: number;
  /** How many claims lie on each block. */
  readonly #claims: Uint16Array;
  #next = 0;

  /** Throws CidrError when the range cannot be divided so. */
  constructor(range: string, maskSize: number) {
    this.#range = rangeOf(range);
    this.#maskSize = maskSize;
    const blocks = (this.#range.last - this.#range.first + 1) / this.#blockSize();
    if (blocks < 1 || maskSize > 30)
      throw new CidrError(`the node mask size ${maskSize} does not fit the cluster CIDR ${range}`);
    if (blocks > 2 ** MOST_BITS)
      throw new CidrError(`the cluster CIDR ${range} has more than ${2 ** MOST_BITS} blocks of mask size ${maskSize}`);
    this.#claims = new Uint16Array(blocks);
  }

  /** Blocks that an address range touches are taken from now on; what lies outside is nobody's concern here. */
  occupy(cidr: string): void {
    for (const index of this.#touched(cidr)) this.#claims[index] = (this.#claims[index] ?? 0) + 1;
  }

  /** Undoes one `occupy` of the same range. */
  release(cidr: string): void {
    for (const index of this.#touched(cidr)) this.#claims[index] = Math.max((this.#claims[index] ?? 0) - 1, 0);
  }

  /** Takes a free block, going round so that one that was given back rests; undefined: there is none. */
  take(): string | undefined {
    const count = this.#claims.length;
    for (let step = 0; step < count; step++) {
      const index = (this.#next + step) % count;
      if (this.#claims[index] !== 0) continue;
      this.#claims[index] = 1;
      this.#next = (index + 1) % count;
      return `${ipv4Text(this.#range.first + index * this.#blockSize())}/${this.#maskSize}`;
    }
    return undefined;
  }

  #blockSize(): number {
    return 2 ** (32 - this.#maskSize);
  }

  *#touched(cidr: string): Generator<number> {
    const { first, last } = rangeOf(cidr);
    const from = Math.floor((first - this.#range.first) / this.#blockSize());
    const to = Math.floor((last - this.#range.first) / this.#blockSize());
    for (let index = Math.max(from, 0); index <= Math.min(to, this.#claims.length - 1); index++) yield index;
  }
}

function rangeOf(cidr: string): Ipv4Range {
  const range = cidr.includes('/') ? ipv4Range(cidr) : undefined;
  if (range === undefined) throw new CidrError(`${JSON.stringify(cidr)} is no IPv4 CIDR`);
  return range;
}
