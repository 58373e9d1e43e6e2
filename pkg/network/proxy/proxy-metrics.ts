// The proxy's metrics under kube-proxy's names, so that dashboards and alerts made for it work.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Instant } from '../../clock/clock.ts';

/** What changes: a Service, or one of its slices. */
export type ChangedThing = 'service' | 'endpoint';

export interface ProxyMetrics {
  /** Something that is yet to be written. */
  changed(what: ChangedThing, at: Instant): void;
  /** The rules are as they should be, of so many Services. */
  written(times: { readonly startedAt: Instant; readonly now: Instant }, services: number): void;
  /** From the change of a pod or Service to the rules about it. */
  programmed(seconds: number): void;
  failed(): void;
}

const SYNC_SECONDS = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power);
/** A quarter and half of a second, whole ones to a minute, then 5 and 30 seconds apart, as kube-proxy has them. */
const PROGRAMMING_SECONDS = [
  0.25,
  0.5,
  ...Array.from({ length: 59 }, (_, index) => 1 + index),
  ...Array.from({ length: 12 }, (_, index) => 60 + 5 * index),
  ...Array.from({ length: 7 }, (_, index) => 120 + 30 * index),
];

/** `family`: `IPv4` or `IPv6`. */
export function createProxyMetrics(registry: Registry, family: string): ProxyMetrics {
  const common = { labelNames: ['ip_family'] as const, registers: [registry] };
  const gauge = (name: string, help: string) => new Gauge({ name, help, ...common }).labels(family);
  const counter = (name: string, help: string) => {
    const child = new Counter({ name, help, ...common }).labels(family);
    child.inc(0);
    return child;
  };
  const histogram = (name: string, help: string, buckets: number[]) => {
    const made = new Histogram({ name, help, buckets, ...common });
    made.zero({ ip_family: family }); // there before the first time, as without labels
    return made.labels(family);
  };
  const syncSeconds = histogram(
    'kubeproxy_sync_proxy_rules_duration_seconds',
    'SyncProxyRules latency in seconds',
    SYNC_SECONDS,
  );
  const programmingSeconds = histogram(
    'kubeproxy_network_programming_duration_seconds',
    'In Cluster Network Programming Latency in seconds',
    PROGRAMMING_SECONDS,
  );
  const lastSync = gauge(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    'The last time proxy rules were successfully synced',
  );
  const lastQueued = gauge(
    'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
    'The last time a sync of proxy rules was queued',
  );
  const known = gauge('kubeproxy_sync_proxy_rules_services', 'Number of Services known to the proxy');
  const failures = counter(
    'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
    'Cumulative proxy nftables sync failures',
  );
  const changes = {
    service: {
      total: counter('kubeproxy_sync_proxy_rules_service_changes_total', 'Cumulative proxy rules Service changes'),
      pending: gauge('kubeproxy_sync_proxy_rules_service_changes_pending', 'Pending proxy rules Service changes'),
    },
    endpoint: {
      total: counter('kubeproxy_sync_proxy_rules_endpoint_changes_total', 'Cumulative proxy rules Endpoint changes'),
      pending: gauge('kubeproxy_sync_proxy_rules_endpoint_changes_pending', 'Pending proxy rules Endpoint changes'),
    },
  };
  return {
    changed(what, at) {
      changes[what].total.inc();
      changes[what].pending.inc();
      lastQueued.set(at / 1000);
    },
    written({ startedAt, now }, services) {
      syncSeconds.observe((now - startedAt) / 1000);
      lastSync.set(now / 1000);
      known.set(services);
      for (const { pending } of Object.values(changes)) pending.set(0);
    },
    programmed: (seconds) => programmingSeconds.observe(seconds),
    failed: () => failures.inc(),
  };
}
