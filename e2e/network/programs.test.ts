// The proxy and the DNS server as programs, beside the API server, with objects written by kubectl: what a pod, the node and
// the outside see of Services and names while they change.
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NamespaceCluster } from './namespace-cluster.ts';
import { NODE_NAME, service, slice } from './objects.ts';
import { CLUSTER_CIDR, NODE_IP, OUTSIDE_IP, TestNode, type Place } from './test-node.ts';

const exec = promisify(execFile);
const DNS_IP = '10.96.0.10';
const IP = { web: '10.96.0.50', moving: '10.96.0.51', names: '10.96.0.52', balanced: '10.96.0.53', headless: 'None' };

let node: TestNode;
let cluster: NamespaceCluster;

function programArguments(program: 'proxy' | 'dns'): string[] {
  const shared = [`--kubeconfig=${cluster.kubeconfig}`, `--hostname-override=${NODE_NAME}`];
  return program === 'proxy'
    ? [...shared, `--cluster-cidr=${CLUSTER_CIDR}`, '--healthz-bind-address=127.0.0.1:10256']
    : [...shared, '--bind-address=10.244.7.1', `--cluster-dns=${DNS_IP}`];
}

beforeAll(async () => {
  node = await TestNode.create('programs');
  cluster = await NamespaceCluster.create({ namespace: node.namespace('node'), address: NODE_IP });
  cluster.start('proxy', programArguments('proxy'));
  cluster.start('dns', programArguments('dns'));
  await cluster.apply(
    service('web', { clusterIP: IP.web, type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30_080 }] }),
    slice('web', [{ pod: 'p1' }, { pod: 'p2' }], { name: 'http' }),
    service('db', { clusterIP: IP.headless, ports: [{ name: 'sql', port: 5432 }] }),
    slice(
      'db',
      [
        { pod: 'p1', hostname: 'db-0' },
        { pod: 'p2', hostname: 'db-1' },
      ],
      { name: 'sql', port: 5432 },
    ),
  );
  await cluster.until('DNS answers through its Service', async () =>
    Array.isArray(await lookup('p1', 'web.default.svc.cluster.local')),
  );
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
});

async function lookup(from: Place, name: string, type = 'A', server = DNS_IP): Promise<unknown> {
  const program = fileURLToPath(new URL('lookup-program.ts', import.meta.url));
  const { stdout } = await exec('ip', [
    'netns',
    'exec',
    node.namespace(from),
    process.execPath,
    program,
    server,
    type,
    name,
  ]);
  return JSON.parse(stdout) as unknown;
}

/** Until one of the answers comes from `pod`. */
async function answersFrom(pod: string, from: Place, address: string, port: number): Promise<void> {
  await cluster.until(`${pod} answers at ${address}`, async () => {
    const [answer] = await node.ask(from, address, port, { timeoutMs: 300 });
    return typeof answer === 'object' && answer.pod === pod;
  });
}

/** A client that goes on while `during` runs. Answers with the pods it met, in order, and its last line. */
async function stream(
  protocol: 'tcp' | 'udp',
  address: string,
  port: number,
  during: () => Promise<void>,
): Promise<string[]> {
  const program = fileURLToPath(new URL('stream-program.ts', import.meta.url));
  const args = [
    'netns',
    'exec',
    node.namespace('p3'),
    process.execPath,
    program,
    protocol,
    address,
    String(port),
    '15000',
  ];
  const child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const first = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  await first;
  await during();
  child.stdin.end();
  await ended;
  return output.trim().split('\n');
}

