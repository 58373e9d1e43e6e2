// Small checks that many kinds' validation shares: ranges, paths, addresses, ports. Each reports at a segment of the current
// path with Kubernetes' sentence.
import { BlockList, isIP } from 'node:net';
import { NOT_NEGATIVE, type Faults, type Segment } from './field-faults.ts';
import type { IntOrString } from './int-or-string.ts';
import { dnsLabelFaults, portNameFaults, portNumberFaults } from './names.ts';

type At = Segment | readonly Segment[];

export const MAX_INT32 = 2 ** 31 - 1;
export const NOT_POSITIVE = 'must be greater than zero';
export const BAD_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

export function checkNotNegative(faults: Faults, at: At, value: number | undefined): void {
  if (value !== undefined && value < 0) faults.invalid(at, value, NOT_NEGATIVE);
}

export function checkOneOf(faults: Faults, at: At, value: string | undefined, supported: readonly string[]): void {
  if (value === undefined || value === '') faults.required(at);
  else if (!supported.includes(value)) faults.notSupported(at, value, supported);
}

/** Like checkOneOf for a field that may be absent. */
export function checkOptionalOneOf(
  faults: Faults,
  at: At,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value !== undefined && !supported.includes(value)) faults.notSupported(at, value, supported);
}

export function checkDnsLabel(faults: Faults, at: At, value: string): void {
  faults.invalidAll(at, value, dnsLabelFaults(value));
}

/** A port number, or the name of a container's port. */
export function checkPort(faults: Faults, at: At, port: IntOrString | undefined): void {
  if (typeof port === 'string') faults.invalidAll(at, port, portNameFaults(port));
  else faults.invalidAll(at, port ?? 0, portNumberFaults(port ?? 0));
}

/** User and group ids: 0 to 2^31-1. */
export function checkId(faults: Faults, at: At, id: number | undefined): void {
  if (id !== undefined && (id < 0 || id > MAX_INT32)) {
    faults.invalid(at, id, `must be between 0 and ${MAX_INT32}, inclusive`);
  }
}

/** A path within a volume: relative, and never upwards. */
export function checkDescendingPath(faults: Faults, at: At, path: string): void {
  if (path.startsWith('/')) faults.invalid(at, path, 'must be a relative path');
  checkNoBacksteps(faults, at, path);
}

export function checkNoBacksteps(faults: Faults, at: At, path: string): void {
  if (path.split('/').includes('..')) faults.invalid(at, path, "must not contain '..'");
}

/** File modes of volumes. */
export function checkMode(faults: Faults, at: At, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    faults.invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive');
  }
}

export function checkIp(faults: Faults, at: At, address: string): void {
  if (isIP(address) === 0) faults.invalid(at, address, BAD_IP);
}

/** An address that can be somebody else's: not unspecified, loopback, link-local. */
export function checkForeignIp(faults: Faults, at: At, address: string): void {
  if (isIP(address) === 0) return faults.invalid(at, address, 'must be a valid IP address');
  for (const [kind, list] of OWN_ADDRESSES) {
    if (!list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) continue;
    faults.invalid(at, address, `may not be ${kind === 'unspecified' ? `${kind} (${address})` : kind}`);
  }
}

function blockList(...subnets: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of subnets) list.addSubnet(address, bits, address.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}

const OWN_ADDRESSES: readonly [string, BlockList][] = [
  ['unspecified', blockList(['0.0.0.0', 32], ['::', 128])],
  ['in the loopback range (127.0.0.0/8, ::1/128)', blockList(['127.0.0.0', 8], ['::1', 128])],
  ['in the link-local range (169.254.0.0/16, fe80::/10)', blockList(['169.254.0.0', 16], ['fe80::', 10])],
  ['in the link-local multicast range (224.0.0.0/24, ff02::/10)', blockList(['224.0.0.0', 24], ['ff02::', 16])],
];

export function checkCidr(faults: Faults, at: At, range: string): void {
  if (isCidr(range)) return;
  faults.invalid(at, range, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)');
}

/** `10.0.0.0/8` or `fd00::/8`. */
export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const family = isIP(address);
  return rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}
