// The network of a cluster of one control plane and three workers with engines of their own: who pods see, every way into a
// Service, names, and a load balancer address whose node dies. Every pod answers with its name and its client's address.
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { NodesCluster } from '../support/nodes-cluster.ts';
import {
  answering,
  EngineWorld,
  fromOutside,
  HOST_NETWORK_PORT,
  HOST_PORT,
  NAME,
  NODES,
  PODS,
  PROGRAM_PORT,
  service,
  SOON,
} from './engine-world.ts';

const [CONTROL_PLANE = '', WORKER = '', WORKER2 = '', WORKER3 = ''] = NODES;
const DNS_IP = '10.78.0.10';
const EXTERNAL_IP = '192.0.2.77';
const UDP = { port: 5300, targetPort: PROGRAM_PORT, protocol: 'UDP' };

let world: EngineWorld;
let cluster: NodesCluster;

beforeAll(async () => {
  const who = { app: 'who' };
  world = await EngineWorld.create([
    answering('hosted', WORKER, { hostNetwork: true }, { port: HOST_NETWORK_PORT }),
    answering('mapped', WORKER2, {}, { ports: [{ containerPort: 8080, hostPort: HOST_PORT }] }),
    answering('alone', WORKER2, {}),
    service('who', who, { type: 'NodePort' }),
    service('who-headless', who, { clusterIP: 'None' }),
    service('who-alias', who, { type: 'ExternalName', externalName: 'who.default.svc.cluster.local' }),
    service('who-outer', who, { externalIPs: [EXTERNAL_IP] }),
    service('hosted', { app: 'hosted' }, {}, { targetPort: HOST_NETWORK_PORT }),
    service('sticky', who, {
      type: 'NodePort',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 3 } },
    }),
    service('alone', { app: 'alone' }, { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    service('near', { app: 'alone' }, { internalTrafficPolicy: 'Local' }),
    service('shop', who, { type: 'LoadBalancer' }),
    service('talk', who, { type: 'NodePort' }, UDP),
    service('talk-one', { talks: 'yes' }, {}, UDP),
    service('leaving', { app: 'leaving' }, {}),
  ]);
  cluster = world.cluster;
  const services = await Promise.all(['who', 'hosted', 'sticky'].map(clusterIp));
  for (const pod of PODS)
    await vi.waitFor(async () => expect(await fromPod(pod, services)).not.toContain('none'), SOON);
}, 300_000);
afterAll(() => world?.[Symbol.asyncDispose]());
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await cluster.explain());
});

const address = (name: string) => world.address(name);
const nodePort = (name: string) => world.nodePort(name);
const clusterIp = (name: string) => world.clusterIp(name);
const fromPod = (pod: string, places: readonly string[], seconds?: number) => world.fromPod(pod, places, seconds);

test('every node has pod addresses of its own', async () => {
  const cidrs = (await cluster.must('get', 'nodes', '-o', 'jsonpath={.items[*].spec.podCIDR}')).trim().split(' ');
  expect(new Set(cidrs).size).toBe(4);
});

describe('a pod', () => {
  test.each(PODS)('%s is seen by its own address by the pods of all nodes, and by their nodes', async (from) => {
    const places = [...PODS.map((to) => `${address(to)}:8080`), `${address('hosted')}:${HOST_NETWORK_PORT}`];
    const answers = await fromPod(from, places);
    expect(answers).toEqual([...PODS, 'hosted'].map((to) => `${to} ${address(from)}`));
  });

  test('is seen outside with the address of its node', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.socket.remoteAddress?.replace('::ffff:', '') ?? '');
      response.end('outside');
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const routes = await cluster.exec(WORKER, 'ip', 'route', 'show', 'default');
    const [, gateway = ''] = /via (\S+)/.exec(routes.stdout) ?? [];
    for (const pod of PODS) await fromPod(pod, [`${gateway}:${port}`]);
    server.close();
    server.closeAllConnections();
    expect(seen).toEqual(NODES.map(address));
  });

  test.each(NODES)('with a host port is reached at its node from a pod of %s', async (node) => {
    const [answer = ''] = await fromPod(node.replace(NAME, 'who'), [`${address(WORKER2)}:${HOST_PORT}`]);
    expect(answer).toMatch(/^mapped /);
  });

  test('takes and gives packets as large as its link, which may not be cut, and more bytes than one', async () => {
    const place = `${address('who-worker3')}:${PROGRAM_PORT}`;
    // With its headers, 1472 bytes are a packet of 1500.
    const whole = await world.ask('who-worker', 'udp', place, { bytes: 1_472 });
    expect(whole).toEqual([`who-worker3 ${address('who-worker')}`]);
    expect(await world.ask('who-worker', 'tcp', place, { bytes: 60_000, timeoutMs: 10_000 })).toEqual(whole);
  });
});

