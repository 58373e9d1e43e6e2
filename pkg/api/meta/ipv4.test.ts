import { expect, test } from 'vitest';
import { cidrHas, cidrsOverlap, ipv4Number, ipv4Range, ipv4Text, networkAddress } from './ipv4.ts';

test.each([
  { cidr: '10.244.1.0/24', first: '10.244.1.0', last: '10.244.1.255' },
  { cidr: '10.244.1.77/24', first: '10.244.1.0', last: '10.244.1.255' },
  { cidr: '0.0.0.0/0', first: '0.0.0.0', last: '255.255.255.255' },
  { cidr: '255.255.255.255/32', first: '255.255.255.255', last: '255.255.255.255' },
  { cidr: '172.18.0.3', first: '172.18.0.3', last: '172.18.0.3' },
])('$cidr goes from $first to $last', ({ cidr, first, last }) => {
  const range = ipv4Range(cidr);
  expect(range && [ipv4Text(range.first), ipv4Text(range.last)]).toEqual([first, last]);
  expect(networkAddress(cidr)).toBe(first);
  expect(cidrHas(cidr, first) && cidrHas(cidr, last)).toBe(true);
});

test.each(['', '10.0.0/8', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/64', '10.0.0.0/-1'])(
  '"%s" is no range',
  (text) => {
    expect(ipv4Range(text)).toBeUndefined();
    expect(cidrHas(text, '10.0.0.1')).toBe(false);
    expect(cidrsOverlap(text, '10.0.0.0/8')).toBe(false);
  },
);

test('tells overlap and containment apart from neighbourhood', () => {
  expect(cidrsOverlap('10.244.0.0/16', '10.244.3.0/24')).toBe(true);
  expect(cidrsOverlap('10.244.3.0/24', '10.244.0.0/16')).toBe(true);
  expect(cidrsOverlap('10.244.2.0/24', '10.244.3.0/24')).toBe(false);
  expect(cidrHas('10.244.2.0/24', '10.244.3.0')).toBe(false);
  expect(cidrHas('10.244.2.0/24', 'fd00::1')).toBe(false);
  expect(ipv4Number('1.2.3')).toBeUndefined();
});
