import { describe, expect, test } from 'vitest';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { HostLinks } from './host-links.ts';
import { peersOf, podPaths } from './peers.ts';

function node(name: string, podCIDRs: string[], addresses: string[], more: Partial<Node['metadata']> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...more },
    spec: podCIDRs.length > 0 ? { podCIDR: podCIDRs[0], podCIDRs } : {},
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  };
}

describe('a peer is', () => {
  test.each([
    {
      name: 'another node with pods and an address',
      nodes: [node('b', ['10.244.2.0/24'], ['192.0.2.2'])],
      want: ['10.244.2.0/24 192.0.2.2'],
    },
    { name: 'not this node', nodes: [node('a', ['10.244.1.0/24'], ['192.0.2.1'])], want: [] },
    { name: 'not one without a pod CIDR', nodes: [node('b', [], ['192.0.2.2'])], want: [] },
    { name: 'not one without an address', nodes: [node('b', ['10.244.2.0/24'], [])], want: [] },
    {
      name: 'not one that is going',
      nodes: [node('b', ['10.244.2.0/24'], ['192.0.2.2'], { deletionTimestamp: 'x' })],
      want: [],
    },
    {
      name: 'reached by the address of its own family',
      nodes: [node('b', ['10.244.2.0/24', 'fd01::/64'], ['fd00::2', '192.0.2.2'])],
      want: ['10.244.2.0/24 192.0.2.2'],
    },
    {
      name: 'the older of two that claim the same pods',
      nodes: [
        node('b', ['10.244.2.0/24'], ['192.0.2.2'], { creationTimestamp: '2026-01-02T00:00:00Z' }),
        node('c', ['10.244.2.0/24'], ['192.0.2.3']),
      ],
      want: ['10.244.2.0/24 192.0.2.3'],
    },
  ])('$name', ({ nodes, want }) => {
    expect(peersOf(nodes, 'a').map(({ podCidr, address }) => `${podCidr} ${address}`)).toEqual(want);
  });
});

describe('the way to a peer', () => {
  const links: HostLinks = {
    addresses: [{ device: 'eth0', address: '172.18.0.2', prefixLength: 16, mtu: 1500 }],
    routes: [
      { destination: '0.0.0.0/0', gateway: '172.18.0.1', device: 'eth0', protocol: 'boot' },
      { destination: '172.18.0.0/16', gateway: undefined, device: 'eth0', protocol: 'kernel' },
    ],
  };
  const paths = (podCidr: string, address: string, from = links) =>
    podPaths([{ node: 'b', podCidr, address }], {
      links: from,
      ownCidrs: ['10.244.1.0/24'],
      tunnel: 'tk0-vx',
      isOfPods: ({ device }) => device === 'tk0-vx',
    });

  test('on the same link is a route by way of it', () => {
    expect(paths('10.244.2.0/24', '172.18.0.3')).toMatchObject({
      routes: [{ destination: '10.244.2.0/24', gateway: '172.18.0.3', device: 'eth0' }],
      neighbours: [{ node: 'b' }],
      distant: [],
    });
  });

  test('behind a router is the tunnel', () => {
    expect(paths('10.244.2.0/24', '172.19.0.3')).toMatchObject({
      routes: [{ destination: '10.244.2.0/24', gateway: '10.244.2.0', device: 'tk0-vx' }],
      neighbours: [],
      distant: [{ node: 'b' }],
    });
  });

  test.each([
    {
      name: 'leads nowhere',
      podCidr: '10.244.2.0/24',
      address: '192.0.2.1',
      routes: [],
      problem: 'no route leads to b',
    },
    { name: 'ends here', podCidr: '10.244.2.0/24', address: '172.18.0.2', routes: links.routes, problem: 'own' },
    {
      name: "would hide this node's own pods",
      podCidr: '10.244.0.0/16',
      address: '172.18.0.3',
      routes: links.routes,
      problem: 'as this node has at 10.244.1.0/24',
    },
  ])('that $name is none, and said', ({ podCidr, address, routes, problem }) => {
    const found = paths(podCidr, address, { ...links, routes });
    expect(found).toMatchObject({
      routes: [],
      neighbours: [],
      distant: [],
      problems: [expect.stringContaining(problem)],
    });
  });
});
