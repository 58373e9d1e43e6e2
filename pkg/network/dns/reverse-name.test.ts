import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressOfReverseName, reverseName } from './reverse-name.ts';

test('a reverse name leads back to its address', () => {
  fc.assert(fc.property(fc.ipV4(), (address) => addressOfReverseName(reverseName(address)) === address));
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
      return addressOfReverseName(reverseName(address)) === canonical;
    }),
  );
});

test.each([
  'in-addr.arpa',
  '1.2.3.in-addr.arpa',
  '1.2.3.256.in-addr.arpa',
  'x.2.3.4.in-addr.arpa',
  '1.ip6.arpa',
  'a.b',
])('%s is no address', (name) => {
  expect(addressOfReverseName(name)).toBeUndefined();
});
