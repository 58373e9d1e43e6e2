import { expect, test } from 'vitest';
import { addressWarnings, cidrWarnings } from './address-warnings.ts';

test.each([
  ['10.0.0.1', ''],
  ['fd00::1', ''],
  ['FD00:0::1', 'f: IPv6 address "FD00:0::1" should be in RFC 5952 canonical format ("fd00::1")'],
  [
    '::ffff:10.0.0.1',
    'f: non-standard IP address "::ffff:10.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
  ],
])('the address %s is warned of with %j', (address, want) => {
  expect(addressWarnings('f', address).join()).toBe(want);
});

test.each([
  ['10.0.0.0/8', ''],
  ['10.0.0.1/8', 'f: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)'],
  ['fd00:0::/64', 'f: IPv6 CIDR value "fd00:0::/64" should be in RFC 5952 canonical format ("fd00::/64")'],
])('the range %s is warned of with %j', (cidr, want) => {
  expect(cidrWarnings('f', cidr).join()).toBe(want);
});
