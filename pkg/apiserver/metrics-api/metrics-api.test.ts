// metrics.k8s.io as a client sees it, with a kubelet that serves the counters which the test sets.
import { createServer, type Server } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { createAuthority, issueCertificate } from '../../pki/certificates.ts';
import { startServerUnderTest, type ServerUnderTest } from '../testing/server-under-test.ts';

const BASE = '/apis/metrics.k8s.io/v1beta1';
let server: ServerUnderTest;
let kubelet: Server;

/** A container and a node that use a quarter and a half of a core, since the epoch. */
function counters(now: number): string {
  const labels = 'container="main",namespace="default",pod="busy"';
  return [
    `container_cpu_usage_seconds_total{${labels}} ${now / 4000} ${now}`,
    `container_memory_working_set_bytes{${labels}} ${64 * 1024 * 1024} ${now}`,
    `container_start_time_seconds{${labels}} 1000`,
    `node_cpu_usage_seconds_total ${now / 2000} ${now}`,
    `node_memory_working_set_bytes ${1536 * 1024 * 1024} ${now}`,
    '',
  ].join('\n');
}

beforeAll(async () => {
  const now = realClock.now();
  const authority = await createAuthority('kubelets', 1, now);
  const request = { commonName: 'system:node:n1', hosts: ['127.0.0.1'], usages: ['server' as const], days: 1 };
  const { certificate, key } = await issueCertificate(authority, request, now);
  kubelet = createServer({ cert: certificate, key }, (incoming, response) => {
    response.writeHead(incoming.url === '/metrics/resource' ? 200 : 404).end(counters(realClock.now()));
  });
  await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
  const address = kubelet.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server = await startServerUnderTest(undefined, 1, {
    metricsApi: true,
    kubelets: { authority: authority.certificate },
  });
  const post = (path: string, value: unknown) => server.direct.request({ method: 'POST', path, body: value });
  const node = (name: string, kubeletPort: number) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { zone: name } },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    },
  });
  await post('/api/v1/nodes', node('n1', port));
  await post('/api/v1/nodes', node('gone', 1));
  for (const name of ['busy', 'unknown']) {
    const metadata = { name, namespace: 'default', labels: { app: name } };
    const containers = [{ name: 'main', image: 'x' }];
    const spec = { nodeName: 'n1', containers, serviceAccountName: 'default', automountServiceAccountToken: false };
    await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } }).catch(() => undefined);
    await post('/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  }
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  kubelet.closeAllConnections();
  await new Promise<void>((resolve) => kubelet.close(() => resolve()));
});

async function get(path: string, accept?: string): Promise<unknown> {
  const answer = await server.direct.request({ method: 'GET', path, ...(accept !== undefined && { accept }) });
  return answer.body;
}

const shownPod = {
  kind: 'PodMetrics',
  apiVersion: 'metrics.k8s.io/v1beta1',
  metadata: { name: 'busy', namespace: 'default', labels: { app: 'busy' } },
  window: expect.stringMatching(/^\d+(\.\d+)?s$/) as unknown,
  containers: [{ name: 'main', usage: { cpu: expect.stringMatching(/^2[45]\d*[mun]$/) as unknown, memory: '64Mi' } }],
};