describe('names', () => {
  test.each<{ from: Place; name: string; type?: string; want: unknown }>([
    { from: 'p1', name: 'web.default.svc.cluster.local', want: [IP.web] },
    { from: 'node', name: 'web.default.svc.cluster.local', want: [IP.web] },
    { from: 'p1', name: 'web.default.svc.cluster.local', type: 'AAAA', want: 'ENODATA' },
    { from: 'p1', name: 'none.default.svc.cluster.local', want: 'ENOTFOUND' },
    { from: 'p1', name: 'example.org.default.svc.cluster.local', want: 'ENOTFOUND' },
    { from: 'p1', name: 'db-1.db.default.svc.cluster.local', want: [TestNode.podIp('p2')] },
    { from: 'p1', name: 'kubernetes.default.svc.cluster.local', want: ['10.96.0.1'] },
    { from: 'p1', name: '50.0.96.10.in-addr.arpa', type: 'PTR', want: ['web.default.svc.cluster.local'] },
    {
      from: 'p1',
      name: '_http._tcp.web.default.svc.cluster.local',
      type: 'SRV',
      want: [{ name: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100, type: 'SRV' }],
    },
  ])('$name $type from $from', async ({ from, name, type, want }) => {
    expect(await lookup(from, name, type)).toEqual(want);
  });

  test('of a headless Service are its pods', async () => {
    const found = await lookup('p3', 'db.default.svc.cluster.local');
    expect(Array.isArray(found) && found.map(String).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      TestNode.podIp('p1'),
      TestNode.podIp('p2'),
    ]);
  });

  test('are registered as kube-dns, also after somebody removed that', async () => {
    const remove = await cluster.kubectl(['delete', 'service,endpointslice', '-n', 'kube-system', '--all']);
    expect(remove).toMatchObject({ code: 0 });
    await cluster.until('DNS answers again', async () =>
      Array.isArray(await lookup('p1', 'web.default.svc.cluster.local')),
    );
  });
});

