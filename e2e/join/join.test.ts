// Other machines become nodes by the one command that `tkctl token create` prints, and leave again without a trace.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { ensureSampleImage, SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import { nodes, pods } from '../../pkg/api/resources.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { projectRoot } from '../support/test-cluster.ts';
import { createJoinCluster, type JoinCluster } from './cluster.ts';
import { eventually, Machines, run, type Machine } from './machines.ts';

const owned = new AsyncDisposableStack();
let cluster: JoinCluster;
let a: Machine;
let b: Machine;

beforeAll(async () => {
  await ensureBuilt(() => undefined);
  const machines = owned.use(await Machines.create());
  cluster = owned.use(await createJoinCluster());
  [a, b] = [await machines.add('a'), await machines.add('b')];
});
afterAll(() => owned.disposeAsync());

async function joinCommand(...flags: string[]): Promise<string[]> {
  const line = (await cluster.must('token', 'create', ...flags)).trim();
  expect(line).toMatch(
    /^tkctl join 10\.231\.5\.1:\d+ --token [a-z0-9]{6}\.[a-z0-9]{16} --discovery-token-ca-cert-hash sha256:[0-9a-f]{64}$/,
  );
  return line.split(' ').slice(1);
}

const here = (machine: Machine) => ['--directory', machine.directory, '--node-name', machine.name];

/** The command with one value changed. */
function changed(command: readonly string[], flag: string, change: (value: string) => string): string[] {
  const at = command.indexOf(flag) + 1;
  return command.map((word, index) => (index === at ? change(word) : word));
}

describe('a machine does not become a node', () => {
  test.each<[string, (command: string[]) => string[] | Promise<string[]>, RegExp]>([
    [
      'with a wrong secret',
      (command) => changed(command, '--token', (token) => `${token.slice(0, 7)}0000000000000000`),
      /^error: the token is wrong: the cluster at .* knows "[a-z0-9]{6}" with another secret\n$/,
    ],
    [
      'with a token that nobody knows',
      (command) => changed(command, '--token', () => 'zzzzzz.0123456789abcdef'),
      /^error: the cluster at .* does not know the token "zzzzzz", or it has expired; make one with "tkctl token create"\n$/,
    ],
    [
      'with the pin of another authority',
      (command) => changed(command, '--discovery-token-ca-cert-hash', () => `sha256:${'0'.repeat(64)}`),
      /^error: the cluster at .* has the authority sha256:[0-9a-f]{64}, which is not what --discovery-token-ca-cert-hash names\n$/,
    ],
    [
      'at an address where nobody listens',
      (command) => changed(command, 'join', () => '10.231.5.1:9'),
      /^error: cannot reach an API server at 10\.231\.5\.1:9: nobody listens there\n$/,
    ],
    [
      'with a token that may not authenticate',
      () => joinCommand('--usages', 'signing'),
      /^error: the cluster refuses the token: it has expired or may not be used to authenticate\n$/,
    ],
    ['without a pin', (command) => command.slice(0, 4), /^error: --discovery-token-ca-cert-hash is missing/],
    [
      'without an engine',
      (command) => [...command, '--engine', 'unix:///nowhere.sock'],
      /^error: no container engine answers at unix:\/\/\/nowhere\.sock; start it, or name another by --engine\n$/,
    ],
  ])('%s', async (_, change, sentence) => {
    const command = await change(await joinCommand());
    const { code, stdout, stderr } = await a.tkctl(...command, ...here(a));
    expect(stderr.replace(/^ \* .*\n/gm, '')).toMatch(sentence);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(existsSync(join(a.directory, 'node.json'))).toBe(false);
  });

  test('with a token that has expired', async () => {
    const command = await joinCommand('--ttl', '1s');
    const [, , , token = ''] = command;
    const id = token.slice(0, 6);
    // The token cleaner takes it away when its time is over.
    for (let tries = 0; (await cluster.must('token', 'list')).includes(id); tries++) {
      if (tries > 100) throw new Error(`token ${id} was not cleaned up`);
      await pause(100);
    }
    const { code, stderr } = await a.tkctl(...command, ...here(a));
    expect(code).toBe(1);
    expect(stderr).toMatch(/does not know the token "[a-z0-9]{6}", or it has expired/);
  });
});

