import { describe, expect, test } from 'vitest';
import { chooseEndpoints } from './endpoint-choice.ts';
import type { ProxyEndpoint } from './service-port.ts';

const node = { name: 'here', zone: 'z1' };
const anywhere = { internalLocal: false, externalLocal: false };

function endpoint(address: string, more: Partial<ProxyEndpoint> = {}): ProxyEndpoint {
  const state = { ready: true, serving: true, terminating: false, beats: false };
  return { address, port: 80, nodeName: 'there', ...state, zoneHints: [], nodeHints: [], ...more };
}
const leaving = { ready: false, serving: true, terminating: true };
const dead = { ready: false, serving: false, terminating: true };
const starting = { ready: false, serving: false, terminating: false };
const addresses = (endpoints: readonly ProxyEndpoint[]) => endpoints.map(({ address }) => address);

describe('for policy Cluster', () => {
  test.each([
    {
      name: 'only ready ones',
      endpoints: [endpoint('a'), endpoint('b', leaving), endpoint('c', starting)],
      want: ['a'],
    },
    {
      name: 'those that still serve when none is ready',
      endpoints: [endpoint('a', leaving), endpoint('b', dead)],
      want: ['a'],
    },
    { name: 'none when nobody serves', endpoints: [endpoint('a', starting), endpoint('b', dead)], want: [] },
    {
      name: 'those of the zone when all have hints',
      endpoints: [endpoint('a', { zoneHints: ['z1'] }), endpoint('b', { zoneHints: ['z2'] })],
      want: ['a'],
    },
    {
      name: 'all when one has no hint',
      endpoints: [endpoint('a', { zoneHints: ['z1'] }), endpoint('b')],
      want: ['a', 'b'],
    },
    {
      name: 'all when no hint is for this zone',
      endpoints: [endpoint('a', { zoneHints: ['z2'] }), endpoint('b', { zoneHints: ['z3'] })],
      want: ['a', 'b'],
    },
    {
      name: 'those of the node before those of the zone',
      endpoints: [
        endpoint('a', { zoneHints: ['z1'], nodeHints: ['here'] }),
        endpoint('b', { zoneHints: ['z1'], nodeHints: ['there'] }),
      ],
      want: ['a'],
    },
    {
      name: 'those of the zone when no node hint is for this node',
      endpoints: [
        endpoint('a', { zoneHints: ['z1'], nodeHints: ['x'] }),
        endpoint('b', { zoneHints: ['z2'], nodeHints: ['y'] }),
      ],
      want: ['a'],
    },
    {
      name: 'hints of ready endpoints only',
      endpoints: [endpoint('a', { zoneHints: ['z1'] }), endpoint('b', leaving)],
      want: ['a'],
    },
  ])('chooses $name', ({ endpoints, want }) => {
    expect(addresses(chooseEndpoints(anywhere, endpoints, node).cluster)).toEqual(want);
  });

  test('does not look at zones on a node that has none', () => {
    const endpoints = [endpoint('a', { zoneHints: ['z1'] }), endpoint('b', { zoneHints: ['z2'] })];
    expect(addresses(chooseEndpoints(anywhere, endpoints, { name: 'here' }).cluster)).toEqual(['a', 'b']);
  });
});

describe('for policy Local', () => {
  const local = { internalLocal: true, externalLocal: false };

  test('chooses those of this node, also terminating ones when none of them is ready', () => {
    const here = { nodeName: 'here' };
    const endpoints = [endpoint('a', { ...here, ...leaving }), endpoint('b')];
    expect(addresses(chooseEndpoints(local, endpoints, node).local)).toEqual(['a']);
    expect(addresses(chooseEndpoints(local, [...endpoints, endpoint('c', here)], node).local)).toEqual(['c']);
  });

  test('knows that somebody elsewhere could answer', () => {
    expect(chooseEndpoints(local, [endpoint('a')], node)).toMatchObject({ local: [], any: true });
    expect(chooseEndpoints(local, [endpoint('a', dead)], node)).toMatchObject({ local: [], any: false });
  });
});
