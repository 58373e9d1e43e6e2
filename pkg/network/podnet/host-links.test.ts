import { expect, test } from 'vitest';
import { parseAddresses, parseRoutes, wayTo, type HostLinks } from './host-links.ts';

const links: HostLinks = {
  addresses: [{ device: 'eth0', address: '172.18.0.2', prefixLength: 16, mtu: 1500 }],
  routes: [
    { destination: '0.0.0.0/0', gateway: '172.18.0.1', device: 'eth0', protocol: 'boot' },
    { destination: '172.18.0.0/16', gateway: undefined, device: 'eth0', protocol: 'kernel' },
    { destination: '172.18.9.0/24', gateway: '172.18.0.9', device: 'eth0', protocol: 'static' },
    { destination: '10.244.2.0/24', gateway: '172.18.0.3', device: 'eth0', protocol: '84' },
  ],
};

test.each([
  { address: '172.18.0.3', way: { is: 'on-link', device: 'eth0' } },
  { address: '172.18.0.2', way: { is: 'here' } },
  { address: '172.18.9.3', way: { is: 'behind-a-router' } },
  { address: '192.0.2.1', way: { is: 'behind-a-router' } },
])('the way to $address is $way.is', ({ address, way }) => {
  expect(wayTo(address, links)).toEqual(way);
});

test('without a route there is no way, and what is to be passed over is no route', () => {
  expect(wayTo('192.0.2.1', { ...links, routes: links.routes.slice(1) })).toEqual({ is: 'none' });
  expect(wayTo('172.18.0.3', links, ({ device }) => device === 'eth0')).toEqual({ is: 'none' });
});

test('reads what ip lists', () => {
  const routes = [
    { dst: 'default', gateway: '10.0.0.1', dev: 'eth0', flags: [] },
    { dst: '10.0.0.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link', prefsrc: '10.0.0.5', flags: ['linkdown'] },
    { dst: '10.0.9.9', dev: 'eth1', protocol: '84' },
    { dst: '10.3.0.0/16', nexthops: [{ gateway: '10.0.0.3', dev: 'eth0', weight: 1 }, { dev: 'eth1' }] },
    { type: 'blackhole', dst: '10.8.0.0/16', dev: 'lo' },
    'nonsense',
  ];
  expect(parseRoutes(JSON.stringify(routes))).toEqual([
    { destination: '0.0.0.0/0', gateway: '10.0.0.1', device: 'eth0', protocol: '' },
    { destination: '10.0.0.0/24', gateway: undefined, device: 'eth0', protocol: 'kernel' },
    { destination: '10.0.9.9/32', gateway: undefined, device: 'eth1', protocol: '84' },
    { destination: '10.3.0.0/16', gateway: '10.0.0.3', device: 'eth0', protocol: '' },
  ]);
  const addresses = [{ ifname: 'eth0', mtu: 1400, addr_info: [{ local: '10.0.0.5', prefixlen: 24 }, {}] }, {}];
  expect(parseAddresses(JSON.stringify(addresses))).toEqual([
    { device: 'eth0', address: '10.0.0.5', prefixLength: 24, mtu: 1400 },
  ]);
  expect([parseRoutes(''), parseRoutes('{'), parseAddresses('7')]).toEqual([[], [], []]);
});
