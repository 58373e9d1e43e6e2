import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createProxyMetrics } from './proxy-metrics.ts';

test('changes are pending until they are written', async () => {
  const registry = new Registry();
  const metrics = createProxyMetrics(registry, 'IPv4');
  const told = async (name: string) =>
    /\{ip_family="IPv4"\} (\S+)/.exec(await registry.getSingleMetricAsString(name))?.[1];
  metrics.changed('service', 5000);
  metrics.changed('endpoint', 6000);
  metrics.changed('endpoint', 7000);
  expect(await told('kubeproxy_sync_proxy_rules_endpoint_changes_pending')).toBe('2');
  expect(await told('kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds')).toBe('7');
  metrics.written({ startedAt: 7000, now: 7250 }, 3);
  expect(await told('kubeproxy_sync_proxy_rules_endpoint_changes_pending')).toBe('0');
  expect(await told('kubeproxy_sync_proxy_rules_endpoint_changes_total')).toBe('2');
  expect(await told('kubeproxy_sync_proxy_rules_service_changes_total')).toBe('1');
  expect(await told('kubeproxy_sync_proxy_rules_last_timestamp_seconds')).toBe('7.25');
  expect(await told('kubeproxy_sync_proxy_rules_nftables_sync_failures_total')).toBe('0');
});

test('latencies are there before the first of them', async () => {
  const registry = new Registry();
  createProxyMetrics(registry, 'IPv4');
  expect(await registry.metrics()).toContain(
    'kubeproxy_network_programming_duration_seconds_bucket{le="0.25",ip_family="IPv4"} 0\n',
  );
});
