// IPv4 and IPv6 as the proxy sees them: the same rules in two kernel tables, which differ only by what stands here.
import { isIPv4, isIPv6 } from 'node:net';

export interface AddressFamily {
  /** nft's name of the family, and of its header fields (`ip saddr`). */
  readonly nft: 'ip' | 'ip6';
  /** Type of an address in nft's sets and maps. */
  readonly addressType: 'ipv4_addr' | 'ipv6_addr';
  /** EndpointSlice.addressType of this family. */
  readonly sliceType: 'IPv4' | 'IPv6';
  readonly loopback: string;
  has(address: string): boolean;
  /** Whether a CIDR belongs to this family. */
  hasCidr(cidr: string): boolean;
  /** `address:port` in the form that nft's dnat takes. */
  target(address: string, port: number): string;
}

export const ipv4: AddressFamily = {
  nft: 'ip',
  addressType: 'ipv4_addr',
  sliceType: 'IPv4',
  loopback: '127.0.0.0/8',
  has: isIPv4,
  hasCidr: (cidr) => isIPv4(cidr.split('/')[0] ?? ''),
  target: (address, port) => `${address}:${port}`,
};

export const ipv6: AddressFamily = {
  nft: 'ip6',
  addressType: 'ipv6_addr',
  sliceType: 'IPv6',
  loopback: '::1/128',
  has: isIPv6,
  hasCidr: (cidr) => isIPv6(cidr.split('/')[0] ?? ''),
  target: (address, port) => `[${address}]:${port}`,
};
