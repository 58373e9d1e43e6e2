// Services as clients meet them: real kernel rules in a node made of network namespaces.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock } from '../../pkg/clock/clock.ts';
import { ipv4 } from '../../pkg/network/proxy/address-family.ts';
import type { HookOptions } from '../../pkg/network/proxy/hook-chains.ts';
import { NftSession } from '../../pkg/network/proxy/nft-session.ts';
import { applyRules } from '../../pkg/network/proxy/nftables.ts';
import { rulesFor } from '../../pkg/network/proxy/rules.ts';
import { serviceRules, type ProxyNode } from '../../pkg/network/proxy/service-rules.ts';
import { NODE_NAME, service, slice } from './objects.ts';
import type { Answer } from './namespaces.ts';
import { CLUSTER_CIDR, NODE_IP, OUTSIDE_IP, TestNode } from './test-node.ts';

const node: ProxyNode = { name: NODE_NAME, clusterCidr: CLUSTER_CIDR, ips: [NODE_IP] };
const hooks: HookOptions = {
  clusterCidr: CLUSTER_CIDR,
  masqueradeAll: false,
  bridgeNetfilter: true,
  localhostNodePorts: true,
  loopbackGuard: true,
  nodePortAddresses: [],
};
const UDP = { port: 53, protocol: 'UDP' };
const elsewhere = { nodeName: 'another-node' };

