// The proxy's metrics under kube-proxy's names, so that dashboards and alerts made for it work.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface ProxyMetrics {
  readonly syncSeconds: Histogram;
  readonly programmingSeconds: Histogram;
  readonly lastSync: Gauge;
  readonly failures: Counter;
  readonly services: Gauge;
}

export function createProxyMetrics(registry: Registry): ProxyMetrics {
  const registers = [registry];
  return {
    syncSeconds: new Histogram({
      name: 'kubeproxy_sync_proxy_rules_duration_seconds',
      help: 'SyncProxyRules latency in seconds',
      buckets: Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power),
      registers,
    }),
    programmingSeconds: new Histogram({
      name: 'kubeproxy_network_programming_duration_seconds',
      help: 'In Cluster Network Programming Latency in seconds',
      buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 10, 20, 30, 60, 120, 300],
      registers,
    }),
    lastSync: new Gauge({
      name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      help: 'The last time proxy rules were successfully synced',
      registers,
    }),
    failures: new Counter({
      name: 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
      help: 'Cumulative proxy nftables sync failures',
      registers,
    }),
    services: new Gauge({
      name: 'kubeproxy_sync_proxy_rules_services',
      help: 'Number of Services known to the proxy',
      registers,
    }),
  };
}
