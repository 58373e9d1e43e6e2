// Services on several nodes: every way in from every node, load balancer addresses that move when a node dies, clients that stay
// with their endpoint.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST_PORT, NODE_NAMES, NODES, OUTSIDE_IP, podIp, type Machine, type NodeName } from './machines.ts';
import { outputIn, runIn } from './namespaces.ts';
import { NodeCluster } from './node-cluster.ts';

const IP = { web: '10.96.1.1', host: '10.96.1.2', self: '10.96.1.3', sticky: '10.96.1.4', even: '10.96.1.5' };
let cluster: NodeCluster;

beforeAll(async () => {
  cluster = await NodeCluster.create('services');
  await cluster.apply(
    'web',
    { clusterIP: IP.web, type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }], externalIPs: ['192.168.81.150'] },
    ['b1', 'c1'],
  );
  await cluster.apply('host', { clusterIP: IP.host, ports: [{ port: 80, targetPort: HOST_PORT }] }, [
    { address: NODES.b.ip, node: 'b', port: HOST_PORT },
  ]);
  await cluster.apply('self', { clusterIP: IP.self }, ['a1']);
  for (const from of NODE_NAMES) await answersSoon(from, IP.self, 80, 'a1');
}, 60_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

async function pods(from: Machine, address: string, port: number, times: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const answer of await cluster.machines.ask(from, address, port, { times, timeoutMs: 10_000 })) {
    const pod = typeof answer === 'object' ? answer.pod : answer;
    counts[pod] = (counts[pod] ?? 0) + 1;
  }
  return counts;
}

async function client(from: Machine, address: string, port = 80): Promise<string> {
  const [answer] = await cluster.machines.ask(from, address, port, { timeoutMs: 10_000 });
  return typeof answer === 'object' ? `${answer.pod} ${answer.client}` : String(answer);
}

async function answersSoon(
  from: Machine,
  address: string,
  port: number,
  pod: string,
  withinMs = 20_000,
): Promise<void> {
  const answers = async () => {
    const [answer] = await cluster.machines.ask(from, address, port, { timeoutMs: 300 });
    return typeof answer === 'object' && answer.pod === pod;
  };
  await cluster.control.until(`${pod} answers ${from} at ${address}:${port}`, answers, withinMs);
}