describe('metrics.k8s.io', () => {
  test('lists the usage of nodes that answer', async () => {
    const list = await get(`${BASE}/nodes`);
    expect(list).toMatchObject({ kind: 'NodeMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {} });
    expect(list).toHaveProperty('items', [
      expect.objectContaining({
        kind: 'NodeMetrics',
        metadata: { name: 'n1', creationTimestamp: expect.any(String) as unknown, labels: { zone: 'n1' } },
        usage: { cpu: expect.stringMatching(/^(49|50)\d*[mun]$/) as unknown, memory: '1536Mi' },
      }),
    ]);
  });

  test.each([
    { path: `${BASE}/pods`, found: ['busy'] },
    { path: `${BASE}/namespaces/default/pods`, found: ['busy'] },
    { path: `${BASE}/namespaces/kube-system/pods`, found: [] },
    { path: `${BASE}/pods?labelSelector=app%3Dbusy`, found: ['busy'] },
    { path: `${BASE}/pods?labelSelector=app%21%3Dbusy`, found: [] },
    { path: `${BASE}/pods?fieldSelector=metadata.name%3Dbusy`, found: ['busy'] },
    { path: `${BASE}/pods?fieldSelector=metadata.name%3Dother`, found: [] },
    { path: `${BASE}/nodes?labelSelector=zone%3Dn1`, found: ['n1'] },
  ])('finds $found at $path', async ({ path, found }) => {
    const { items } = (await get(path)) as { items: { metadata: { name: string } }[] };
    expect(items.map(({ metadata }) => metadata.name)).toEqual(found);
  });

  test('shows one pod with its containers', async () => {
    expect(await get(`${BASE}/namespaces/default/pods/busy`)).toMatchObject(shownPod);
  });

  test.each([
    { path: 'namespaces/default/pods/none', message: 'pods "none" not found' },
    { path: 'namespaces/default/pods/unknown', message: 'pods.metrics.k8s.io "default/unknown" not found' },
    { path: 'nodes/gone', message: 'nodes.metrics.k8s.io "gone" not found' },
    { path: 'pods/busy', message: 'the server could not find the requested resource' },
    { path: 'nodes/n1/status', message: 'the server could not find the requested resource' },
    { path: 'things', message: 'the server could not find the requested resource' },
  ])('says of $path: $message', async ({ path, message }) => {
    await expect(get(`${BASE}/${path}`)).rejects.toMatchObject({ code: 404, status: { message } });
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'] as const)('cannot be written by %s', async (method) => {
    await expect(server.direct.request({ method, path: `${BASE}/nodes/n1`, body: {} })).rejects.toMatchObject({
      code: 405,
    });
    await expect(get(`${BASE}/nodes?watch=true`)).rejects.toMatchObject({ code: 405 });
  });

  test('is in discovery behind the resources of the same name', async () => {
    expect(await get(BASE)).toMatchObject({
      groupVersion: 'metrics.k8s.io/v1beta1',
      resources: [
        { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
        { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
      ],
    });
    const { groups } = (await get('/apis')) as { groups: { name: string }[] };
    expect(groups.at(-1)?.name).toBe('metrics.k8s.io');
  });

  test('gives tables', async () => {
    const table = await get(`${BASE}/namespaces/default/pods`, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    expect(table).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'cpu' }, { name: 'memory' }, { name: 'Window' }],
      rows: [{ cells: ['busy', shownPod.containers[0]?.usage.cpu, '64Mi', shownPod.window] }],
    });
  });
});

test('is not served where nobody switched it on', async () => {
  await using bare = await startServerUnderTest();
  await expect(bare.direct.request({ method: 'GET', path: `${BASE}/nodes` })).rejects.toMatchObject({ code: 404 });
  const { body } = await bare.direct.request({ method: 'GET', path: '/apis' });
  expect(JSON.stringify(body)).not.toContain('metrics.k8s.io');
});

test('its types are published with the others', async () => {
  const get = async (path: string) => (await server.direct.request({ method: 'GET', path })).body;
  const parsed = JSON.parse(String(await get('/openapi/v3/apis/metrics.k8s.io/v1beta1'))) as {
    paths: Record<string, object>;
    components: { schemas: Record<string, { properties: object }> };
  };
  expect(Object.keys(parsed.paths)).toEqual(
    expect.arrayContaining([`${BASE}/nodes`, `${BASE}/nodes/{name}`, `${BASE}/namespaces/{namespace}/pods/{name}`]),
  );
  const { schemas } = parsed.components;
  expect(schemas['io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics']).toMatchObject({
    description: 'The usage of the containers of one pod.',
    required: ['containers', 'timestamp', 'window'],
    'x-kubernetes-group-version-kind': [{ group: 'metrics.k8s.io', version: 'v1beta1', kind: 'PodMetrics' }],
  });
  expect(String(await get('/openapi/v2'))).toContain('"io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetricsList"');
  const index = JSON.parse(String(await get('/openapi/v3'))) as { paths: Record<string, object> };
  expect(index.paths).toHaveProperty(['apis/metrics.k8s.io/v1beta1']);
});
