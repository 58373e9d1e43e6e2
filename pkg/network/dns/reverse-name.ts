// Addresses as names under in-addr.arpa and ip6.arpa, both ways. Pure.
import { isIPv4, isIPv6 } from 'node:net';

/** The address that a reverse name spells out in full; undefined for anything else. */
export function addressOfReverseName(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const address = name.slice(0, -'.in-addr.arpa'.length).split('.').toReversed().join('.');
    return isIPv4(address) ? address : undefined;
  }
  if (name.endsWith('.ip6.arpa')) {
    const digits = name.slice(0, -'.ip6.arpa'.length).split('.').toReversed();
    if (digits.length !== 32 || !digits.every((digit) => /^[0-9a-f]$/.test(digit))) return undefined;
    const groups = Array.from({ length: 8 }, (_, group) => digits.slice(group * 4, group * 4 + 4).join(''));
    return canonicalIPv6(groups.join(':'));
  }
  return undefined;
}

export function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  if (!isIPv6(address)) return '';
  const [head = '', tail] = canonicalIPv6(address).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  const digits = [...left, ...middle, ...right].flatMap((group) => group.padStart(4, '0').split(''));
  return `${digits.toReversed().join('.')}.ip6.arpa`;
}

/** The one spelling that the API uses too. */
function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
