// Clusters of nodes in containers, as CI uses them: made, filled, stopped, started, hurt, looked at and deleted with tkctl.
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/etcd-server.ts';
import { get } from '../support/http-load.ts';
import { createNodesCluster, nodesHome, succeeded, type NodesCluster } from '../support/nodes-cluster.ts';

const NAME = 'e2e-nodes';
const OTHER = 'e2e-other';
const WORKERS = ['e2e-nodes-worker', 'e2e-nodes-worker2', 'e2e-nodes-worker3'];
const CONTROL_PLANE = 'e2e-nodes-control-plane';
const CONFIG = `kind: Cluster
apiVersion: typekube.dev/v1alpha1
nodes:
- role: control-plane
  extraPortMappings:
  - {containerPort: 30080, hostPort: HOSTPORT}
- role: worker
  labels: {topology.kubernetes.io/zone: a}
- role: worker
- role: worker
controllerManager:
  extraArgs: {node-monitor-grace-period: 20s}
`;

let directory: string;
let hostPort: number;
let cluster: NodesCluster;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'typekube-nodes-test-'));
  hostPort = await freePort();
  const config = join(directory, 'cluster.yaml');
  writeFileSync(config, CONFIG.replace('HOSTPORT', String(hostPort)));
  cluster = await createNodesCluster(NAME, ['--config', config]);
  await cluster.must('apply', '-f', 'manifests/examples/app.yaml');
  await rolledOut();
}, 300_000);
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
}, 120_000);
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await cluster.explain());
});

const rolledOut = () => cluster.must('rollout', 'status', 'deployment/hello', '--timeout=120s');
const allReady = () => cluster.must('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=120s');
const sampleUrl = () => `http://127.0.0.1:${hostPort}/`;

test('nodes join as any machine does, with roles, labels, taints and pod addresses of their own', async () => {
  await allReady();
  const columns =
    'custom-columns=N:.metadata.name,C:.spec.podCIDR,T:.spec.taints[*].key,Z:.metadata.labels.topology\\.kubernetes\\.io/zone';
  const rows = (await cluster.must('get', 'nodes', '--no-headers', '-o', columns)).trim().split('\n');
  const nodes = rows.toSorted().map((row) => row.split(/\s+/));
  expect(nodes.map(([name, , taint, zone]) => [name, taint, zone])).toEqual([
    [CONTROL_PLANE, 'node-role.kubernetes.io/control-plane', '<none>'],
    [WORKERS[0], '<none>', 'a'],
    [WORKERS[1], '<none>', '<none>'],
    [WORKERS[2], '<none>', '<none>'],
  ]);
  expect(new Set(nodes.map(([, cidr]) => cidr)).size).toBe(4);
  expect(await cluster.must('get', 'nodes', '-l', 'node-role.kubernetes.io/control-plane', '-o', 'name')).toBe(
    `node/${CONTROL_PLANE}\n`,
  );
  // Tokens are for joining and gone afterwards.
  expect((await cluster.tkctl('token', 'list')).stderr).toContain('No tokens');
});

test('a pod that asks what its node asks gets answers of the engine outside', async () => {
  const overrides = JSON.stringify({ spec: { dnsPolicy: 'Default' } });
  await cluster.must('run', 'asking', '--image=typekube/hello:1', '--restart=Never', '--overrides', overrides);
  await cluster.must('wait', '--for=condition=Ready', 'pod/asking', '--timeout=60s');
  const [, address] = cluster.record().containers.map((plan) => plan.address);
  expect(await cluster.must('exec', 'asking', '--', 'nslookup', WORKERS[0] ?? '')).toContain(address);
  await cluster.must('delete', 'pod', 'asking', '--now');
});

test('node containers are not privileged and see no control groups but their own', async () => {
  const { HostConfig } = await cluster.engine.getContainer(WORKERS[0] ?? '').inspect();
  expect(HostConfig).toMatchObject({ Privileged: false, Binds: null, RestartPolicy: { Name: 'always' } });
  expect(HostConfig.CapAdd).not.toContain('ALL');
});

test('the sample app spreads over the workers and answers through the port of every node', async () => {
  const on = await cluster.must('get', 'pods', '-l', 'app=hello', '-o', 'jsonpath={.items[*].spec.nodeName}');
  expect(on.trim().split(' ').toSorted()).toEqual(WORKERS);
  for (const { address } of cluster.record().containers) {
    expect(await get(`http://${address}:30080/`)).toMatch(/^Hello from typekube from hello-/);
  }
  expect(await get(sampleUrl())).toMatch(/^Hello from typekube from hello-/);
});

