// The host's side of the pod network in a node made of network namespaces, whose packet filter is as a container engine
// leaves it: forwarding dropped unless somebody accepts it.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { realClock } from '../../pkg/clock/clock.ts';
import { silentLogger } from '../../pkg/logging/logger.ts';
import { HostMonitor } from '../../pkg/network/host-monitor.ts';
import { keepBridgePorts } from '../../pkg/network/podnet/bridge-ports.ts';
import { ensureForwarding } from '../../pkg/network/podnet/forwarding.ts';
import { podTableText } from '../../pkg/network/podnet/host-rules.ts';
import { removeHostRules } from '../../pkg/network/podnet/pod-network.ts';
import { readHostLinks } from '../../pkg/network/podnet/host-links.ts';
import { ensureRoutes, type Route } from '../../pkg/network/podnet/routes.ts';
import { applyRules } from '../../pkg/network/proxy/nftables.ts';
import { CLUSTER_CIDR, NODE_IP, OUTSIDE_IP, POD_CIDR, POD_PORT, TestNode } from './test-node.ts';

/** What Engine 20.10 writes. */
const ENGINE_RULES = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
`;
const never = new AbortController().signal;
let node: TestNode;

beforeAll(async () => {
  node = await TestNode.create('podnet');
  await node.startServer('outside', 'world', [9000]);
  const restored = await node.run(['iptables-restore'], { input: ENGINE_RULES });
  expect(restored.outcome).toBe('done');
});
afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
});

async function filterRules(): Promise<string> {
  const answer = await node.run(['iptables', '-S']);
  return answer.outcome === 'done' ? answer.output : '';
}

describe('pods', () => {
  test('are cut off by the engine before, and reach and are reached after', async () => {
    const before = await filterRules();
    expect(await node.ask('outside', TestNode.podIp('p1'), POD_PORT, { timeoutMs: 300 })).toEqual(['timeout']);

    expect(await ensureForwarding('tk0', node.run, never)).toEqual({ ok: true });
    expect(await node.ask('outside', TestNode.podIp('p1'), POD_PORT)).toMatchObject([{ pod: 'p1' }]);
    expect(await node.ask('p1', OUTSIDE_IP, 9000)).toMatchObject([{ pod: 'world' }]);
    expect(await node.ask('p1', TestNode.podIp('p2'), POD_PORT)).toMatchObject([{ client: TestNode.podIp('p1') }]);

    const first = await filterRules();
    expect(await ensureForwarding('tk0', node.run, never)).toEqual({ ok: true });
    expect(await filterRules()).toBe(first);

    await removeHostRules({ run: node.run });
    expect(await filterRules()).toBe(before);
  });

  test('stay reachable when the engine starts anew and puts its rules first', async () => {
    await ensureForwarding('tk0', node.run, never);
    await node.run(['iptables', '-I', 'FORWARD', '1', '-j', 'DROP']);
    expect(await node.ask('outside', TestNode.podIp('p1'), POD_PORT, { timeoutMs: 300 })).toEqual(['timeout']);
    await ensureForwarding('tk0', node.run, never);
    expect(await node.ask('outside', TestNode.podIp('p1'), POD_PORT)).toMatchObject([{ pod: 'p1' }]);
    await node.run(['iptables', '-D', 'FORWARD', '-j', 'DROP']);
  });

  test("go out with the node's address, and among each other with their own", async () => {
    const text = podTableText({ bridge: 'tk0', podCidr: POD_CIDR, clusterCidr: CLUSTER_CIDR });
    expect(await applyRules(text, node.run)).toEqual({ ok: true });
    expect(await node.ask('p2', OUTSIDE_IP, 9000)).toEqual([{ pod: 'world', client: NODE_IP }]);
    expect(await node.ask('p2', TestNode.podIp('p1'), POD_PORT)).toEqual([{ pod: 'p1', client: TestNode.podIp('p2') }]);
  });
});

test('ports of the bridge are in hairpin mode, new ones soon after they appear', async () => {
  const stop = new AbortController();
  const monitor = new HostMonitor(realClock, node.watch);
  const options = { bridge: 'tk0', run: node.run, monitor, clock: realClock, log: silentLogger };
  const keeping = Promise.all([monitor.run(stop.signal), keepBridgePorts(options, stop.signal)]);
  const hairpin = async (port: string) => {
    const answer = await node.run(['ip', '-d', 'link', 'show', port]);
    return answer.outcome === 'done' && answer.output.includes('hairpin on');
  };
  await vi.waitFor(async () => expect(await hairpin('p1')).toBe(true), { timeout: 3_000 });
  await node.run(['ip', 'link', 'add', 'late', 'type', 'veth', 'peer', 'name', 'late-peer']);
  await node.run(['ip', 'link', 'set', 'late', 'master', 'tk0']);
  await vi.waitFor(async () => expect(await hairpin('late')).toBe(true), { timeout: 3_000 });
  stop.abort();
  await keeping;
});

async function setRoutes(routes: readonly Route[]): Promise<string | undefined> {
  const links = await readHostLinks(node.run, never);
  return await ensureRoutes(links?.routes ?? [], routes, node.run, never);
}

test('routes to other nodes come and go, and nobody else loses one', async () => {
  const route = { destination: '10.244.9.0/24', gateway: OUTSIDE_IP, device: 'eth0' };
  await node.run(['ip', 'route', 'add', '10.9.0.0/16', 'via', OUTSIDE_IP]);
  const shown = async () => {
    const answer = await node.run(['ip', 'route']);
    return answer.outcome === 'done' ? answer.output : '';
  };
  const before = await shown();
  expect(await setRoutes([route])).toBeUndefined();
  expect(await shown()).toContain('10.244.9.0/24 via 192.168.77.2');
  expect(
    await setRoutes([
      { ...route, device: 'no-such' },
      { ...route, destination: '10.244.8.0/24' },
    ]),
  ).toContain('no-such');
  expect(await shown()).toContain('10.244.8.0/24 via 192.168.77.2');
  expect(await setRoutes([])).toBeUndefined();
  expect(await shown()).toBe(before);
});

test('nothing is left after removal', async () => {
  await setRoutes([{ destination: '10.244.9.0/24', gateway: OUTSIDE_IP, device: 'eth0' }]);
  await removeHostRules({ run: node.run });
  await removeHostRules({ run: node.run });
  expect(await filterRules()).not.toContain('TYPEKUBE');
  expect(await node.ruleset()).not.toContain('typekube');
  const routes = await node.run(['ip', 'route']);
  expect(routes.outcome === 'done' && routes.output).not.toContain('10.244.9.0');
});