describe('a Service', () => {
  test.each(PODS)('answers %s by its address, and by the endpoint in the network of a node', async (from) => {
    const answers = await fromPod(from, [...Array<string>(8).fill(await clusterIp('who')), await clusterIp('hosted')]);
    expect(answers.every((answer) => answer.includes('-') || answer === `hosted ${address(from)}`)).toBe(true);
    expect(new Set(answers.slice(0, 8).map((answer) => answer.split(' ')[0]))).toEqual(new Set(PODS));
    expect(answers[8]).toBe(`hosted ${address(from)}`);
  });

  test('answers at its port on every node, outside and in pods', async () => {
    const port = await nodePort('who');
    const places = NODES.map((node) => `${address(node)}:${port}`);
    for (const place of places) expect(await fromOutside(place)).toMatch(/^who-/);
    for (const pod of PODS)
      expect((await fromPod(pod, places)).filter((answer) => !answer.startsWith('who-'))).toEqual([]);
  });

  test('answers at an address that is led to a node, and pods at once', async () => {
    for (const pod of PODS) expect((await fromPod(pod, [EXTERNAL_IP]))[0]).toMatch(/^who-/);
    execFileSync('ip', ['route', 'replace', `${EXTERNAL_IP}/32`, 'via', address(WORKER3)]);
    try {
      expect(await fromOutside(EXTERNAL_IP)).toMatch(/^who-/);
    } finally {
      execFileSync('ip', ['route', 'del', `${EXTERNAL_IP}/32`]);
    }
  });

  test('answers the pod that is behind it', async () => {
    expect((await fromPod('alone', [await clusterIp('alone')]))[0]).toMatch(/^alone /);
  });

  test('keeps a client on one endpoint while it is told to', async () => {
    const place = `${address(WORKER3)}:${await nodePort('sticky')}`;
    const remembers = async () =>
      / affinity-3-default\/sticky[^{]*\{[^}]*elements = /.test(await world.onNode(WORKER3, 'nft', 'list', 'ruleset'));
    const pods = new Set<string>();
    for (let turn = 0; turn < 12; turn++) pods.add((await fromOutside(place)).split(' ')[0] ?? '');
    expect([...pods]).toHaveLength(1);
    expect([...pods][0]).toMatch(/^who-/);
    expect(await remembers()).toBe(true);
    await vi.waitFor(async () => expect(await remembers()).toBe(false), SOON);
  });

  test('that keeps the traffic of pods on their node answers there only', async () => {
    const ip = await clusterIp('near');
    const ask = async (pod: string) => (await fromPod(pod, [ip], 2))[0]?.split(' ')[0];
    expect(await Promise.all(PODS.map(ask))).toEqual(['none', 'none', 'alone', 'none']);
  });

  test('is answered by a pod that ends while no other is ready, and not after', async () => {
    const ip = await clusterIp('leaving');
    const slow = { lifecycle: { preStop: { exec: { command: ['sleep', '60'] } } } };
    await world.add(answering('leaving-a', WORKER, { terminationGracePeriodSeconds: 60 }, slow));
    await cluster.must('delete', 'pod', 'leaving-a', '--wait=false');
    const conditions = () =>
      cluster.must(
        'get',
        'endpointslices',
        '-l',
        'kubernetes.io/service-name=leaving',
        '-o',
        'jsonpath={.items[0].endpoints[?(@.targetRef.name=="leaving-a")].conditions}',
      );
    const ending = { ready: false, serving: true, terminating: true };
    await vi.waitFor(async () => expect(JSON.parse(await conditions())).toEqual(ending), SOON);
    for (const pod of PODS)
      expect((await fromPod(pod, [ip, ip])).map((answer) => answer.split(' ')[0])).toEqual(['leaving-a', 'leaving-a']);
    await world.add(answering('leaving-b', WORKER3, {}));
    for (const pod of PODS) {
      const others = async () => (await fromPod(pod, Array<string>(4).fill(ip))).map((answer) => answer.split(' ')[0]);
      await vi.waitFor(async () => expect(new Set(await others())).toEqual(new Set(['leaving-b'])), SOON);
    }
    await cluster.must('delete', 'pod', 'leaving-a', 'leaving-b', '--force', '--grace-period=0');
  });

  test('answers datagrams by its address and at its port on every node', async () => {
    const ip = await clusterIp('talk');
    const port = await nodePort('talk');
    for (const pod of PODS) {
      const answers = await world.ask(pod, 'udp', `${ip}:${UDP.port}`, { times: 8 });
      expect(new Set(answers.map((answer) => answer.split(' ')[0]))).toEqual(new Set(PODS));
      // A pod that is led to itself sees its node.
      const seen = answers.filter((answer) => !answer.startsWith(`${pod} `)).map((answer) => answer.split(' ')[1]);
      expect(new Set(seen)).toEqual(new Set([address(pod)]));
    }
    for (const node of NODES) {
      expect((await world.ask('who-worker', 'udp', `${address(node)}:${port}`))[0]).toMatch(/^who-/);
      expect(await datagramFromOutside(address(node), Number(port))).toMatch(/^who-/);
    }
  });

  test('leads a socket that goes on sending datagrams away from an endpoint that is gone', async () => {
    const ip = await clusterIp('talk-one');
    await cluster.must('label', 'pod', 'who-worker2', 'talks=yes');
    await vi.waitFor(async () => {
      expect((await world.ask('who-worker', 'udp', `${ip}:${UDP.port}`))[0]).toMatch(/^who-worker2 /);
    }, SOON);
    const talking = world.program('who-worker', 'stream-program.ts', ['udp', ip, UDP.port, 8_000], 9);
    const flows = () => world.onNode(WORKER, 'conntrack', '-L', '-p', 'udp', '--orig-dst', ip);
    await vi.waitFor(async () => expect(await flows()).toContain('[ASSURED]'), SOON);
    await cluster.must('label', 'pod', 'who-worker3', 'talks=yes');
    await cluster.must('label', 'pod', 'who-worker2', 'talks-');
    // The pod that is no endpoint any more would go on answering.
    expect((await talking).slice(0, -1)).toEqual(['who-worker2', 'who-worker3']);
  });

  test('that keeps traffic on its node answers there only, shows who asks, and tells health checks so', async () => {
    const port = await nodePort('alone');
    const check = await cluster.must('get', 'service', 'alone', '-o', 'jsonpath={.spec.healthCheckNodePort}');
    const answers = await Promise.all(NODES.map((node) => fromOutside(`${address(node)}:${port}`)));
    const nodes = new Set(NODES.map(address));
    expect(answers.map((answer) => answer.split(' ')[0])).toEqual(['none', 'none', 'alone', 'none']);
    expect(nodes.has(answers[2]?.split(' ')[1] ?? '')).toBe(false);
    const health = await Promise.all(
      NODES.map(async (node) => (await fetch(`http://${address(node)}:${check}/`)).status),
    );
    expect(health).toEqual([503, 503, 200, 503]);
  });
});

function datagramFromOutside(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (answer: string) => {
      clearTimeout(late);
      socket.close();
      resolve(answer);
    };
    const late = setTimeout(() => end('none'), 4_000);
    socket.on('error', () => end('none'));
    socket.on('message', (data) => end(data.toString().trim()));
    socket.send('?', port, host);
  });
}