test('images come from archives too, and what is nowhere is refused in one sentence', async () => {
  const archive = join(directory, 'image.tar');
  await cluster.engine.getImage('typekube/hello:1').tag({ repo: 'typekube/e2e-nodes', tag: '1' });
  const tagged = cluster.engine.getImage('typekube/e2e-nodes:1');
  await pipeline(await tagged.get(), createWriteStream(archive));
  await tagged.remove();
  expect(await cluster.tkctl('cluster', 'load-image', NAME, archive)).toMatchObject({ code: 0 });
  for (const node of [CONTROL_PLANE, ...WORKERS]) {
    expect(await cluster.exec(node, 'docker', 'image', 'inspect', 'typekube/e2e-nodes:1')).toMatchObject({ code: 0 });
  }
  expect(await cluster.tkctl('cluster', 'load-image', NAME, 'no/such:1')).toMatchObject({
    code: 1,
    stderr: 'error: "no/such:1" is neither an image of the engine here nor a file\n',
  });
});

test('a create that was interrupted is continued by the next, and both clusters live side by side', async () => {
  await using other = await nodesHome(OTHER);
  const end = new AbortController();
  const interrupted = other.tkctlUntil(end.signal, 'cluster', 'create', OTHER, '--workers', '1');
  const made = async () =>
    (await other.engine.listContainers({ all: true })).filter(({ Names }) => Names[0]?.includes(OTHER));
  await expect.poll(async () => (await made()).length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
  end.abort();
  expect((await interrupted).code).not.toBe(0);
  const listed = await other.tkctl('cluster', 'list');
  expect(listed.stdout).toMatch(new RegExp(`^${OTHER} +(Running|Incomplete|Stopped) +2 +embedded`, 'm'));
  await succeeded(other.tkctl('cluster', 'create', OTHER, '--workers', '1'));
  expect((await other.must('get', 'nodes', '-o', 'name')).trim().split('\n')).toHaveLength(2);
  expect((await other.must('config', 'current-context')).trim()).toBe(`typekube-${OTHER}`);
  expect(await get(sampleUrl())).toContain('Hello from typekube');
  await succeeded(other.tkctl('cluster', 'create', OTHER));
  const stranger = await cluster.tkctl('cluster', 'create', OTHER, '--workers', '1');
  expect(stranger.code).toBe(1);
  expect(stranger.stderr).toContain(`the engine has containers of another cluster "${OTHER}"`);
  const changed = await other.tkctl('cluster', 'create', OTHER, '--workers', '2');
  expect(changed.code).toBe(1);
  expect(changed.stderr).toContain(
    `exists with 1 worker, not 2: change that with "tkctl cluster scale ${OTHER} --workers 2"`,
  );

  expect((await succeeded(other.tkctl('cluster', 'scale', OTHER, '--workers', '2'))).stdout).toContain('has 2 workers');
  await other.must('wait', '--for=condition=Ready', `node/${OTHER}-worker2`, '--timeout=5s');
  await other.must(
    'run',
    'bare',
    '--image=none',
    '--overrides',
    JSON.stringify({ spec: { nodeName: `${OTHER}-worker2` } }),
  );
  const refused = await other.tkctl('cluster', 'scale', OTHER, '--workers', '0');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`${OTHER}-worker2 stays, because pods cannot leave it`);
  await other.engine.getContainer(`${OTHER}-worker`).kill();
  const started = await succeeded(other.tkctl('cluster', 'start', OTHER));
  expect(started.stderr).toContain(` * starting ${OTHER}-worker, which had ended\n`);
  await succeeded(other.tkctl('cluster', 'scale', OTHER, '--workers', '0', '--force'));
  expect((await other.must('get', 'nodes', '-o', 'name')).trim()).toBe(`node/${OTHER}-control-plane`);
  expect(await made()).toHaveLength(1);
  expect(await other.tkctl('cluster', 'delete', OTHER)).toMatchObject({
    code: 0,
    stdout: `Deleted cluster "${OTHER}"\n`,
  });
  expect(await made()).toEqual([]);
  const networks = await other.engine.listNetworks({ filters: { name: [`typekube-${OTHER}`] } });
  expect(networks).toEqual([]);
  expect(await other.tkctl('cluster', 'delete', OTHER)).toMatchObject({
    stdout: `No cluster "${OTHER}"; nothing to delete\n`,
  });
});

test('every program of a node comes back when it is killed, and no container restarts for that', async () => {
  const node = WORKERS[0] ?? '';
  const restarts = () =>
    cluster.must(
      'get',
      'pods',
      '-l',
      'app=hello',
      '-o',
      'jsonpath={.items[*].status.containerStatuses[0].restartCount}',
    );
  const before = await restarts();
  const pid = async (pattern: string) => (await cluster.exec(node, 'pgrep', '-of', pattern)).stdout.trim();
  for (const program of ['^dockerd ', '/dist/node.js']) {
    const old = await pid(program);
    expect(old).not.toBe('');
    await cluster.exec(node, 'kill', '-9', old);
    await expect
      .poll(async () => ['', old].includes(await pid(program)), { timeout: 60_000, interval: 200 })
      .toBe(false);
  }
  await cluster.exec(CONTROL_PLANE, 'pkill', '-9', '-f', '/dist/control-plane.js');
  await expect.poll(async () => (await cluster.kubectl('get', '--raw', '/readyz')).code, { timeout: 60_000 }).toBe(0);
  await allReady();
  await rolledOut();
  await cluster.must('run', 'after', '--image=typekube/hello:1', '--restart=Never');
  await cluster.must('wait', '--for=condition=Ready', 'pod/after', '--timeout=90s');
  await cluster.must('delete', 'pod', 'after', '--now');
  expect(await restarts()).toBe(before);
});

