// The network of a cluster of one control plane and three workers with engines of their own: who pods see, every way into a
// Service, names, and a load balancer address whose node dies. Every pod answers with its name and its client's address.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import { createNodesCluster, type NodesCluster } from '../support/nodes-cluster.ts';

const NAME = 'e2e-network';
const NODES = ['control-plane', 'worker', 'worker2', 'worker3'].map((suffix) => `${NAME}-${suffix}`);
const PODS = NODES.map((node) => node.replace(NAME, 'who'));
const POD_SUBNET = '10.77.0.0/16';
const SERVICE_SUBNET = '10.78.0.0/16';
const HOST_PORT = 9090;
const HOST_NETWORK_PORT = 8088;
const SOON = { timeout: 30_000, interval: 250 };

let cluster: NodesCluster;
const addresses = new Map<string, string>();

/** busybox's web server, and a script that says who asked. */
function answering(
  name: string,
  node: string,
  spec: object,
  { port = 8080, ...container }: { port?: number; ports?: object[] } = {},
) {
  const script = `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s %s\\n' ${name} "$REMOTE_ADDR"`;
  const put = 'mkdir -p /www/cgi-bin; printf "%s\\n" "$WHO" > /www/cgi-bin/who; chmod +x /www/cgi-bin/who';
  const command = ['sh', '-c', `${put}; exec httpd -f -p ${port} -h /www`];
  const env = [{ name: 'WHO', value: script }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name.replace(/-.*/, ''), name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'web', image: SAMPLE_IMAGE, imagePullPolicy: 'Never', command, env, ...container }],
      ...spec,
    },
  };
}

function service(name: string, app: string, spec: object, port: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080, ...port }], ...spec },
  };
}

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tknet-config-'));
  const config = join(directory, 'config.yaml');
  await writeFile(
    config,
    `apiVersion: typekube.dev/v1alpha1\nkind: Cluster\nnetworking: {podSubnet: ${POD_SUBNET}, serviceSubnet: ${SERVICE_SUBNET}}\n`,
  );
  cluster = await createNodesCluster(NAME, ['--workers', '3', '--config', config]);
  await rm(directory, { recursive: true });
  const [, worker = '', worker2 = ''] = NODES;
  const objects = [
    ...NODES.map((node, index) => answering(PODS[index] ?? '', node, {})),
    answering('hosted', worker, { hostNetwork: true }, { port: HOST_NETWORK_PORT }),
    answering('mapped', worker2, {}, { ports: [{ containerPort: 8080, hostPort: HOST_PORT }] }),
    answering('alone', worker2, {}),
    service('who', 'who', { type: 'NodePort' }),
    service('who-headless', 'who', { clusterIP: 'None' }),
    service('who-alias', 'who', { type: 'ExternalName', externalName: 'who.default.svc.cluster.local' }),
    service('hosted', 'hosted', {}, { targetPort: HOST_NETWORK_PORT }),
    service('sticky', 'who', { type: 'NodePort', sessionAffinity: 'ClientIP' }),
    service('alone', 'alone', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    service('shop', 'who', { type: 'LoadBalancer' }),
  ];
  await cluster.must('create', '-f', await written({ apiVersion: 'v1', kind: 'List', items: objects }));
  await cluster.must('wait', '--for=condition=Ready', 'pods', '--all', '--timeout=90s');
  const columns = 'jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}';
  for (const line of (await cluster.must('get', 'pods', '-o', columns)).trim().split('\n')) {
    const [name = '', address = ''] = line.split(' ');
    addresses.set(name, address);
  }
  for (const { name, address } of cluster.record().containers) addresses.set(name, address);
  const services = await Promise.all(['who', 'hosted', 'sticky'].map(clusterIp));
  for (const pod of PODS)
    await vi.waitFor(async () => expect(await fromPod(pod, services)).not.toContain('none'), SOON);
}, 300_000);
afterAll(() => cluster?.[Symbol.asyncDispose]());
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await cluster.explain());
});