describe('names', () => {
  const lookup = async (pod: string, name: string) => {
    const { stdout } = await cluster.kubectl('exec', pod, '--', 'nslookup', `${name}.default.svc.cluster.local`);
    return [...stdout.matchAll(/^Address(?: \d+)?: ([\d.]+)$/gm)].map(([, found = '']) => found).toSorted();
  };

  test.each(PODS)('are answered to %s', async (pod) => {
    const ip = await clusterIp('who');
    await vi.waitFor(async () => expect(await lookup(pod, 'who')).toContain(ip), SOON);
    expect(await lookup(pod, 'who-headless')).toEqual(expect.arrayContaining(PODS.map(address)));
    expect(await lookup(pod, 'who-alias')).toContain(ip);
  });

  test('are answered by the own node of a pod', async () => {
    const slices = await cluster.must('get', 'endpointslices', '-n', 'kube-system', '-o', 'name');
    expect(slices.trim().split('\n')).toHaveLength(4);
    await lookup('who-worker', 'who');
    const { stdout } = await cluster.exec(WORKER, 'conntrack', '-L', '-p', 'udp', '--orig-port-dst', '53');
    const servers = [...stdout.matchAll(/src=(\S+) dst=10\.78\.0\.10 .* src=(\S+) dst=/g)].filter(
      ([, client]) => client === address('who-worker'),
    );
    expect(servers.length).toBeGreaterThan(0);
    const own = address('who-worker').replace(/\.\d+$/, '.1');
    expect(new Set(servers.map(([, , server]) => server))).toEqual(new Set([own]));
  });
});

