// What the commands of a change contain and in which order. That the kernel takes them and does what they say is tried in
// e2e/network.
import { describe, expect, test } from 'vitest';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { Endpoint, EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { HEARTBEAT_ANNOTATION } from '../heartbeat.ts';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { ipv4 } from './address-family.ts';
import type { HookOptions } from './hook-chains.ts';
import { rulesFor } from './rules.ts';
import { serviceRules, type ServiceRules } from './service-rules.ts';

const node = { name: 'here', clusterCidr: '10.244.0.0/16', ips: ['192.0.2.1'] };
const hooks: HookOptions = {
  clusterCidr: '10.244.0.0/16',
  masqueradeAll: false,
  bridgeNetfilter: true,
  localhostNodePorts: false,
  loopbackGuard: false,
  nodePortAddresses: [],
};
const rules = (service: Service, ...slices: EndpointSlice[]): ServiceRules => serviceRules(service, slices, node, ipv4);
const web = testService('web');
const two = testSlice('web', [testEndpoint('10.244.0.1'), testEndpoint('10.244.0.2')]);
const one = testSlice('web', [testEndpoint('10.244.0.1')]);
const none = testSlice('web', []);
const TABLE = 'ip typekube-proxy';
const CHAIN = 'cluster-ns/web/tcp/p80';

describe('a change', () => {
  test('of nothing is no command', () => {
    const table = rulesFor([web], [two], node);
    expect(table.update(new Map([['ns/web', rules(web, two)]]))).toBe('');
  });

  test('of endpoints refills the one chain and touches the sets only where they differ', () => {
    const table = rulesFor([web, testService('other', { clusterIP: '10.96.0.2' })], [two], node);
    expect(
      table
        .update(new Map([['ns/web', rules(web, one)]]))
        .trim()
        .split('\n'),
    ).toEqual([
      `flush chain ${TABLE} ${CHAIN}`,
      `add rule ${TABLE} ${CHAIN} meta l4proto tcp dnat to 10.244.0.1:8080`,
      `delete element ${TABLE} hairpin-pairs { 10.244.0.2 . 10.244.0.2 }`,
    ]);
  });

  test('to no endpoints leads to refusal before the chain goes', () => {
    const table = rulesFor([web], [one], node);
    expect(
      table
        .update(new Map([['ns/web', rules(web, none)]]))
        .trim()
        .split('\n'),
    ).toEqual([
      `delete element ${TABLE} hairpin-pairs { 10.244.0.1 . 10.244.0.1 }`,
      `delete element ${TABLE} service-ips { 10.96.0.1 . tcp . 80 }`,
      `add element ${TABLE} no-endpoint-services { 10.96.0.1 . tcp . 80 : goto reject-traffic }`,
      `flush chain ${TABLE} ${CHAIN}`,
      `delete chain ${TABLE} ${CHAIN}`,
    ]);
  });

  test('that adds a Service defines chains before rules and rules before what leads to them', () => {
    const table = rulesFor([], [], node);
    const commands = table.update(
      new Map([
        ['ns/web', rules(testService('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] }), two)],
      ]),
    );
    const order = commands
      .trim()
      .split('\n')
      .map((command) => command.split(' ').slice(0, 2).join(' '));
    expect(order).toEqual(order.toSorted((a, b) => rank(a) - rank(b)));
    expect(commands).toContain('service-nodeports { tcp . 30080 : goto external-ns/web/tcp/p80 }');
  });

  test('keeps an element while another Service has it too', () => {
    const table = rulesFor(
      [web, testService('twin', { clusterIP: '10.96.0.2' })],
      [one, testSlice('twin', [testEndpoint('10.244.0.1')])],
      node,
    );
    expect(table.update(new Map([['ns/twin', undefined]]))).not.toContain('hairpin-pairs');
    expect(table.update(new Map([['ns/web', undefined]]))).toContain('hairpin-pairs { 10.244.0.1 . 10.244.0.1 }');
    expect(table.size).toBe(0);
  });

  test('gives a contested address to the next Service when the first one goes', () => {
    const external = { externalIPs: ['198.51.100.1'] };
    const older = testService('older', { clusterIP: '10.96.0.2', ...external });
    const younger = testService('younger', { clusterIP: '10.96.0.3', ...external });
    younger.metadata.creationTimestamp = '2026-02-01T00:00:00Z';
    const slices = [
      testSlice('older', [testEndpoint('10.244.0.1')]),
      testSlice('younger', [testEndpoint('10.244.0.2')]),
    ];
    const table = rulesFor([younger, older], slices, node);
    expect(table.text(hooks)).toContain('198.51.100.1 . tcp . 80 : goto external-ns/older/tcp/p80');
    expect(table.text(hooks)).not.toContain('198.51.100.1 . tcp . 80 : goto external-ns/younger/tcp/p80');
    const after = table.update(new Map([['ns/older', undefined]]));
    expect(after).toContain(
      'add element ip typekube-proxy service-ips { 198.51.100.1 . tcp . 80 : goto external-ns/younger/tcp/p80 }',
    );
  });

  test('of the affinity timeout uses sets of another name', () => {
    const sticky = (timeoutSeconds: number) =>
      testService('web', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds } } });
    const table = rulesFor([sticky(60)], [one], node);
    const change = table.update(new Map([['ns/web', rules(sticky(90), one)]]));
    expect(change).toContain(`add set ${TABLE} affinity-90-ns/web/tcp/p80-to-10.244.0.1/8080`);
    expect(change).toContain(`delete set ${TABLE} affinity-60-ns/web/tcp/p80-to-10.244.0.1/8080`);
  });
});

describe('an endpoint with a heartbeat', () => {
  const names = testService('names', { ports: [{ name: '', port: 53, protocol: 'UDP' }] });
  const beating = (...endpoints: Endpoint[]) => {
    const slice = testSlice('names', endpoints, { ports: [{ name: '', port: 53, protocol: 'UDP' }] });
    slice.metadata.annotations = { [HEARTBEAT_ANNOTATION]: 'true' };
    return rules(names, slice);
  };
  const on = (nodeName: string) => ({ nodeName, hints: { forNodes: [{ name: nodeName }] } });
  const own = testEndpoint('10.244.0.1', on('here'));
  const chain = (found: ServiceRules) => found.chains.get('cluster-ns/names/udp/p53');

  test('has the clients of its node while it is heard, and others have them while it is not', () => {
    const found = beating(own, testEndpoint('10.244.1.1', on('there')));
    expect(chain(found)).toEqual([
      'ip daddr . th dport @heartbeats meta l4proto udp dnat to 10.244.0.1:53',
      'meta l4proto udp dnat to 10.244.1.1:53',
    ]);
    expect(found.elements).toContainEqual({ collection: 'beat-ways', key: '10.244.0.1 . 53 . 10.96.0.1 . 53' });
  });

  test('has them all the time when there is nobody else', () => {
    for (const others of [[], [testEndpoint('10.244.1.1', { ...on('there'), state: 'gone' })]])
      expect(chain(beating(own, ...others))).toEqual(['meta l4proto udp dnat to 10.244.0.1:53']);
  });

  test('of another node is one among others', () => {
    const found = beating(testEndpoint('10.244.1.1', on('there')));
    expect(chain(found)).toEqual(['meta l4proto udp dnat to 10.244.1.1:53']);
    expect(found.elements.filter(({ collection }) => collection.startsWith('beat'))).toEqual([]);
  });
});

describe('the whole text', () => {
  test('replaces the table in one transaction', () => {
    const [first, second, third] = rulesFor([web], [one], node).text(hooks).split('\n');
    expect([first, second, third]).toEqual([`add table ${TABLE}`, `delete table ${TABLE}`, `add table ${TABLE}`]);
  });

  test.each([
    {
      name: 'clients from outside the pods',
      options: hooks,
      want: 'ip daddr @cluster-ips ip saddr != 10.244.0.0/16 jump mark-for-masquerade',
    },
    {
      name: 'everybody when told so',
      options: { ...hooks, masqueradeAll: true },
      want: 'ip daddr @cluster-ips jump mark-for-masquerade',
    },
    {
      name: 'pods among each other when bridged packets pass no rules',
      options: { ...hooks, bridgeNetfilter: false },
      want: 'ct status dnat ip saddr 10.244.0.0/16 ip daddr 10.244.0.0/16 masquerade fully-random',
    },
  ])('masquerades $name', ({ options, want }) => {
    const withIt = rulesFor([], [], node).text(options);
    expect(withIt).toContain(want);
  });

  test('leaves 127.0.0.0/8 out of node ports unless the kernel allows it', () => {
    const text = (options: HookOptions) => rulesFor([], [], node).text(options);
    expect(text(hooks)).toContain('ip daddr != 127.0.0.0/8 fib daddr type local');
    expect(text({ ...hooks, localhostNodePorts: true })).not.toContain('127.0.0.0/8');
    expect(text({ ...hooks, localhostNodePorts: true, loopbackGuard: true })).toContain(
      'iifname != "lo" ip daddr 127.0.0.0/8 drop',
    );
  });
});

function rank(command: string): number {
  return ['add set', 'add chain', 'flush chain', 'add rule', 'delete element', 'add element'].indexOf(command);
}