async function written(object: object): Promise<string> {
  const path = `${cluster.kubeconfig}-objects.json`;
  await writeFile(path, JSON.stringify(object));
  return path;
}

const address = (name: string) => addresses.get(name) ?? `no ${name}`;
const nodePort = (name: string) => cluster.must('get', 'service', name, '-o', 'jsonpath={.spec.ports[0].nodePort}');
const clusterIp = (name: string) => cluster.must('get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}');

/** What each place answers a pod, in the order of `places`: the name of the pod and the client that it saw. */
async function fromPod(pod: string, places: readonly string[]): Promise<string[]> {
  const script = places.map((place) => `timeout 15 wget -q -O - http://${place}/cgi-bin/who || echo none`).join('; ');
  const { stdout } = await cluster.kubectl('exec', pod, '--', 'sh', '-c', script);
  return stdout.trim().split('\n').map(plain);
}

/** From this machine, which is outside of the cluster, by a connection of its own. */
function fromOutside(place: string): Promise<string> {
  return new Promise((resolve) => {
    const asking = get(`http://${place}/cgi-bin/who`, { agent: false, timeout: 4_000 }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (data: string) => (text += data));
      response.on('close', () => resolve(plain(text.trim())));
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve('none'));
  });
}

function plain(answer: string): string {
  return answer.replace(/\[::ffff:([\d.]+)\]/, '$1');
}

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
    const routes = await cluster.exec(NODES[1] ?? '', 'ip', 'route', 'show', 'default');
    const [, gateway = ''] = /via (\S+)/.exec(routes.stdout) ?? [];
    for (const pod of PODS) await fromPod(pod, [`${gateway}:${port}`]);
    server.close();
    server.closeAllConnections();
    expect(seen).toEqual(NODES.map(address));
  });

  test.each(NODES)('with a host port is reached at its node from a pod of %s', async (node) => {
    const [answer = ''] = await fromPod(node.replace(NAME, 'who'), [`${address(NODES[2] ?? '')}:${HOST_PORT}`]);
    expect(answer).toMatch(/^mapped /);
  });
});

describe('a Service', () => {
  test.each(PODS)('answers %s by its address, and by the endpoint in the network of a node', async (from) => {
    const answers = await fromPod(from, [...Array<string>(8).fill(await clusterIp('who')), await clusterIp('hosted')]);
    expect(answers.every((answer) => answer.includes('-') || answer === `hosted ${address(from)}`)).toBe(true);
    expect(new Set(answers.slice(0, 8).map((answer) => answer.split(' ')[0]))).toEqual(new Set(PODS));
    expect(answers[8]).toBe(`hosted ${address(from)}`);
  });

  test('answers at its port on every node', async () => {
    const port = await nodePort('who');
    for (const node of NODES) expect(await fromOutside(`${address(node)}:${port}`)).toMatch(/^who-/);
  });

  test('keeps a client on one endpoint when it is told to', async () => {
    const place = `${address(NODES[3] ?? '')}:${await nodePort('sticky')}`;
    const pods = new Set<string>();
    for (let turn = 0; turn < 12; turn++) pods.add((await fromOutside(place)).split(' ')[0] ?? '');
    expect([...pods]).toHaveLength(1);
    expect([...pods][0]).toMatch(/^who-/);
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
    const { stdout } = await cluster.exec(`${NAME}-worker`, 'conntrack', '-L', '-p', 'udp', '--orig-port-dst', '53');
    const servers = [...stdout.matchAll(/src=(\S+) dst=10\.78\.0\.10 .* src=(\S+) dst=/g)].filter(
      ([, client]) => client === address('who-worker'),
    );
    expect(servers.length).toBeGreaterThan(0);
    const own = address('who-worker').replace(/\.\d+$/, '.1');
    expect(new Set(servers.map(([, , server]) => server))).toEqual(new Set([own]));
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
    await cluster.must('label', 'node', NODES[0] ?? '', 'node.kubernetes.io/exclude-from-external-load-balancers=');
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
