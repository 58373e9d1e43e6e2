import { describe, expect, test } from 'vitest';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { parseRoutes, routeChanges, wantedRoutes } from './routes.ts';

function node(name: string, podCIDRs: string[], addresses: string[], more: Partial<Node['metadata']> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...more },
    spec: podCIDRs.length > 0 ? { podCIDR: podCIDRs[0], podCIDRs } : {},
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  };
}

describe('a route is wanted', () => {
  test.each([
    {
      name: 'to the pods of another node',
      node: node('b', ['10.244.2.0/24'], ['192.0.2.2']),
      want: ['10.244.2.0/24 192.0.2.2'],
    },
    { name: 'not to our own', node: node('a', ['10.244.1.0/24'], ['192.0.2.1']), want: [] },
    { name: 'not without a pod CIDR', node: node('b', [], ['192.0.2.2']), want: [] },
    { name: 'not without an address', node: node('b', ['10.244.2.0/24'], []), want: [] },
    {
      name: 'not to a node that is going',
      node: node('b', ['10.244.2.0/24'], ['192.0.2.2'], { deletionTimestamp: 'x' }),
      want: [],
    },
    {
      name: 'by the address of its own family',
      node: node('b', ['10.244.2.0/24', 'fd01::/64'], ['fd00::2', '192.0.2.2']),
      want: ['10.244.2.0/24 192.0.2.2'],
    },
  ])('$name', ({ node, want }) => {
    expect(wantedRoutes([node], 'a').map(({ destination, gateway }) => `${destination} ${gateway}`)).toEqual(want);
  });
});

test('changes are what is missing, what leads elsewhere, and what nobody wants', () => {
  const route = (destination: string, gateway: string) => ({ destination, gateway });
  const current = [route('a', '1'), route('b', '2'), route('c', '3')];
  const wanted = [route('a', '1'), route('b', '9'), route('d', '4')];
  expect(routeChanges(current, wanted)).toEqual({ set: [route('b', '9'), route('d', '4')], remove: [route('c', '3')] });
});

test('reads what ip lists', () => {
  expect(parseRoutes('10.244.2.0/24 via 192.0.2.2 dev eth0 \n\ndefault dev x\n')).toEqual([
    { destination: '10.244.2.0/24', gateway: '192.0.2.2' },
  ]);
});