const services = [
  service('web', { clusterIP: '10.96.0.1', type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
  service('alone', { clusterIP: '10.96.0.2' }),
  service('empty', { clusterIP: '10.96.0.3', type: 'NodePort', ports: [{ port: 80, nodePort: 30083 }] }),
  service('sticky', {
    clusterIP: '10.96.0.4',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  }),
  service('names', { clusterIP: '10.96.0.5', type: 'NodePort', ports: [{ ...UDP, nodePort: 30053 }] }),
  service('outside', { clusterIP: '10.96.0.6', externalIPs: ['198.51.100.6'] }),
  service('balanced', { clusterIP: '10.96.0.7', type: 'LoadBalancer' }, ['198.51.100.7']),
  service('fenced', { clusterIP: '10.96.0.8', type: 'LoadBalancer', loadBalancerSourceRanges: ['203.0.113.0/24'] }, [
    '198.51.100.8',
  ]),
  service('kept', {
    clusterIP: '10.96.0.9',
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    ports: [{ port: 80, nodePort: 30089 }],
  }),
  service('away', {
    clusterIP: '10.96.0.10',
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    ports: [{ port: 80, nodePort: 30090 }],
  }),
  service('inner', { clusterIP: '10.96.0.11', internalTrafficPolicy: 'Local' }),
  service('leaving', { clusterIP: '10.96.0.12' }),
];
const slices = [
  slice('web', [{ pod: 'p1' }, { pod: 'p2' }, { pod: 'p3' }]),
  slice('alone', [{ pod: 'p1' }]),
  slice('sticky', [{ pod: 'p1' }, { pod: 'p2' }, { pod: 'p3' }]),
  slice('names', [{ pod: 'p1' }, { pod: 'p2' }], { protocol: 'UDP' }),
  slice('outside', [{ pod: 'p2' }]),
  slice('balanced', [{ pod: 'p3' }]),
  slice('fenced', [{ pod: 'p3' }]),
  slice('kept', [{ pod: 'p1' }, { pod: 'p2', ...elsewhere }]),
  slice('away', [{ pod: 'p2', ...elsewhere }]),
  slice('inner', [{ pod: 'p1', ...elsewhere }]),
  slice('leaving', [{ pod: 'p1', conditions: { ready: false, serving: true, terminating: true } }]),
];

let host: TestNode;
const table = rulesFor(services, slices, node);

beforeAll(async () => {
  host = await TestNode.create('rules');
  await host.sysctls.set('net/ipv4/conf/all/route_localnet', '1');
  for (const pod of ['p1', 'p2', 'p3']) await host.run(['bridge', 'link', 'set', 'dev', pod, 'hairpin', 'on']);
  expect(await applyRules(table.text(hooks), host.run)).toEqual({ ok: true });
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
});

function podsOf(answers: readonly (Answer | string)[]): string[] {
  return answers.map((answer) => (typeof answer === 'string' ? answer : answer.pod));
}

describe('a Service', () => {
  test.each([
    { name: 'ClusterIP from a pod', from: 'p3', to: '10.96.0.2', port: 80, client: '10.244.7.13' },
    { name: 'ClusterIP from the node', from: 'node', to: '10.96.0.2', port: 80, client: '10.244.7.1' },
    { name: 'ClusterIP from the pod behind it (hairpin)', from: 'p1', to: '10.96.0.2', port: 80, client: '10.244.7.1' },
    { name: 'an external IP from outside', from: 'outside', to: '198.51.100.6', port: 80, client: '10.244.7.1' },
    {
      name: 'a load balancer address from outside',
      from: 'outside',
      to: '198.51.100.7',
      port: 80,
      client: '10.244.7.1',
    },
    { name: 'a load balancer address from a pod', from: 'p1', to: '198.51.100.7', port: 80, client: '10.244.7.1' },
    {
      name: 'a node port with policy Local keeps the client',
      from: 'outside',
      to: NODE_IP,
      port: 30089,
      client: OUTSIDE_IP,
    },
    {
      name: 'an endpoint that terminates but is the last one',
      from: 'p2',
      to: '10.96.0.12',
      port: 80,
      client: '10.244.7.12',
    },
  ] as const)('answers on $name', async ({ from, to, port, client }) => {
    const [answer] = await host.ask(from, to, port);
    expect(typeof answer === 'object' ? answer.client : answer).toBe(client);
  });

  test.each([
    { name: 'a pod', from: 'p2', to: NODE_IP },
    { name: 'the node', from: 'node', to: NODE_IP },
    { name: 'the node on 127.0.0.1', from: 'node', to: '127.0.0.1' },
    { name: 'the node on the address of its bridge', from: 'node', to: '10.244.7.1' },
    { name: 'outside', from: 'outside', to: NODE_IP },
  ] as const)('answers on its node port from $name, hairpin included', async ({ from, to }) => {
    const answers = podsOf(await host.ask(from, to, 30080, { times: 12 }));
    expect(answers.filter((pod) => !/^p[123]$/.test(pod))).toEqual([]);
  });

  test('spreads connections evenly over its endpoints', async () => {
    const counts = Map.groupBy(podsOf(await host.ask('p1', '10.96.0.1', 80, { times: 300 })), (pod) => pod);
    expect([...counts.keys()].toSorted()).toEqual(['p1', 'p2', 'p3']);
    // 100 expected of each; less than 60 would be five standard deviations away.
    for (const answers of counts.values()) expect(answers.length).toBeGreaterThan(60);
  });

  test('keeps a client with session affinity on one endpoint', async () => {
    const answers = podsOf(await host.ask('p2', '10.96.0.4', 80, { times: 20 }));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^p[123]$/);
  });

  test('answers UDP on ClusterIP and node port', async () => {
    expect(podsOf(await host.ask('p3', '10.96.0.5', 53, { protocol: 'udp' }))[0]).toMatch(/^p[12]$/);
    expect(podsOf(await host.ask('outside', NODE_IP, 30053, { protocol: 'udp' }))[0]).toMatch(/^p[12]$/);
  });

  test.each([
    { name: 'a ClusterIP without endpoints, from a pod', from: 'p1', to: '10.96.0.3', port: 80 },
    { name: 'a ClusterIP without endpoints, from the node', from: 'node', to: '10.96.0.3', port: 80 },
    { name: 'a node port without endpoints, from outside', from: 'outside', to: NODE_IP, port: 30083 },
    { name: 'a port that the Service does not have', from: 'p1', to: '10.96.0.2', port: 81 },
  ] as const)('refuses at once on $name', async ({ from, to, port }) => {
    expect(await host.ask(from, to, port)).toEqual(['refused']);
  });

  test.each([
    { name: 'a source outside loadBalancerSourceRanges', from: 'outside', to: '198.51.100.8', port: 80 },
    { name: 'a node port with policy Local and no endpoint here', from: 'outside', to: NODE_IP, port: 30090 },
    { name: 'an internal policy Local without an endpoint here', from: 'p3', to: '10.96.0.11', port: 80 },
  ] as const)('drops $name', async ({ from, to, port }) => {
    expect(await host.ask(from, to, port, { timeoutMs: 400 })).toEqual(['timeout']);
  });

  test('with policy Local and no endpoint here still answers clients of the cluster', async () => {
    expect(podsOf(await host.ask('p3', NODE_IP, 30090))).toEqual(['p2']);
    expect(podsOf(await host.ask('node', NODE_IP, 30090))).toEqual(['p2']);
  });
});

describe('the rules', () => {
  test('follow a change of one Service, its removal included, by that change alone', async () => {
    const alone = services.find((one) => one.metadata.name === 'alone');
    if (alone === undefined) throw new Error('no such Service');
    const moved = serviceRules(alone, [slice('alone', [{ pod: 'p2' }, { pod: 'p3' }])], node, ipv4);
    const change = table.update(new Map([['default/alone', moved]]));
    expect(change).not.toContain('default/web');
    expect(await applyRules(change, host.run)).toEqual({ ok: true });
    expect(podsOf(await host.ask('p1', '10.96.0.2', 80))[0]).toMatch(/^p[23]$/);

    expect(await applyRules(table.update(new Map([['default/alone', undefined]])), host.run)).toEqual({ ok: true });
    expect(await host.ruleset()).not.toContain('default/alone');
    expect(await applyRules(table.update(new Map([['default/sticky', undefined]])), host.run)).toEqual({ ok: true });
    expect(await host.ruleset()).not.toContain('sticky');
  });

  test('of one Service among 5,000 change in milliseconds', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      service(`s${index}`, { clusterIP: `10.97.${Math.floor(index / 250)}.${(index % 250) + 1}` }),
    );
    const ends = many.map((one) => slice(one.metadata.name ?? '', [{ pod: 'p1' }, { pod: 'p2' }]));
    const big = rulesFor(many, ends, node, { tableName: 'tknet-many' });
    const started = performance.now();
    expect(await applyRules(big.text(hooks), host.run)).toEqual({ ok: true });
    const loaded = performance.now();
    const times: number[] = [];
    await using session = new NftSession({
      clock: realClock,
      command: ['ip', 'netns', 'exec', host.namespace('node'), 'nft', '-i'],
    });
    for (const pod of ['p3', 'p1', 'p3', 'p1', 'p2'] as const) {
      const from = performance.now();
      const rules = serviceRules(many[2_500] ?? service('', {}), [slice('s2500', [{ pod }])], node, ipv4);
      expect(await session.apply(big.update(new Map([['default/s2500', rules]])))).toEqual({ ok: true });
      times.push(performance.now() - from);
    }
    console.log(
      `5,000 Services loaded in ${Math.round(loaded - started)} ms; one changed in ${times.map(Math.round).join(', ')} ms`,
    );
    expect(podsOf(await host.ask('p1', '10.97.10.1', 80))).toEqual(['p2']);
    expect(await applyRules(big.removal(), host.run)).toEqual({ ok: true });
  });

  test('are gone without a trace after removal', async () => {
    expect(await applyRules(table.removal(), host.run)).toEqual({ ok: true });
    expect(await host.ruleset()).toBe('');
  });
});
