import { expect, test } from 'vitest';
import type { HostLinks } from './host-links.ts';
import { hardwareAddress, peerCommands, tunnelDevice, tunnelFor } from './tunnel.ts';

const links: HostLinks = {
  routes: [],
  addresses: [{ device: 'eth0', address: '172.18.0.2', prefixLength: 16, mtu: 1400 }],
};
const peers = [
  { node: 'b', address: '172.19.0.3', podCidr: '10.244.2.0/24' },
  { node: 'c', address: '172.19.0.4', podCidr: '10.244.3.0/24' },
];

test('is as large as what carries it, less its own headers, and ends at the address of this node', () => {
  expect(tunnelFor('tk0-vx', { address: '172.18.0.2', podCidr: '10.244.1.0/24' }, peers, links)).toMatchObject({
    local: '172.18.0.2',
    address: '10.244.1.0',
    mtu: 1350,
  });
});

test.each([
  { name: 'its Node has no address', own: { address: undefined, podCidr: '10.244.1.0/24' } },
  { name: 'its Node has no pods', own: { address: '172.18.0.2', podCidr: undefined } },
  { name: 'the address of its Node is not here', own: { address: '172.18.0.7', podCidr: '10.244.1.0/24' } },
])('waits while $name', ({ own }) => {
  expect(tunnelFor('tk0-vx', own, peers, links)).toBeUndefined();
});

test('has a hardware address that no other node can have, and a name that the kernel takes', () => {
  expect(hardwareAddress('172.18.0.2')).toBe('0a:54:ac:12:00:02');
  expect(hardwareAddress('172.18.2.0')).not.toBe(hardwareAddress('172.18.0.2'));
  expect(tunnelDevice('tk0')).toBe('tk0-vx');
  expect(tunnelDevice('a-long-bridge12')).toHaveLength(15);
});

test('learns of peers that are new or moved and forgets those that are gone', () => {
  const tunnel = { device: 'vx', local: '172.18.0.2', address: '10.244.1.0', mtu: 1450, peers };
  const hardware = peers.map(({ address }) => hardwareAddress(address));
  expect(peerCommands(tunnel, { neighbours: [], forwarding: [] })).toEqual({
    ip: [
      `neigh replace 10.244.2.0 lladdr ${hardware[0]} dev vx nud permanent`,
      `neigh replace 10.244.3.0 lladdr ${hardware[1]} dev vx nud permanent`,
    ],
    bridge: [
      `fdb replace ${hardware[0]} dev vx dst 172.19.0.3 self permanent`,
      `fdb replace ${hardware[1]} dev vx dst 172.19.0.4 self permanent`,
    ],
  });
  const state = {
    neighbours: [
      { dst: '10.244.2.0', lladdr: hardware[0], state: ['PERMANENT'] },
      { dst: '10.244.3.0', lladdr: '0a:54:00:00:00:09' },
      { dst: '10.244.9.0', lladdr: '0a:54:00:00:00:09' },
    ],
    forwarding: [
      { mac: hardware[0], dst: '172.19.0.3', flags: ['self'] },
      { mac: '0a:54:00:00:00:09', dst: '172.19.0.9' },
    ],
  };
  expect(peerCommands(tunnel, state)).toEqual({
    ip: [
      'neigh del 10.244.3.0 dev vx',
      'neigh del 10.244.9.0 dev vx',
      `neigh replace 10.244.3.0 lladdr ${hardware[1]} dev vx nud permanent`,
    ],
    bridge: [
      'fdb del 0a:54:00:00:00:09 dev vx dst 172.19.0.9 self',
      `fdb replace ${hardware[1]} dev vx dst 172.19.0.4 self permanent`,
    ],
  });
});
