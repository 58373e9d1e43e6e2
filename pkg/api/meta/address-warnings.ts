// Addresses and ranges that are good but not written as they should be: what Kubernetes warns of.
import { isIP } from 'node:net';
import { ipv4Range, ipv4Text } from './ipv4.ts';

export function addressWarnings(field: string, address: string): string[] {
  if (isIP(address) !== 6) return [];
  const mapped = mappedIpv4(address);
  if (mapped !== undefined) {
    return [
      `${field}: non-standard IP address "${address}" will be considered invalid in a future Kubernetes release: use "${mapped}"`,
    ];
  }
  const canonical = canonicalIpv6(address);
  if (canonical === address) return [];
  return [`${field}: IPv6 address "${address}" should be in RFC 5952 canonical format ("${canonical}")`];
}

export function cidrWarnings(field: string, cidr: string): string[] {
  const [address = '', bits = ''] = cidr.trim().split('/');
  if (isIP(address) === 6) {
    const canonical = `${canonicalIpv6(address)}/${bits}`;
    if (canonical === cidr) return [];
    return [`${field}: IPv6 CIDR value "${cidr}" should be in RFC 5952 canonical format ("${canonical}")`];
  }
  const range = ipv4Range(cidr.trim());
  if (range === undefined || ipv4Text(range.first) === address) return [];
  const [network, host] = [`${ipv4Text(range.first)}/${bits}`, `${address}/32`];
  return [`${field}: CIDR value "${cidr}" is ambiguous in this context (should be "${network}" or "${host}"?)`];
}

/** `1.2.3.4` of `::ffff:1.2.3.4`. */
function mappedIpv4(address: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonicalIpv6(address)) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return ipv4Text(parseInt(high, 16) * 65_536 + parseInt(low, 16));
}

function canonicalIpv6(address: string): string {
  const [plain = '', zone] = address.split('%');
  const canonical = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}