describe('a node whose program is gone', () => {
  const isHeard = async () =>
    (await world.onNode(WORKER, 'nft', 'list', 'set', 'ip', 'typekube-proxy', 'heartbeats')).includes(DNS_IP);
  const end = async (signal: string) => {
    const pid = (await world.onNode(WORKER, 'pgrep', '-of', '/dist/node.js')).trim();
    await world.onNode(WORKER, 'kill', `-${signal}`, pid);
  };

  test.each([
    { signal: 'TERM', slow: 0 },
    // What was asked in the moment before the kernel took note of the silence is asked again.
    { signal: 'KILL', slow: 1 },
  ])('by SIG$signal loses no look-up of its pods', async ({ signal, slow }) => {
    await vi.waitFor(async () => expect(await isHeard()).toBe(true), SOON);
    const asking = world.program('who-worker', 'steady-lookup-program.ts', [
      DNS_IP,
      'who.default.svc.cluster.local',
      Date.now() + 5_000,
    ]);
    await end(signal);
    const found = JSON.parse((await asking).at(-1) ?? '') as string[]; // what the program prints
    expect(found.filter((one) => !one.startsWith('10.78.'))).toEqual([]);
    expect(found.length).toBeLessThanOrEqual(slow);
    await vi.waitFor(async () => expect(await isHeard()).toBe(true), SOON);
  });
});

