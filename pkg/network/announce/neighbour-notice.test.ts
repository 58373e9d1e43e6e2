import { expect, test } from 'vitest';
import type { HostLinks } from '../podnet/host-links.ts';
import { linkOf, noticeTarget } from './neighbour-notice.ts';

const links: HostLinks = {
  addresses: [
    { device: 'eth0', address: '172.18.0.2', prefixLength: 16, mtu: 1500 },
    { device: 'tk0', address: '10.244.1.1', prefixLength: 24, mtu: 1500 },
    { device: 'tk0-lb', address: '172.18.255.200', prefixLength: 32, mtu: 1500 },
  ],
  routes: [
    { destination: '0.0.0.0/0', gateway: '172.18.0.1', device: 'eth0', protocol: 'boot' },
    { destination: '172.18.0.0/16', gateway: undefined, device: 'eth0', protocol: 'kernel' },
  ],
};

test('the link of an address is the one around it, not the device that holds it', () => {
  expect(linkOf('172.18.255.200', links)).toEqual({ device: 'eth0', cidr: '172.18.0.2/16' });
  expect(linkOf('203.0.113.1', links)).toBeUndefined();
});

test('neighbours are asked for by a number that is nobody of ours', () => {
  expect(noticeTarget('172.18.255.200', links)).toEqual({ device: 'eth0', neighbour: '172.18.255.254' });
  expect(noticeTarget('172.18.255.254', links)?.neighbour).toBe('172.18.255.253');
  const last = { device: 'eth0', address: '172.18.255.254', prefixLength: 32, mtu: 1500 };
  expect(noticeTarget('172.18.255.200', { ...links, addresses: [...links.addresses, last] })?.neighbour).toBe(
    '172.18.255.253',
  );
});

test('nobody is told of an address that belongs to no link, or when the link is down', () => {
  expect(noticeTarget('203.0.113.1', links)).toBeUndefined();
  expect(noticeTarget('172.18.255.200', { ...links, routes: links.routes.slice(0, 1) })).toBeUndefined();
});
