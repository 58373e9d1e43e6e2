// The state of real objects of a real server, and the pages beside /metrics.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Gauge } from 'prom-client';
import { MetricsPages } from '../../metrics/metrics-pages.ts';
import { parseExposition } from '../../metrics/parse-exposition.ts';
import { startServerUnderTest, type ServerUnderTest } from '../testing/server-under-test.ts';

const metricsPages = new MetricsPages();
let server: ServerUnderTest;

beforeAll(async () => {
  server = await startServerUnderTest(undefined, 1, { metricsPages });
  const post = (path: string, body: unknown) => server.direct.request({ method: 'POST', path, body });
  await post('/api/v1/nodes', {
    metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/control-plane': '' } },
    spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] },
    status: {
      capacity: { cpu: '1500m', memory: '2Ki', pods: '110' },
      conditions: [{ type: 'Ready', status: 'False' }],
    },
  });
  const containers = [{ name: 'c', image: 'x', resources: { limits: { cpu: '250m' }, requests: { memory: '1Ki' } } }];
  await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  await post('/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec: { containers, nodeName: 'n1' } });
  const labels = { app: 'web' };
  await post('/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'web' },
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  });
});

afterAll(() => server[Symbol.asyncDispose]());

async function page(path: string): Promise<string> {
  return String((await server.direct.request({ method: 'GET', path })).body);
}

describe('the state of objects', () => {
  test.each([
    { name: 'kube_pod_status_phase', labels: { pod: 'p', phase: 'Pending' }, value: 1 },
    { name: 'kube_pod_status_phase', labels: { pod: 'p', phase: 'Running' }, value: 0 },
    { name: 'kube_pod_info', labels: { pod: 'p', node: 'n1', created_by_kind: '' }, value: 1 },
    {
      name: 'kube_pod_container_resource_limits',
      labels: { pod: 'p', container: 'c', node: 'n1', resource: 'cpu', unit: 'core' },
      value: 0.25,
    },
    {
      name: 'kube_pod_container_resource_requests',
      labels: { container: 'c', resource: 'memory', unit: 'byte' },
      value: 1024,
    },
    { name: 'kube_node_status_capacity', labels: { node: 'n1', resource: 'cpu', unit: 'core' }, value: 1.5 },
    { name: 'kube_node_status_capacity', labels: { node: 'n1', resource: 'pods', unit: 'integer' }, value: 110 },
    { name: 'kube_node_status_condition', labels: { node: 'n1', condition: 'Ready', status: 'false' }, value: 1 },
    { name: 'kube_node_status_condition', labels: { node: 'n1', condition: 'Ready', status: 'true' }, value: 0 },
    { name: 'kube_node_role', labels: { node: 'n1', role: 'control-plane' }, value: 1 },
    { name: 'kube_node_spec_taint', labels: { node: 'n1', key: 'k', effect: 'NoSchedule' }, value: 1 },
    { name: 'kube_deployment_spec_replicas', labels: { namespace: 'default', deployment: 'web' }, value: 3 },
    { name: 'kube_deployment_status_replicas_available', labels: { deployment: 'web' }, value: 0 },
    { name: 'kube_namespace_status_phase', labels: { namespace: 'default', phase: 'Active' }, value: 1 },
  ])('$name of $labels is $value', async ({ name, labels, value }) => {
    const samples = parseExposition(await page('/metrics/kube-state-metrics'), new Set([name]));
    expect(samples).toContainEqual({ name, labels: expect.objectContaining(labels) as unknown, value, at: undefined });
  });

  test('is told family by family, as the format wants it', async () => {
    const names = (await page('/metrics/kube-state-metrics'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split('{', 1)[0]);
    const blocks = names.filter((name, index) => name !== names[index - 1]);
    expect(blocks).toEqual([...new Set(names)]);
  });
});

test('components of the process have pages of their own', async () => {
  await expect(page('/metrics/kube-scheduler')).rejects.toMatchObject({ code: 404 });
  const registers = [metricsPages.registry('kube-scheduler')];
  new Gauge({ name: 'mine', help: 'x', registers }).set(4);
  expect(await page('/metrics/kube-scheduler')).toContain('mine 4');
  await expect(page('/metrics/other')).rejects.toMatchObject({ code: 404 });
});

test('Prometheus is told where all of it is', async () => {
  const { body } = await server.direct.request({ method: 'GET', path: '/metrics/targets' });
  const targets = body as { targets: string[]; labels: Record<string, string> }[];
  expect(targets.map(({ labels }) => labels['job'])).toContain('kubelet');
  expect(targets[0]).toMatchObject({ targets: ['10.1.2.3:6443'], labels: { job: 'apiserver', __scheme__: 'https' } });
});
