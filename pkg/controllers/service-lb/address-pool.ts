// The IPv4 addresses that may be given to Services of type LoadBalancer, as `--load-balancer-pool` lists them. Pure.
import { ipv4Number, ipv4Range, ipv4Text, type Ipv4Range } from '../../api/meta/ipv4.ts';

export type ParsedPool =
  | { readonly ok: true; readonly pool: AddressPool }
  /** `item`: what makes no sense. */
  | { readonly ok: false; readonly item: string };

/** CIDRs, `first-last` and single addresses, separated by commas. */
export function parseAddressPool(text: string): ParsedPool {
  const ranges: Ipv4Range[] = [];
  for (const item of text.split(',').map((one) => one.trim())) {
    if (item === '') continue;
    const [from = '', to, ...rest] = item.split('-').map((one) => one.trim());
    const range = to === undefined ? ipv4Range(from) : between(from, to);
    if (range === undefined || rest.length > 0) return { ok: false, item };
    ranges.push(range);
  }
  return ranges.length === 0 ? { ok: false, item: text } : { ok: true, pool: new AddressPool(ranges) };
}

export class AddressPool {
  readonly #ranges: readonly Ipv4Range[];

  constructor(ranges: readonly Ipv4Range[]) {
    this.#ranges = ranges;
  }

  has(address: string): boolean {
    const number = ipv4Number(address);
    return number !== undefined && this.#ranges.some(({ first, last }) => first <= number && number <= last);
  }

  /** The first address that nobody has; undefined: there is none. */
  free(isTaken: (address: string) => boolean): string | undefined {
    for (const { first, last } of this.#ranges)
      for (let number = first; number <= last; number++) {
        const address = ipv4Text(number);
        if (!isTaken(address)) return address;
      }
    return undefined;
  }
}

function between(from: string, to: string): Ipv4Range | undefined {
  const [first, last] = [ipv4Number(from), ipv4Number(to)];
  return first === undefined || last === undefined || last < first ? undefined : { first, last };
}