describe('what somebody else destroys on a node', () => {
  const allAnswer = async () => {
    const places = [...PODS.map((to) => `${address(to)}:8080`), await clusterIp('who')];
    await vi.waitFor(
      async () => expect((await fromPod('who-worker2', places, 2)).filter((one) => one === 'none')).toEqual([]),
      { timeout: 60_000, interval: 250 },
    );
  };

  test('is made again: the bridge, routes, rules and known connections', async () => {
    await world.onNode(
      WORKER2,
      'sh',
      '-c',
      'ip link del tk0; ip route flush proto 84; nft flush ruleset; conntrack -F',
    );
    await allAnswer();
    const tables = async () =>
      (await world.onNode(WORKER2, 'nft', 'list', 'tables')).match(/typekube-\w+/g)?.toSorted();
    const all = ['typekube-podnet', 'typekube-proxy'];
    await vi.waitFor(async () => expect(await tables()).toEqual(all), { timeout: 60_000, interval: 250 });
  });

  test('or sends by another way is followed: nodes behind a router are reached by a tunnel', async () => {
    const routes = await world.onNode(WORKER3, 'ip', 'route', 'show', 'default');
    const [, gateway = ''] = /via (\S+)/.exec(routes) ?? [];
    const others = NODES.filter((node) => node !== WORKER3);
    const both = async (verb: string) => {
      for (const node of others) {
        await world.onNode(node, 'ip', 'route', verb, `${address(WORKER3)}/32`, 'via', gateway);
        await world.onNode(WORKER3, 'ip', 'route', verb, `${address(node)}/32`, 'via', gateway);
      }
    };
    await both('add');
    for (const node of NODES)
      await vi.waitFor(async () => expect(await world.onNode(node, 'ip', 'route')).toContain('dev tk0-vx'), SOON);
    for (const pod of PODS) {
      const answers = await fromPod(
        pod,
        PODS.map((to) => `${address(to)}:8080`),
      );
      expect(answers).toEqual(PODS.map((to) => `${to} ${address(pod)}`));
    }
    const place = `${address('who-worker3')}:${PROGRAM_PORT}`;
    expect((await world.ask('who-worker', 'udp', place, { bytes: 1_422 }))[0]).toMatch(/^who-worker3 /);
    await both('del');
    for (const node of NODES)
      await vi.waitFor(async () => expect(await world.onNode(node, 'ip', 'route')).not.toContain('dev tk0-vx'), SOON);
    await allAnswer();
  });
});

describe('a load balancer address', () => {
  const ingress = async (name: string) => {
    const path = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
    return await cluster.must('get', 'service', name, '-o', path);
  };
  const holdersOf = async (ip: string, nodes: readonly string[]) => {
    const shown = await Promise.all(
      nodes.map((node) => cluster.exec(node, 'sh', '-c', 'ip -o addr show dev tk0-lb 2>&1 || true')),
    );
    return nodes.filter((_, index) => shown[index]?.stdout.includes(` ${ip}/32 `) === true);
  };

  test('with policy Local is on the node of the endpoint, which sees its client', async () => {
    const ip = await ingress('alone');
    await vi.waitFor(async () => expect(await fromOutside(ip)).toMatch(/^alone /), SOON);
    expect(await holdersOf(ip, NODES)).toEqual([NODES[2]]);
    const [, client = ''] = (await fromOutside(ip)).split(' ');
    expect(NODES.map(address)).not.toContain(client);
  });

  test('answers outside and inside, and goes on within seconds when its node dies', async () => {
    const ip = await ingress('shop');
    // A cluster without its control plane is another test's matter.
    await cluster.must('label', 'node', CONTROL_PLANE, 'node.kubernetes.io/exclude-from-external-load-balancers=');
    await vi.waitFor(async () => expect(await holdersOf(ip, NODES.slice(1))).toHaveLength(1), SOON);
    await vi.waitFor(async () => expect(await fromOutside(ip)).toMatch(/^who-/), SOON);
    expect((await fromPod('who-worker', [ip]))[0]).toMatch(/^who-/);
    const [holder = ''] = await holdersOf(ip, NODES.slice(1));
    await cluster.engine.getContainer(holder).kill();
    const killed = Date.now();
    const others = NODES.filter((node) => node !== holder);
    await vi.waitFor(async () => expect(await holdersOf(ip, others)).toHaveLength(1), SOON);
    await vi.waitFor(async () => expect(await fromOutside(ip)).toMatch(/^who-/), SOON);
    console.log(`the address answers ${Date.now() - killed} ms after its node was killed`);
    await cluster.engine.getContainer(holder).start();
    await vi.waitFor(async () => expect(await holdersOf(ip, NODES)).toEqual([holder]), { ...SOON, timeout: 60_000 });
  });
});
