import { describe, expect, test } from 'vitest';
import type { Node, Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { POOL_ADDRESS_CONDITION } from '../proxy/service-port.ts';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { announcements } from './announcements.ts';

const NAMES = ['a', 'b', 'c', 'd'];

function node(
  name: string,
  { ready = 'True', ...more }: Partial<Node['metadata']> & { ready?: string; ip?: string } = {},
): Node {
  const { ip = `192.0.2.${NAMES.indexOf(name) + 1}`, ...metadata } = more;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: {},
    status: { addresses: [{ type: 'InternalIP', address: ip }], conditions: [{ type: 'Ready', status: ready }] },
  };
}

function balanced(name: string, ip: string, spec: Partial<Service['spec']> = {}, marked = true): Service {
  const service = testService(name, { type: 'LoadBalancer', ...spec }, { ingress: [ip] });
  const conditions = [
    { type: POOL_ADDRESS_CONDITION, status: 'True', reason: 'Assigned', message: '', lastTransitionTime: '' },
  ];
  return marked ? { ...service, status: { ...service.status, conditions } } : service;
}

interface Scene {
  readonly services?: readonly Service[];
  readonly slices?: readonly EndpointSlice[];
  readonly nodes?: readonly Node[];
  /** Whom each node found dead. */
  readonly dead?: Readonly<Record<string, readonly string[]>>;
  readonly lingering?: readonly string[];
}

const IP = '192.0.2.200';

/** Who holds the addresses, and who looks after whom: `a>b`. */
function scene({
  services = [balanced('web', IP)],
  slices = [],
  nodes = NAMES.map((name) => node(name)),
  dead = {},
  lingering = [],
}: Scene) {
  const views = NAMES.map((nodeName) => ({
    nodeName,
    ...announcements({
      services,
      slicesOf: () => slices,
      nodes,
      nodeName,
      dead: new Set(dead[nodeName]),
      lingering: new Set(lingering),
      segmentOf: (address) => (address.startsWith('192.0.2.') ? '192.0.2.0/24' : undefined),
    }),
  }));
  return {
    holders: (address = IP) => views.filter(({ hold }) => hold.includes(address)).map(({ nodeName }) => nodeName),
    successors: (name: string) => views.find(({ nodeName }) => nodeName === name)?.successors ?? [],
    watches: views.flatMap(({ nodeName, watch }) => [...watch.keys()].map((other) => `${nodeName}>${other}`)),
  };
}

describe('an address', () => {
  const [first = ''] = scene({}).holders();
  const others = NAMES.filter((name) => name !== first);

  test('is held by one node, whatever the order in which nodes are known', () => {
    expect(scene({}).holders()).toEqual([first]);
    expect(scene({ nodes: NAMES.toReversed().map((name) => node(name)) }).holders()).toEqual([first]);
  });

  test('is not the only one on its node: addresses are spread', () => {
    const services = Array.from({ length: 40 }, (_, index) => balanced(`s${index}`, `192.0.2.${index + 100}`));
    const holders = services.map((_, index) =>
      scene({ services })
        .holders(`192.0.2.${index + 100}`)
        .join(),
    );
    expect(new Set(holders)).toEqual(new Set(NAMES));
  });

  test.each([
    { name: 'is not ready', change: (name: string) => node(name, { ready: 'Unknown' }) },
    { name: 'is going', change: (name: string) => node(name, { deletionTimestamp: 'x' }) },
    {
      name: 'takes no part',
      change: (name: string) =>
        node(name, { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }),
    },
    { name: 'is on another link', change: (name: string) => node(name, { ip: '198.51.100.1' }) },
  ])('moves to one other node when its own $name', ({ change }) => {
    const holders = scene({ nodes: NAMES.map((name) => (name === first ? change(name) : node(name))) }).holders();
    expect(holders).toHaveLength(1);
    expect(others).toContain(holders[0]);
  });

  test('stays where it is when some other node goes', () => {
    for (const gone of others)
      expect(scene({ nodes: NAMES.filter((name) => name !== gone).map((name) => node(name)) }).holders()).toEqual([
        first,
      ]);
  });

  test('stays held when no node is ready any more', () => {
    expect(scene({ nodes: NAMES.map((name) => node(name, { ready: 'Unknown' })) }).holders()).toEqual([first]);
  });

  test('is taken over by the next node that finds its holder dead, and by no other', () => {
    const next =
      others.find((name) =>
        scene({ dead: { [name]: [first] } })
          .holders()
          .includes(name),
      ) ?? '';
    expect(next).not.toBe('');
    const all = Object.fromEntries(others.map((name) => [name, [first]]));
    expect(scene({ dead: all }).holders().toSorted()).toEqual([first, next].toSorted());
    expect(scene({}).watches).toContain(`${next}>${first}`);
  });

  test('stays with a node that the API server has just lost, unless the next one finds it dead', () => {
    const nodes = NAMES.map((name) => node(name, name === first ? { ready: 'Unknown' } : {}));
    expect(scene({ nodes, lingering: [first] }).holders()).toEqual([first]);
    const dead = Object.fromEntries(others.map((name) => [name, [first]]));
    expect(scene({ nodes, lingering: [first], dead }).holders()).toHaveLength(2);
  });

  test('has two nodes that would take over, and its holder knows them', () => {
    const { successors } = scene({});
    expect(successors(first)).toHaveLength(2);
    expect(others.flatMap(successors)).toEqual([]);
  });

  test('is looked after by two nodes at most', () => {
    expect(scene({}).watches).toHaveLength(3);
  });

  test.each([
    { name: 'of somebody else', services: [balanced('web', IP, {}, false)] },
    { name: 'of a Service that is none any more', services: [balanced('web', IP, { type: 'ClusterIP' })] },
    { name: 'of no link here', services: [balanced('web', '203.0.113.1')] },
  ])('$name is left alone', ({ services }) => {
    const found = scene({ services });
    expect([found.holders(), found.holders('203.0.113.1'), found.watches]).toEqual([[], [], []]);
  });
});

describe('an address of a Service that keeps traffic on its node', () => {
  const services = [balanced('web', IP, { externalTrafficPolicy: 'Local' })];
  test.each([
    {
      name: 'is where a ready endpoint is',
      endpoints: [{ nodeName: 'd' }, { nodeName: 'a', state: 'leaving' as const }],
      want: ['d'],
    },
    {
      name: 'is where the last one terminates',
      endpoints: [{ nodeName: 'c', state: 'leaving' as const }],
      want: ['c'],
    },
    { name: 'is nowhere without endpoints', endpoints: [{ nodeName: 'b', state: 'gone' as const }], want: [] },
  ])('$name', ({ endpoints, want }) => {
    const slices = [
      testSlice(
        'web',
        endpoints.map((one, index) => testEndpoint(`10.244.0.${index}`, one)),
      ),
    ];
    const found = scene({ services, slices }).holders();
    expect(found).toEqual(want);
  });

  test('waits for a node that was just lost, whose endpoints count no more', () => {
    const slices = [testSlice('web', [testEndpoint('10.244.0.1', { nodeName: 'c' })])];
    const [before = ''] = NAMES.filter(
      (name) =>
        scene({ services, slices, nodes: lost(name), lingering: [name] })
          .holders()
          .join() === name,
    );
    expect(before).not.toBe('c');
    expect(scene({ services, slices, nodes: lost(before) }).holders()).toEqual(['c']);
  });
  const lost = (lostName: string) => NAMES.map((name) => node(name, name === lostName ? { ready: 'Unknown' } : {}));
});
