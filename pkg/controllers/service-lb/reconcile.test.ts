import { describe, expect, test } from 'vitest';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import { parseAddressPool, type AddressPool } from './address-pool.ts';
import { addressHolders, planLoadBalancer, POOL_ADDRESS_CONDITION, POOL_CLASS } from './reconcile.ts';

const NOW = '2026-01-01T12:00:00Z';
const marked = [
  { type: POOL_ADDRESS_CONDITION, status: 'True', reason: 'Assigned', message: '', lastTransitionTime: NOW },
];

function pool(text: string): AddressPool {
  const parsed = parseAddressPool(text);
  if (!parsed.ok) throw new Error(parsed.item);
  return parsed.pool;
}

function balanced(
  name: string,
  {
    ip,
    mark = ip !== undefined,
    age = 1,
    ...spec
  }: Partial<Service['spec']> & { ip?: string; mark?: boolean; age?: number } = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'ns',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: `2026-01-${String(28 - age).padStart(2, '0')}T00:00:00Z`,
    },
    spec: { type: 'LoadBalancer', clusterIP: '10.96.0.1', ports: [{ port: 80 }], ...spec },
    status: {
      loadBalancer: ip === undefined ? {} : { ingress: [{ ip, ipMode: 'VIP' }] },
      ...(mark && { conditions: marked }),
    },
  };
}

/** What becomes of the first Service beside the others: its address, a sentence, or that nothing is to be done. */
function outcome(services: [Service, ...Service[]], addresses = '192.0.2.10-192.0.2.12'): string {
  const plan = planLoadBalancer(services[0], addressHolders(services), pool(addresses), NOW);
  if (plan.do === 'nothing') return 'as it is';
  const ingress = plan.status?.loadBalancer?.ingress?.[0]?.ip;
  const condition = plan.status?.conditions?.some(({ type }) => type === POOL_ADDRESS_CONDITION) === true;
  if (plan.do === 'wait')
    return `waits${plan.status === undefined ? '' : ` without ${ingress ?? 'one'}`}: ${plan.message}`;
  return `${ingress ?? 'none'}${condition ? '' : ', unmarked'}`;
}

describe('a Service of type LoadBalancer', () => {
  test.each<{ name: string; services: [Service, ...Service[]]; want: string }>([
    {
      name: 'gets the first free address',
      services: [balanced('a'), balanced('b', { ip: '192.0.2.10' })],
      want: '192.0.2.11',
    },
    { name: 'keeps what it has', services: [balanced('a', { ip: '192.0.2.12' })], want: 'as it is' },
    {
      name: 'gets the address it asks for',
      services: [balanced('a', { loadBalancerIP: '192.0.2.12' })],
      want: '192.0.2.12',
    },
    {
      name: 'changes to the address it asks for later',
      services: [balanced('a', { ip: '192.0.2.10', loadBalancerIP: '192.0.2.12' })],
      want: '192.0.2.12',
    },
    {
      name: 'waits for an address that another has',
      services: [balanced('a', { loadBalancerIP: '192.0.2.10' }), balanced('b', { ip: '192.0.2.10' })],
      want: 'waits: the address 192.0.2.10 is in use by ns/b',
    },
    {
      name: 'asks in vain for one outside the pool, and has none then',
      services: [balanced('a', { ip: '192.0.2.10', loadBalancerIP: '198.51.100.1' })],
      want: 'waits without one: the address 198.51.100.1 is not in the pool',
    },
    {
      name: 'gives way to the older one that has the same address',
      services: [balanced('a', { ip: '192.0.2.10', age: 1 }), balanced('b', { ip: '192.0.2.10', age: 2 })],
      want: '192.0.2.11',
    },
    {
      name: 'keeps its address from a younger one',
      services: [balanced('a', { ip: '192.0.2.10', age: 2 }), balanced('b', { ip: '192.0.2.10', age: 1 })],
      want: 'as it is',
    },
    {
      name: 'leaves an address that left the pool',
      services: [balanced('a', { ip: '203.0.113.1' })],
      want: '192.0.2.10',
    },
    { name: 'of our class gets one', services: [balanced('a', { loadBalancerClass: POOL_CLASS })], want: '192.0.2.10' },
    {
      name: 'of another class is left alone, with what others gave it',
      services: [balanced('a', { loadBalancerClass: 'example.com/lb', ip: '192.0.2.10', mark: false })],
      want: 'as it is',
    },
    {
      name: 'waits while the pool is empty',
      services: [
        balanced('a'),
        balanced('b', { ip: '192.0.2.10' }),
        balanced('c', { ip: '192.0.2.11' }),
        balanced('d', { ip: '192.0.2.12' }),
      ],
      want: 'waits: no address in the pool is free',
    },
    {
      name: 'that is something else now loses its address',
      services: [balanced('a', { type: 'ClusterIP', ip: '192.0.2.10' })],
      want: 'none, unmarked',
    },
    { name: 'of another type is left alone', services: [balanced('a', { type: 'ClusterIP' })], want: 'as it is' },
  ])('$name', ({ services, want }) => {
    expect(outcome(services)).toBe(want);
  });

  test('never shares an address with another, in whatever order they come', () => {
    let all = ['a', 'b', 'c', 'd', 'e'].map((name, age) =>
      balanced(name, { age, ...(age === 3 && { loadBalancerIP: '192.0.2.11' }) }),
    );
    for (let turn = 0; turn < 10; turn++)
      for (const { metadata } of all)
        all = all.map((service) => {
          if (service.metadata.name !== metadata.name) return service;
          const plan = planLoadBalancer(service, addressHolders(all), pool('192.0.2.8/29'), NOW);
          return plan.do === 'nothing' || plan.status === undefined ? service : { ...service, status: plan.status };
        });
    const given = all.map(({ status }) => status.loadBalancer?.ingress?.[0]?.ip);
    expect(new Set(given).size).toBe(5);
    expect(given).not.toContain(undefined);
  });
});

describe('a pool', () => {
  test.each([
    { text: '192.0.2.8/30', first: '192.0.2.8', has: '192.0.2.11', hasNot: '192.0.2.12' },
    { text: '192.0.2.250 - 192.0.3.1, 198.51.100.7', first: '192.0.2.250', has: '198.51.100.7', hasNot: '192.0.3.2' },
  ])('of $text begins at $first', ({ text, first, has, hasNot }) => {
    expect(pool(text).free(() => false)).toBe(first);
    expect([pool(text).has(has), pool(text).has(hasNot)]).toEqual([true, false]);
  });

  test.each(['', ' , ', '192.0.2.9-192.0.2.1', '192.0.2', '192.0.2.1-', 'fd00::/64', '1.2.3.4-1.2.3.5-1.2.3.6'])(
    'is not made of "%s"',
    (text) => {
      expect(parseAddressPool(text)).toMatchObject({ ok: false });
    },
  );
});
