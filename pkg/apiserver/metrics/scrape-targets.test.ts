import { expect, test } from 'vitest';
import type { Endpoints, Node } from '../../api/schema/generated/core.v1.gen.ts';
import { PAGES_ANNOTATION } from '../../metrics/metrics-pages.ts';
import { scrapeTargets } from './scrape-targets.ts';

const metadata = (name: string) => ({
  name,
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const node = (name: string, pages?: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { ...metadata(name), ...(pages !== undefined && { annotations: { [PAGES_ANNOTATION]: pages } }) },
  spec: {},
  status: {},
});

const endpoints: Endpoints = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: metadata('kubernetes'),
  subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ name: 'https', port: 6443 }] }],
};

/** `job path at targets`, sorted. */
function shown(cluster: Parameters<typeof scrapeTargets>[0]): string[] {
  return scrapeTargets(cluster)
    .map(({ targets, labels }) => `${labels['job']} ${labels['__metrics_path__']} at ${targets.join(' ')}`)
    .toSorted();
}

test('every API server is scraped with the components of its process, and every node through the one that was asked', () => {
  const nodes = [node('n1', 'kube-proxy,coredns'), node('n2')];
  const kubelet = (name: string, path: string) => `kubelet /api/v1/nodes/${name}/proxy${path} at lb:443`;
  expect(shown({ here: 'lb:443', endpoints, components: ['kube-scheduler'], nodes })).toEqual(
    [
      'apiserver /metrics at 10.0.0.1:6443 10.0.0.2:6443',
      'kube-scheduler /metrics/kube-scheduler at 10.0.0.1:6443 10.0.0.2:6443',
      'kube-state-metrics /metrics/kube-state-metrics at lb:443',
      'kube-proxy /api/v1/nodes/n1/proxy/metrics/kube-proxy at lb:443',
      'coredns /api/v1/nodes/n1/proxy/metrics/coredns at lb:443',
      ...['n1', 'n2'].flatMap((name) =>
        ['', '/cadvisor', '/probes', '/resource'].map((path) => kubelet(name, `/metrics${path}`)),
      ),
    ].toSorted(),
  );
});

test('a server that has no endpoints is scraped where it was asked', () => {
  expect(shown({ here: '127.0.0.1:6443', endpoints: undefined, components: [], nodes: [] })).toEqual([
    'apiserver /metrics at 127.0.0.1:6443',
    'kube-state-metrics /metrics/kube-state-metrics at 127.0.0.1:6443',
  ]);
});

test('nodes are told apart by their label, as they share an address', () => {
  const [own] = scrapeTargets({ here: 'x:1', endpoints: undefined, components: [], nodes: [node('n1')] }).filter(
    ({ labels }) => labels['metrics_path'] === '/metrics/cadvisor',
  );
  expect(own).toEqual({
    targets: ['x:1'],
    labels: {
      job: 'kubelet',
      __metrics_path__: '/api/v1/nodes/n1/proxy/metrics/cadvisor',
      __scheme__: 'https',
      metrics_path: '/metrics/cadvisor',
      node: 'n1',
      instance: 'n1',
    },
  });
});
