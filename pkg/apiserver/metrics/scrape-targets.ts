// What Prometheus is to scrape, as its HTTP service discovery wants it (http_sd_config): every API server with the components of
// its process, every kubelet with its own. Kubelets are reached through this API server, so that one address and one token do.
// Pure.
import type { Endpoints, Node } from '../../api/schema/generated/core.v1.gen.ts';
import { PAGES_ANNOTATION } from '../../metrics/metrics-pages.ts';

export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface ScrapedCluster {
  /** As the one who asks reaches this server: `host:port`. */
  readonly here: string;
  /** Of the Service `kubernetes`; undefined: only this server is known. */
  readonly endpoints: Endpoints | undefined;
  /** Of this process; the other API servers' are the same. */
  readonly components: readonly string[];
  readonly nodes: readonly Node[];
}

const KUBELET_PATHS: readonly string[] = ['/metrics', '/metrics/cadvisor', '/metrics/probes', '/metrics/resource'];

export function scrapeTargets({ here, endpoints, components, nodes }: ScrapedCluster): TargetGroup[] {
  const servers = (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    addresses.map(({ ip }) => `${ip}:${ports[0]?.port ?? 443}`),
  );
  const targets = servers.length === 0 ? [here] : servers;
  return [
    { targets, labels: labelsOf('apiserver', '/metrics') },
    ...components.map((component) => ({ targets, labels: labelsOf(component, `/metrics/${component}`) })),
    { targets: [here], labels: { ...labelsOf('kube-state-metrics', '/metrics/kube-state-metrics'), instance: here } },
    ...nodes.flatMap((node) => nodeTargets(node, here)),
  ];
}

function nodeTargets({ metadata: { name, annotations } }: Node, here: string): TargetGroup[] {
  const group = (job: string, path: string): TargetGroup => ({
    targets: [here],
    labels: {
      ...labelsOf(job, path),
      __metrics_path__: `/api/v1/nodes/${encodeURIComponent(name)}/proxy${path}`,
      node: name,
      instance: name,
    },
  });
  const components = (annotations?.[PAGES_ANNOTATION] ?? '').split(',').filter((component) => component !== '');
  return [
    ...KUBELET_PATHS.map((path) => group('kubelet', path)),
    ...components.map((component) => group(component, `/metrics/${component}`)),
  ];
}

/** `metrics_path` is how dashboards made for Kubernetes tell a kubelet's several pages apart. */
function labelsOf(job: string, path: string): Record<string, string> {
  return { job, __metrics_path__: path, __scheme__: 'https', metrics_path: path };
}