describe('a Service', () => {
  test.each(['a', 'b', 'c', 'a2', 'b2', 'c2'] as const)(
    'answers %s on its ClusterIP with all its endpoints',
    async (from) => {
      expect(Object.keys(await pods(from, IP.web, 80, 8)).toSorted()).toEqual(['b1', 'c1']);
    },
  );

  test('shows pods their clients, on whatever node they are', async () => {
    for (const from of ['a1', 'b2', 'c2'] as const)
      expect((await client(from, IP.web)).split(' ')[1]).toBe(podIp(from));
  });

  test.each(NODE_NAMES)('answers on the node port of node %s', async (node) => {
    for (const from of ['outside', 'a1', 'c'] as const)
      expect(Object.keys(await pods(from, NODES[node].ip, 30_080, 8)).toSorted()).toEqual(['b1', 'c1']);
  });

  test('answers on an external address that leads to a node', async () => {
    await runIn(cluster.machines.namespace('outside'), 'ip', 'route', 'add', '192.168.81.150', 'via', NODES.a.ip);
    expect(Object.keys(await pods('outside', '192.168.81.150', 80, 8)).toSorted()).toEqual(['b1', 'c1']);
    expect(Object.keys(await pods('a2', '192.168.81.150', 80, 8)).toSorted()).toEqual(['b1', 'c1']);
  });

  test.each([
    { from: 'a1', client: podIp('a1') },
    { from: 'b1', client: podIp('b1') },
    // The router knows no pods.
    { from: 'c1', client: NODES.c.ip },
  ] as const)('of a pod in the network of its node sees $from as $client', async ({ from, client: seen }) => {
    expect(await client(from, IP.host)).toBe(`host-b ${seen}`);
  });

  test('answers the pod that is behind it', async () => {
    expect(await client('a1', IP.self)).toMatch(/^a1 /);
  });

  test('is answered by an endpoint that terminates while no other is ready, and by no such one after', async () => {
    const leaving = { address: podIp('b1'), node: 'b', ready: false } as const;
    await cluster.apply('leaving', { clusterIP: '10.96.1.6' }, [leaving]);
    for (const from of ['a1', 'c'] as const) await answersSoon(from, '10.96.1.6', 80, 'b1');
    await cluster.apply('leaving', { clusterIP: '10.96.1.6' }, [leaving, 'c1']);
    for (const from of ['a1', 'c'] as const) {
      await answersSoon(from, '10.96.1.6', 80, 'c1');
      expect(await pods(from, '10.96.1.6', 80, 8)).toEqual({ c1: 8 });
    }
  });

  test('spreads 10,000 connections over its endpoints within 5 %', async () => {
    await cluster.apply('even', { clusterIP: IP.even }, ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    await answersSoon('a1', IP.even, 80, 'c2');
    const counts = await pods('b2', IP.even, 80, 10_000);
    expect(Object.keys(counts).toSorted()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    for (const count of Object.values(counts)) expect(Math.abs(count - 10_000 / 6) / (10_000 / 6)).toBeLessThan(0.05);
  });
});

describe('session affinity', () => {
  const spec = {
    clusterIP: IP.sticky,
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
  };

  test('keeps clients where they are while endpoints come and go and the proxy starts anew', async () => {
    await cluster.apply('sticky', spec, ['a1', 'b1', 'c1', 'c2']);
    await cluster.control.until('it answers', async () => (await client('a2', IP.sticky)).includes('.'));
    const first = (await client('a2', IP.sticky)).split(' ')[0] ?? '';
    const others = (['a1', 'b1', 'c1', 'c2'] as const).filter((pod) => pod !== first);
    expect(others).toHaveLength(3);
    const [gone] = others;
    await cluster.apply(
      'sticky',
      spec,
      (['a1', 'b1', 'c1', 'c2'] as const).filter((pod) => pod !== gone),
    );
    await cluster.control.until(
      `${gone} is out`,
      async () => !(await ruleset('a')).includes(`${podIp(gone ?? 'a1')}/8080 {`),
    );
    expect(await pods('a2', IP.sticky, 80, 12)).toEqual({ [first]: 12 });
    await cluster.stopNode('a');
    cluster.startNode('a');
    await cluster.apply('sticky', spec, ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    await cluster.control.until('the new rules are there', async () =>
      (await ruleset('a')).includes(`${podIp('b2')}/8080 {`),
    );
    expect(await pods('a2', IP.sticky, 80, 12)).toEqual({ [first]: 12 });
  });
});

test('session affinity ends with its time', async () => {
  const sessionAffinityConfig = { clientIP: { timeoutSeconds: 2 } };
  const spec = { clusterIP: '10.96.1.7', sessionAffinity: 'ClientIP', sessionAffinityConfig };
  await cluster.apply('brief', spec, ['b1', 'c1']);
  const remembered = async () => {
    const sets = [
      ...(await ruleset('a')).matchAll(/set (affinity-2-default\/brief\S*) \{[^}]*?(elements = \{[^}]*\})?\s*\}/g),
    ];
    return sets.some(([, , elements]) => elements?.includes(podIp('a1')) === true);
  };
  await cluster.control.until('the client is remembered', async () => {
    await client('a1', '10.96.1.7');
    return await remembered();
  });
  await cluster.control.until('it is forgotten', async () => !(await remembered()));
});

async function ruleset(node: NodeName): Promise<string> {
  return await outputIn(cluster.machines.namespace(node), 'nft', 'list', 'ruleset');
}

describe('a load balancer address', () => {
  const holders = async (address: string) => {
    const found: NodeName[] = [];
    for (const node of NODE_NAMES) {
      const shown = await runIn(cluster.machines.namespace(node), 'ip', '-o', 'addr', 'show', 'dev', 'tk0-lb');
      if (shown.outcome === 'done' && shown.output.includes(` ${address}/32 `)) found.push(node);
    }
    return found;
  };
  const addressOf = async (name: string) => {
    let address = '';
    await cluster.control.until(`${name} has an address`, async () => {
      address = await cluster.kubectl('get', 'service', name, '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}');
      return address !== '';
    });
    return address;
  };

  test('comes from the pool, is held by one node of its link, and answers the outside and pods', async () => {
    await cluster.apply('shop', { clusterIP: '10.96.2.1', type: 'LoadBalancer' }, ['b1', 'c1']);
    const address = await addressOf('shop');
    expect(address).toBe('192.168.81.200');
    await answersSoon('outside', address, 80, 'b1');
    const [holder, ...more] = await holders(address);
    expect(more).toEqual([]);
    expect(holder).toMatch(/^[ab]$/);
    // The kernel takes it away when no program holds it anew.
    expect(await outputIn(cluster.machines.namespace(holder ?? 'a'), 'ip', 'addr', 'show', 'dev', 'tk0-lb')).toMatch(
      new RegExp(`inet ${address}/32 .*\\n *valid_lft (1\\d|20)sec`),
    );
    for (const from of ['outside', 'a1', 'c2', 'b'] as const)
      expect(Object.keys(await pods(from, address, 80, 8)).toSorted()).toEqual(['b1', 'c1']);
  });

  test('shows nothing of the node that holds it', async () => {
    const address = await addressOf('shop');
    expect(await client('outside', address, HOST_PORT)).toBe('refused');
  });

  test('is what the Service asks for, or none', async () => {
    const asked = { clusterIP: '10.96.2.2', type: 'LoadBalancer', loadBalancerIP: '192.168.81.205' };
    await cluster.apply('asked', asked, ['a1']);
    expect(await addressOf('asked')).toBe('192.168.81.205');
    await answersSoon('outside', '192.168.81.205', 80, 'a1');
    await cluster.apply('refused', { ...asked, clusterIP: '10.96.2.3', loadBalancerIP: '192.168.81.99' }, ['a1']);
    await cluster.control.until('it is said why', async () => {
      const events = await cluster.kubectl('get', 'events', '--field-selector=reason=SyncLoadBalancerFailed');
      return events.includes('the address 192.168.81.99 is not in the pool');
    });
    expect(await cluster.kubectl('get', 'service', 'refused')).toContain('<pending>');
    await cluster.kubectl('delete', 'service', 'asked');
    await cluster.control.until('nobody holds it', async () => (await holders('192.168.81.205')).length === 0);
  });

  test.each(['a', 'b'] as const)(
    'with policy Local is where the endpoint is, on node %s, and the client is seen',
    async (node) => {
      const spec = { clusterIP: '10.96.2.4', type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
      await cluster.apply('local', spec, [`${node}2`]);
      const address = await addressOf('local');
      await answersSoon('outside', address, 80, `${node}2`);
      expect(await client('outside', address)).toBe(`${node}2 ${OUTSIDE_IP}`);
      await cluster.control.until('only that node holds it', async () => (await holders(address)).join() === node);
    },
  );

  test('moves within seconds when the plug of its node is pulled, and to one node only when it is in again', async () => {
    // Node a carries the API server; the address is chosen so that b has it.
    const [address, other] = await heldBy('b');
    await answersSoon('outside', address, 80, 'a1');
    const pulled = Date.now();
    await cluster.machines.plug('b', 'out');
    await answersSoon('outside', address, 80, 'a1', 30_000);
    console.log(`the address answers again ${Date.now() - pulled} ms after the plug was pulled`);
    expect(await holders(address)).toContain(other);
    await cluster.machines.plug('b', 'in');
    await cluster.control.until('one node holds it', async () => (await holders(address)).length === 1, 60_000);
    await answersSoon('outside', address, 80, 'a1');
  }, 120_000);

  test('is given up by a node that lost the API server alone before another one takes it', async () => {
    const [address, other] = await heldBy('b');
    const inB = cluster.machines.namespace('b');
    const cut = ['output', 'input'].map(
      (hook) =>
        `chain ${hook} { type filter hook ${hook} priority 0; tcp ${hook === 'input' ? 's' : 'd'}port 6443 drop; };`,
    );
    expect(await runIn(inB, 'nft', `table ip cut { ${cut.join(' ')} }`)).toMatchObject({ outcome: 'done' });
    await cluster.report('b', { ready: 'Unknown' });
    const seen: NodeName[][] = [];
    const otherHolds = async () => {
      seen.push(await holders(address));
      return seen.at(-1)?.join() === other;
    };
    await cluster.control.until('the other holds it', otherHolds, 40_000);
    expect(seen.filter((nodes) => nodes.length > 1)).toEqual([]);
    await answersSoon('outside', address, 80, 'a1');
    await runIn(inB, 'nft', 'delete table ip cut');
    await cluster.report('b');
    await cluster.control.until('it is back', async () => (await holders(address)).join() === 'b', 60_000);
  }, 150_000);

  /** A Service whose address is that node's to hold, and the other node of the link. */
  async function heldBy(node: 'a' | 'b'): Promise<[string, NodeName]> {
    for (let index = 0; index < 8; index++) {
      const name = `moving-${index}`;
      await cluster.apply(name, { clusterIP: `10.96.3.${index + 1}`, type: 'LoadBalancer' }, ['a1']);
      const address = await addressOf(name);
      await cluster.control.until('it is held', async () => (await holders(address)).length === 1);
      if ((await holders(address)).includes(node)) return [address, node === 'a' ? 'b' : 'a'];
    }
    throw new Error(`no address of the pool is for ${node}`);
  }

  test('goes to the other node when its own is not ready', async () => {
    const address = await addressOf('shop');
    const [holder] = await holders(address);
    const other = holder === 'a' ? 'b' : 'a';
    await cluster.report(holder ?? 'a', { ready: 'False' });
    await cluster.control.until('the other holds it', async () => (await holders(address)).join() === other);
    await answersSoon('outside', address, 80, 'b1');
    await cluster.report(holder ?? 'a');
    await cluster.control.until('it is back', async () => (await holders(address)).join() === holder);
  });
});

describe('names', () => {
  const DNS_IP = '10.96.0.10';
  const startDns = (node: NodeName) =>
    cluster.control.start(
      'dns',
      [
        `--kubeconfig=${cluster.control.kubeconfig}`,
        `--hostname-override=${node}`,
        `--bind-address=${NODES[node].podCidr.replace('0/24', '1')}`,
        `--cluster-dns=${DNS_IP}`,
      ],
      { name: `dns-${node}`, namespace: cluster.machines.namespace(node) },
    );
  const program = fileURLToPath(new URL('lookup-program.ts', import.meta.url));
  const answersPod = async (pod: Machine) => {
    const inPod = cluster.machines.namespace(pod);
    const asked = await runIn(inPod, process.execPath, program, DNS_IP, 'A', 'web.default.svc.cluster.local');
    return asked.outcome === 'done' && asked.output.trim() === JSON.stringify([IP.web]);
  };
  const steadily = async (pod: Machine, ms: number) => {
    for (const until = Date.now() + ms; Date.now() < until;) expect(await answersPod(pod)).toBe(true);
  };
  const isHeard = async (node: NodeName) => {
    const set = ['list', 'set', 'ip', 'typekube-proxy', 'heartbeats'] as const;
    return (await outputIn(cluster.machines.namespace(node), 'nft', ...set)).includes(DNS_IP);
  };
  const answersSoonIn = (pod: Machine) => cluster.control.until(`${pod} is answered`, () => answersPod(pod));

  test('are answered on every node by its own server, and by others when it is lost', async () => {
    for (const node of NODE_NAMES) {
      await cluster.control.stop(`dns-${node}`);
      startDns(node);
    }
    for (const pod of ['a1', 'b1', 'c1'] as const) await answersSoonIn(pod);
    await cluster.control.until('all servers are known', async () => {
      const slices = await cluster.kubectl('get', 'endpointslices', '-n', 'kube-system', '-o', 'name');
      return slices.split('\n').length === 3;
    });
    // Asked all the time while it leaves, nobody waits; killed, it is replaced within moments and by the kernel alone.
    await Promise.all([cluster.control.stop('dns-b'), steadily('b2', 2_000)]);
    startDns('b');
    await cluster.control.until('the server of b is heard', () => isHeard('b'));
    await cluster.stopNode('b');
    await cluster.control.stop('dns-b', 'SIGKILL');
    await cluster.control.until('the server of b is silent', async () => !(await isHeard('b')));
    for (let turn = 0; turn < 6; turn++) expect(await answersPod('b2')).toBe(true);
    cluster.startNode('b');
    for (const pod of ['a2', 'c2'] as const)
      for (let turn = 0; turn < 3; turn++) expect(await answersPod(pod)).toBe(true);
    await cluster.report('b', { ready: 'Unknown' });
    await answersSoonIn('b2');
    startDns('b');
    await cluster.report('b');
    await cluster.control.until('its server is ready again', async () => {
      const path = 'jsonpath={.endpoints[0].conditions.ready}';
      return (await cluster.kubectl('get', 'endpointslice', '-n', 'kube-system', 'kube-dns-b', '-o', path)) === 'true';
    });
    await answersSoonIn('b2');
  });
});