describe('a machine that has joined', () => {
  test('is a ready node with pod addresses of its own, and runs pods that are seen from everywhere', async () => {
    const labels = ['--node-labels', 'rack=7', '--register-with-taints', 'special=yes:PreferNoSchedule'];
    for (const [machine, more] of [
      [a, labels],
      [b, []],
    ] as const) {
      const { code, stdout, stderr } = await machine.tkctl(...(await joinCommand()), ...here(machine), ...more);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toContain(`Node "${machine.name}" is ready`);
    }
    const { items } = await cluster.client.resource(nodes).list();
    const [nodeA, nodeB] = items.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
    expect(nodeA?.metadata.labels).toMatchObject({ rack: '7', 'kubernetes.io/hostname': 'a' });
    expect(nodeA?.spec.taints).toEqual([{ key: 'special', value: 'yes', effect: 'PreferNoSchedule' }]);
    expect(nodeA?.status?.addresses).toContainEqual({ type: 'InternalIP', address: a.address });
    expect(new Set([nodeA?.spec.podCIDR, nodeB?.spec.podCIDR])).toEqual(new Set(['10.232.0.0/24', '10.232.1.0/24']));

    await Promise.all([a, b].map(({ engine }) => ensureSampleImage(hello, () => undefined, engine)));
    const addresses = await Promise.all([runHello('on-a', 'a'), runHello('on-b', 'b')]);
    for (const [machine, address] of [
      [a, addresses[1]],
      [b, addresses[0]],
    ] as const) {
      expect(await machine.read(`http://${address}:8080/`)).toContain('Hello from on-');
    }
    // The API server trusts the kubelet's certificate, which the cluster has signed.
    const kubectl = await kubectlPath(35);
    const env = { ...process.env, KUBECONFIG: cluster.server.kubeconfig };
    expect(await eventually(() => run(kubectl, ['logs', 'on-a'], env))).toMatchObject({ code: 0 });
  });

  test('is left as it is when it joins again, and its name is not given away', async () => {
    const pid = readFileSync(join(a.directory, 'node.pid'), 'utf8');
    const again = await a.tkctl(...(await joinCommand()), ...here(a));
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(/^This machine is node "a" of the cluster at https:\/\/10\.231\.5\.1:\d+ already\n$/);
    expect(readFileSync(join(a.directory, 'node.pid'), 'utf8')).toBe(pid);
    const other = ['--directory', `${a.directory}-other`, '--node-name', 'a'];
    const twice = await b.tkctl(...(await joinCommand()), ...other);
    expect(twice.code).toBe(1);
    expect(twice.stderr).toMatch(
      /^error: the engine at unix:.* has the network "typekube" of another node or cluster;/m,
    );
    const taken = await b.tkctl(...(await joinCommand()), ...other, '--pod-network', 'other');
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(
      /^error: the cluster has a node "a" that is ready; delete it there, or give this machine another name by --node-name$/m,
    );
  });

  test('goes on with its pods when its program was killed and is started by joining again', async () => {
    const { pid } = JSON.parse(readFileSync(join(a.directory, 'node.pid'), 'utf8')) as { pid: number };
    const before = (await a.run('docker', 'ps', '-q', '--no-trunc')).stdout;
    process.kill(pid, 'SIGKILL');
    const again = await a.tkctl(...(await joinCommand()), ...here(a));
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('already');
    expect(again.stdout).toContain('Node "a" is ready');
    expect(readFileSync(join(a.directory, 'node.pid'), 'utf8')).not.toContain(`"pid":${pid},`);
    expect((await a.run('docker', 'ps', '-q', '--no-trunc')).stdout).toBe(before);
    expect(before).not.toBe('');
  });

  test('keeps its keys to itself', () => {
    for (const file of ['pki/kubelet-client-current.pem', 'pki/kubelet-server-current.pem', 'node.json'])
      expect(statSync(join(a.directory, file)).mode & 0o077, file).toBe(0);
  });

  test('leaves nothing behind when it leaves', async () => {
    const left = await a.tkctl('leave', '--directory', a.directory);
    expect(left).toMatchObject({ code: 0 });
    expect(left.stdout).toMatch(/^Node "a" has left the cluster at https/);
    const { items } = await cluster.client.resource(nodes).list();
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['b']);
    expect(existsSync(a.directory)).toBe(false);
    expect((await a.run('docker', 'ps', '-aq')).stdout).toBe('');
    expect((await a.run('docker', 'network', 'ls', '-q', '--filter', 'driver=bridge')).stdout).toBe('');
    expect((await a.run('nft', 'list', 'ruleset')).stdout).not.toContain('typekube');
    expect((await a.run('ip', 'route')).stdout).not.toContain('10.232.');
    expect((await a.run('ip', '-br', 'link')).stdout).not.toMatch(/tk0|vxlan/);
    expect(await a.tkctl('leave', '--directory', a.directory)).toMatchObject({
      code: 0,
      stdout: 'This machine is no node; nothing to leave\n',
    });
  });

  test('may come back under its name, even if joining was interrupted at any time', async () => {
    const command = [...(await joinCommand()), ...here(a)];
    for (const seconds of ['0.4', '0.7', '1', '1.3']) {
      const tkctl = join(projectRoot, 'dist/tkctl.js');
      await a.run('timeout', '--signal=KILL', seconds, process.execPath, tkctl, ...command, '--no-start');
    }
    const { code, stdout } = await a.tkctl(...command);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain('Node "a" is ready');
  });
});

const hello = join(projectRoot, 'manifests/examples/hello');

async function runHello(name: string, nodeName: string): Promise<string> {
  const resource = cluster.client.resource(pods);
  const container = { name: 'hello', image: SAMPLE_IMAGE, imagePullPolicy: 'Never' };
  await resource.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name },
    spec: { nodeName, containers: [container], terminationGracePeriodSeconds: 1 },
  });
  for (let tries = 0; tries < 300; tries++) {
    const { status } = await resource.get({ namespace: 'default', name });
    if (status?.phase === 'Running' && status.podIP !== undefined) return status.podIP;
    await pause(100);
  }
  throw new Error(`pod ${name} does not run:\n${await cluster.must('describe', 'pod', name)}`);
}
