// IPv4 addresses and CIDRs as numbers: containment, overlap, counting. Pure; texts that are neither have no part in
// anything and are answered with false or undefined.
import { isIPv4 } from 'node:net';

export interface Ipv4Range {
  readonly first: number;
  readonly last: number;
}

/** Undefined when it is no IPv4 address. */
export function ipv4Number(address: string): number | undefined {
  if (!isIPv4(address)) return undefined;
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** `10.0.0.0/8`, or an address alone. Bits beyond the prefix do not matter. */
export function ipv4Range(cidr: string): Ipv4Range | undefined {
  const [base = '', length = '32', ...rest] = cidr.split('/');
  const number = ipv4Number(base);
  if (number === undefined || rest.length > 0 || !/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  const size = 2 ** (32 - Number(length));
  const first = number - (number % size);
  return { first, last: first + size - 1 };
}

export function cidrHas(cidr: string, address: string): boolean {
  const [range, number] = [ipv4Range(cidr), ipv4Number(address)];
  return range !== undefined && number !== undefined && range.first <= number && number <= range.last;
}

export function cidrsOverlap(a: string, b: string): boolean {
  const [one, other] = [ipv4Range(a), ipv4Range(b)];
  return one !== undefined && other !== undefined && one.first <= other.last && other.first <= one.last;
}

/** The address of the network itself, which no host of it has. */
export function networkAddress(cidr: string): string | undefined {
  const range = ipv4Range(cidr);
  return range === undefined ? undefined : ipv4Text(range.first);
}