test('a container that dies is started again by the engine, and its node rejoins by itself', async () => {
  const node = WORKERS[1] ?? '';
  const container = cluster.engine.getContainer(node);
  const { State } = await container.inspect();
  process.kill(State.Pid, 'SIGKILL');
  const startedAgain = async () => {
    const now = (await container.inspect()).State;
    return now.Running && now.StartedAt !== State.StartedAt;
  };
  await expect.poll(startedAgain, { timeout: 60_000, interval: 200 }).toBe(true);
  const renewed = async () => {
    const time = await cluster.must('get', 'lease', '-n', 'kube-node-lease', node, '-o', 'jsonpath={.spec.renewTime}');
    return Date.parse(time) > Date.parse((await container.inspect()).State.StartedAt);
  };
  await expect.poll(renewed, { timeout: 90_000, interval: 500 }).toBe(true);
  await allReady();
  await rolledOut();
  expect(await get(sampleUrl())).toContain('Hello from typekube');
});

test('stop and start keep objects, images and addresses', async () => {
  await cluster.must('create', 'configmap', 'kept', '--from-literal=a=b');
  const addresses = () => cluster.must('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[0].address}');
  const before = await addresses();
  expect(await cluster.tkctl('cluster', 'stop', NAME)).toMatchObject({ code: 0 });
  expect((await cluster.tkctl('cluster', 'list')).stdout).toMatch(/^e2e-nodes +Stopped/m);
  await expect(get(sampleUrl())).rejects.toThrow();
  const started = await cluster.tkctl('cluster', 'start', NAME);
  expect(started).toMatchObject({ code: 0 });
  expect(await cluster.must('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}')).toBe('b');
  expect(await addresses()).toBe(before);
  await rolledOut();
  await expect.poll(() => get(sampleUrl()).catch(String), { timeout: 60_000 }).toContain('Hello from typekube');
});

test('logs holds what a bug report needs and no secret', async () => {
  await cluster.must('create', 'secret', 'generic', 'hidden', '--from-literal=word=d0ntsayit');
  const archive = join(directory, 'logs.tar.gz');
  expect(await cluster.tkctl('cluster', 'logs', NAME, '--output', archive)).toMatchObject({ code: 0 });
  execFileSync('tar', ['-xzf', archive, '-C', directory]);
  const root = join(directory, NAME);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  for (const wanted of [
    'cluster.json',
    'overview.txt',
    'describe/pods.txt',
    'objects/v1_pods.json',
    'metrics/kube-scheduler.txt',
    `${CONTROL_PLANE}/log/control-plane.log`,
    ...WORKERS.flatMap((node) =>
      ['log/node.log', 'log/dockerd.log', 'nft.txt', 'routes.txt'].map((file) => `${node}/${file}`),
    ),
  ]) {
    expect(files).toContain(wanted);
  }
  expect(readFileSync(join(root, 'overview.txt'), 'utf8')).toContain('deployment.apps/hello');
  for (const secret of ['d0ntsayit', Buffer.from('d0ntsayit').toString('base64'), 'PRIVATE KEY']) {
    expect(() => execFileSync('grep', ['-rq', secret, root])).toThrow();
  }
});

test('what makes no sense is refused before anything is made', async () => {
  await using other = await nodesHome('e2e-refused');
  const file = join(directory, 'bad.yaml');
  writeFileSync(file, 'kind: Cluster\napiVersion: typekube.dev/v1alpha1\nnodes: [{rolle: worker}]\n');
  const refusals = [
    { args: ['--config', file], says: 'nodes[0].rolle is no field' },
    { args: ['--control-planes', '2'], says: '--control-planes must be 1 or 3' },
    { args: ['--workers', '1', '--separate-processes'], says: '--separate-processes is for' },
    { args: ['--port', '80'], says: '--port must look like' },
    { args: ['--port', `${hostPort}:30080`], says: `another program listens on port ${hostPort} of 127.0.0.1` },
  ];
  for (const { args, says } of refusals) {
    const { code, stderr } = await other.tkctl('cluster', 'create', 'e2e-refused', ...args);
    expect(`${code} ${stderr}`).toMatch(/^1 /);
    expect(stderr).toContain(says);
  }
  expect((await other.tkctl('cluster', 'list')).stdout).not.toContain('e2e-refused');
  expect(await other.engine.listNetworks({ filters: { name: ['typekube-e2e-refused'] } })).toEqual([]);
});
