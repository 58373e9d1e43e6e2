// Pods of several nodes reach each other with their own addresses, on one link and across a router that knows no pods, and the
// ways stay true whatever becomes of links, routes and nodes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST_PORT, NODE_NAMES, NODES, nodeOf, OUTSIDE_IP, podIp, POD_PORT, PODS, type Machine } from './machines.ts';
import { outputIn, runIn } from './namespaces.ts';
import { NodeCluster } from './node-cluster.ts';

const OUTSIDE_PORT = 9000;
let cluster: NodeCluster;

beforeAll(async () => {
  cluster = await NodeCluster.create('paths');
  await cluster.machines.serve('outside', 'world', OUTSIDE_PORT);
  await reachesSoon('a1', podIp('b1'));
  await reachesSoon('a1', podIp('c1'));
  await reachesSoon('c1', podIp('b1'));
}, 60_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

async function clientSeen(from: Machine, address: string, port: number = POD_PORT): Promise<string> {
  const [answer] = await cluster.machines.ask(from, address, port, { timeoutMs: 10_000 });
  return typeof answer === 'object' ? answer.client : String(answer);
}

async function reachesSoon(from: Machine, address: string): Promise<void> {
  await cluster.control.until(`${from} reaches ${address}`, async () => {
    const [answer] = await cluster.machines.ask(from, address, POD_PORT, { timeoutMs: 300 });
    return typeof answer === 'object';
  });
}

describe('a pod', () => {
  test.each(PODS)('%s reaches every other one with its own address', async (from) => {
    const seen = await Promise.all(PODS.map(async (to) => [to, await clientSeen(from, podIp(to))]));
    expect(seen).toEqual(PODS.map((to) => [to, podIp(from)]));
  });

  test.each([
    { from: 'a1', to: 'a', client: podIp('a1') },
    { from: 'a1', to: 'b', client: podIp('a1') },
    // A router that knows no pods could not lead the answer back.
    { from: 'a1', to: 'c', client: NODES.a.ip },
  ] as const)('on $from is seen by node $to as $client', async ({ from, to, client }) => {
    expect(await clientSeen(from, NODES[to].ip, HOST_PORT)).toBe(client);
  });

  test.each(['a1', 'b2', 'c1'] as const)('%s goes outside with the address of its node', async (from) => {
    expect(await clientSeen(from, OUTSIDE_IP, OUTSIDE_PORT)).toBe(NODES[nodeOf(from)].ip);
  });

  test.each(['a', 'b', 'c'] as const)('is reached from node %s', async (from) => {
    for (const to of PODS) expect(await clientSeen(from, podIp(to))).not.toBe('timeout');
  });

  test.each([
    { name: 'on one link', to: 'b1' },
    { name: 'across a router', to: 'c1' },
  ] as const)('takes and gives packets of every size $name', async ({ to }) => {
    const ask = (protocol: 'tcp' | 'udp', bytes: number) =>
      cluster.machines.ask('a2', podIp(to), POD_PORT, {
        protocol,
        bytes,
        timeoutMs: protocol === 'tcp' ? 10_000 : 2_000,
      });
    // Over TCP the answer is nine times as long, so that full segments go both ways.
    expect(await ask('tcp', 60_000)).toEqual([{ pod: to, client: podIp('a2') }]);
    // 1472 bytes fill a packet of 1500; the first one may only teach the sender that the way is narrower.
    for (const bytes of [1_300, 1_422, 1_423, 1_472, 8_000])
      await cluster.control.until(`${bytes} bytes come through`, async () => {
        const [answer] = await ask('udp', bytes);
        return typeof answer === 'object' && answer.client === podIp('a2');
      });
  });
});

describe('the ways', () => {
  const routesOf = (node: 'a' | 'b' | 'c') =>
    outputIn(cluster.machines.namespace(node), 'ip', 'route', 'show', 'proto', '84');
  const ipIn = async (node: 'a' | 'b' | 'c', ...args: string[]) => {
    const done = await runIn(cluster.machines.namespace(node), 'ip', ...args);
    expect(done.outcome).toBe('done');
  };

  test('are routes to neighbours, a tunnel to others, and no wider than what carries them', async () => {
    expect(await routesOf('a')).toMatch(/10\.244\.2\.0\/24 via 192\.168\.81\.12 dev eth0/);
    expect(await routesOf('a')).toMatch(/10\.244\.3\.0\/24 via 10\.244\.3\.0 dev tk0-vx/);
    expect(await outputIn(cluster.machines.namespace('a'), 'ip', 'link', 'show', 'tk0-vx')).toContain('mtu 1450');
  });

  test.each([
    { name: 'a route', node: 'a', undo: ['route', 'del', NODES.b.podCidr], from: 'a1', to: 'b1' },
    { name: 'the tunnel', node: 'c', undo: ['link', 'del', 'tk0-vx'], from: 'c1', to: 'a1' },
    { name: 'a route into the tunnel', node: 'c', undo: ['route', 'del', NODES.b.podCidr], from: 'c2', to: 'b1' },
  ] as const)('come back after somebody took away $name', async ({ node, undo, from, to }) => {
    await ipIn(node, ...undo);
    await reachesSoon(from, podIp(to));
    expect(await clientSeen(from, podIp(to))).toBe(podIp(from));
  });

  test('come back after a link went down and up', async () => {
    await ipIn('b', 'link', 'set', 'eth0', 'down');
    expect(await routesOf('b')).not.toContain(NODES.a.podCidr);
    await ipIn('b', 'link', 'set', 'eth0', 'up');
    await ipIn('b', 'route', 'replace', 'default', 'via', '192.168.81.254');
    await reachesSoon('b1', podIp('a1'));
    await reachesSoon('b1', podIp('c1'));
  });

  test('follow a node to another address', async () => {
    await ipIn('b', 'addr', 'flush', 'dev', 'eth0');
    await ipIn('b', 'addr', 'add', '192.168.81.22/24', 'dev', 'eth0');
    await ipIn('b', 'route', 'replace', 'default', 'via', '192.168.81.254');
    // Its connections to the API server are of the old address, and end by time-outs only.
    await cluster.stopNode('b');
    cluster.startNode('b');
    await cluster.report('b', { address: '192.168.81.22' });
    await reachesSoon('a1', podIp('b1'));
    await reachesSoon('c1', podIp('b1'));
    expect(await clientSeen('b1', podIp('c1'))).toBe(podIp('b1'));
    expect(await routesOf('a')).toContain('10.244.2.0/24 via 192.168.81.22');
  });

  test('end with the node, and lead to it again when it is back', async () => {
    const node = await cluster.kubectl('get', 'node', 'c', '-o', 'json');
    await cluster.kubectl('delete', 'node', 'c');
    await cluster.control.until('nothing leads to c', async () => !(await routesOf('a')).includes('10.244.3.0'));
    const links = await outputIn(cluster.machines.namespace('a'), 'ip', 'link');
    expect(links).not.toContain('tk0-vx');
    const { spec, status } = JSON.parse(node) as { spec: object; status: object };
    await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'c' }, spec, status });
    await cluster.report('c');
    await reachesSoon('a1', podIp('c1'));
    await reachesSoon('c2', podIp('b2'));
  });

  test('stay while the programs are gone, and nothing of them stays after cleanup', async () => {
    for (const node of NODE_NAMES) await cluster.stopNode(node);
    expect(await clientSeen('a1', podIp('c1'))).toBe(podIp('a1'));
    const program = new URL('../../cmd/proxy/main.ts', import.meta.url).pathname;
    for (const node of NODE_NAMES) {
      expect(await runIn(cluster.machines.namespace(node), process.execPath, program, '--cleanup')).toMatchObject({
        outcome: 'done',
      });
      expect(await routesOf(node)).toBe('');
      expect(await outputIn(cluster.machines.namespace(node), 'ip', 'link')).not.toMatch(/tk0-(vx|lb)/);
      expect(await outputIn(cluster.machines.namespace(node), 'nft', 'list', 'ruleset')).not.toContain('typekube');
    }
  });
});