describe('Services', () => {
  test('answer pods, the node and the outside', async () => {
    expect(await node.ask('p3', IP.web, 80)).toMatchObject([{ client: TestNode.podIp('p3') }]);
    expect(await node.ask('node', '127.0.0.1', 30_080)).toMatchObject([{ client: '10.244.7.1' }]);
    expect(await node.ask('outside', NODE_IP, 30_080)).toMatchObject([{ client: '10.244.7.1' }]);
  });

  test('answer a pod that is itself behind them', async () => {
    const answers = await node.ask('p1', IP.web, 80, { times: 20 });
    expect(new Set(answers.map((answer) => (typeof answer === 'string' ? answer : answer.pod)))).toEqual(
      new Set(['p1', 'p2']),
    );
  });

  test.each(['p1', 'node'] as const)('lead %s to the API of the cluster, which is on the node itself', async (from) => {
    const program = `fetch('https://10.96.0.1/version').catch((e) => console.log(e.cause?.code))`;
    const { stdout } = await exec('ip', ['netns', 'exec', node.namespace(from), process.execPath, '-e', program]);
    // The certificate is not for this name: so TLS was spoken.
    expect(stdout.trim()).toMatch(/CERT|SIGNED|ISSUER|SIGNATURE/);
  });

  test('lose no request and cut no connection while their endpoints are exchanged', async () => {
    await cluster.apply(service('moving', { clusterIP: IP.moving }), slice('moving', [{ pod: 'p1' }]));
    await answersFrom('p1', 'p3', IP.moving, 80);
    const asking = new AbortController();
    const results: string[] = [];
    const asked = (async () => {
      while (!asking.signal.aborted)
        for (const answer of await node.ask('p3', IP.moving, 80, { times: 50 }))
          results.push(typeof answer === 'string' ? answer : answer.pod);
    })();
    const met = await stream('tcp', IP.moving, 80, async () => {
      for (const pods of [['p1', 'p2'], ['p2'], ['p2', 'p1'], ['p2']] as const) {
        await cluster.apply(
          slice(
            'moving',
            pods.map((pod) => ({ pod })),
          ),
        );
      }
      await answersFrom('p2', 'p3', IP.moving, 80);
    });
    asking.abort();
    await asked;
    expect(results.filter((result) => !/^p[12]$/.test(result))).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(50);
    expect(met).toEqual(['p1', expect.stringMatching(/^sent \d+ lost 0$/)]);
  });

  test('take a UDP client along to another endpoint', async () => {
    const udp = { name: '', protocol: 'UDP' };
    await cluster.apply(
      service('names', { clusterIP: IP.names, ports: [{ port: 53, protocol: 'UDP' }] }),
      slice('names', [{ pod: 'p1' }], udp),
    );
    await cluster.until(
      'UDP is answered',
      async () => typeof (await node.ask('p3', IP.names, 53, { protocol: 'udp', timeoutMs: 300 }))[0] === 'object',
    );
    const met = await stream('udp', IP.names, 53, async () => {
      await cluster.apply(slice('names', [{ pod: 'p2' }], udp));
      await cluster.until('the other pod answers', async () => {
        const [answer] = await node.ask('p1', IP.names, 53, { protocol: 'udp', timeoutMs: 300 });
        return typeof answer === 'object' && answer.pod === 'p2';
      });
      // The flow is removed after the rules are in place; the next packet makes a new one.
      await exec('ip', ['netns', 'exec', node.namespace('p3'), 'sleep', '0.3']);
    });
    expect(met.slice(0, -1)).toEqual(['p1', 'p2']);
  });

  test('tell load balancers which nodes have endpoints', async () => {
    await cluster.apply(
      service('balanced', { clusterIP: IP.balanced, type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
      slice('balanced', [{ pod: 'p1' }]),
    );
    const { out: port } = await cluster.kubectl([
      'get',
      'service',
      'balanced',
      '-o',
      'jsonpath={.spec.healthCheckNodePort}',
    ]);
    expect(Number(port)).toBeGreaterThanOrEqual(30_000);
    const health = async () => {
      const program = `fetch('http://${NODE_IP}:${port}/').then(async (r) => console.log(r.status, await r.text()), () => console.log('none'))`;
      return (
        await exec('ip', ['netns', 'exec', node.namespace('outside'), process.execPath, '-e', program])
      ).stdout.trim();
    };
    await cluster.until('the node is healthy', async () => (await health()).startsWith('200'));
    expect(JSON.parse((await health()).slice(4))).toEqual({
      service: { namespace: 'default', name: 'balanced' },
      localEndpoints: 1,
      serviceProxyHealthy: true,
    });
    await cluster.apply(slice('balanced', [{ pod: 'p1', nodeName: 'another-node' }]));
    await cluster.until('the node is not', async () => (await health()).startsWith('503'));
    await cluster.kubectl(['delete', 'service', 'balanced']);
    await cluster.until('nobody answers', async () => (await health()) === 'none');
  });

  test('go on while the proxy is gone, and follow what happened meanwhile when it is back', async () => {
    await cluster.stop('proxy', 'SIGKILL');
    expect(await node.ask('outside', NODE_IP, 30_080)).toMatchObject([{ client: '10.244.7.1' }]);
    await cluster.apply(slice('web', [{ pod: 'p3' }], { name: 'http' }));
    cluster.start('proxy', programArguments('proxy'));
    await answersFrom('p3', 'node', IP.web, 80);
    const answers = await node.ask('node', IP.web, 80, { times: 10 });
    expect(answers.map((answer) => typeof answer === 'object' && answer.pod)).toEqual(Array(10).fill('p3'));
  });
});

test('the proxy tells how it is', async () => {
  const program = `for (const p of ['10256/healthz', '10256/livez', '10249/proxyMode', '10249/metrics', '10249/metrics/slis'])
    await fetch('http://127.0.0.1:' + p).then(async (r) => console.log(p, r.status, await r.text()))`;
  const { stdout } = await exec('ip', [
    'netns',
    'exec',
    node.namespace('node'),
    process.execPath,
    '--input-type=module',
    '-e',
    program,
  ]);
  expect(stdout).toMatch(/^10256\/healthz 200 .*"nodeEligible":true/);
  expect(stdout).toContain('10249/proxyMode 200 nftables');
  expect(stdout).toContain('10249/metrics 200 # HELP ');
  expect(stdout).toContain('\n# TYPE kubeproxy_sync_proxy_rules_duration_seconds histogram\n');
  expect(stdout).toContain('\nkubernetes_healthcheck{name="proxy",type="healthz"} 1\n');
});

test('pods reach the outside with the address of the node', async () => {
  await node.startServer('outside', 'world', [9000]);
  expect(await node.ask('p1', OUTSIDE_IP, 9000)).toEqual([{ pod: 'world', client: NODE_IP }]);
});

test('a missing kubeconfig ends the programs with one sentence', async () => {
  for (const program of ['proxy', 'dns']) {
    const path = fileURLToPath(new URL(`../../cmd/${program}/main.ts`, import.meta.url));
    const failed = await exec(process.execPath, [path, '--kubeconfig=/nowhere/kubeconfig']).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed?.code).toBe(1);
    expect(failed?.stderr.trim().split('\n').at(-1)).toMatch(/^typekube-\w+: .*\/nowhere\/kubeconfig/);
  }
});

test('cleanup leaves nothing behind', async () => {
  await cluster.stop('proxy');
  const path = fileURLToPath(new URL('../../cmd/proxy/main.ts', import.meta.url));
  const cleaned = await node.run([process.execPath, path, '--cleanup']);
  expect(cleaned.outcome).toBe('done');
  expect(await node.ruleset()).not.toContain('typekube');
  expect(await node.ruleset()).not.toContain('TYPEKUBE');
  expect(await node.sysctls.read('net/ipv4/conf/all/route_localnet')).toBe('0');
});
