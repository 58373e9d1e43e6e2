// Metrics of a cluster of a process per component: every one is scraped at its own port by the shipped configuration, with the
// credentials of Prometheus' ServiceAccount, all rules evaluate, and usage is what the engine says.
import Docker from 'dockerode';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type AskOptions } from '../../pkg/apiserver/testing/ask.ts';
import { createTestCluster, type TestCluster } from '../support/test-cluster.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { bothUsages, BUSY_POD, difference, toldUsage } from './usage.ts';
import { applyText } from './apply.ts';

let cluster: TestCluster;
let prometheus: Prometheus;
const owned = new AsyncDisposableStack();
const WITHIN = { timeout: 60_000, interval: 1_000 };

beforeAll(async () => {
  cluster = owned.use(await createTestCluster({ separateProcesses: true }));
  await cluster.must('wait', '--for=create', 'serviceaccount/default', '--timeout=60s');
  await applyText(cluster, BUSY_POD);
  await cluster.must('wait', '--for=condition=Ready', 'pod/busy', '--timeout=60s');
  prometheus = owned.use(await startPrometheus(cluster, 'e2e'));
});

afterAll(() => owned.disposeAsync());

test('every target is up', async () => {
  await expect
    .poll(async () => {
      const targets = await prometheus.targets();
      return targets
        .map(
          ({ health, lastError, labels }) => `${labels['job']} ${labels['metrics_path'] ?? ''}: ${health} ${lastError}`,
        )
        .toSorted();
    }, WITHIN)
    .toEqual([
      'apiserver : up ',
      'coredns : up ',
      'kube-controller-manager : up ',
      'kube-proxy : up ',
      'kube-scheduler : up ',
      'kube-state-metrics : up ',
      'kubelet /metrics/cadvisor: up ',
      'kubelet /metrics/probes: up ',
      'kubelet /metrics/resource: up ',
      'kubelet /metrics: up ',
    ]);
});

test('every rule evaluates', async () => {
  await expect
    .poll(async () => {
      const rules = await prometheus.rules();
      return rules.length < 40
        ? [`${rules.length} rules`]
        : rules
            .filter(({ health }) => health !== 'ok')
            .map(({ name, health, lastError }) => `${name}: ${health} ${lastError ?? ''}`);
    }, WITHIN)
    .toEqual([]);
});

/** Series that come into being with an event that has not happened here. */
const LATER: ReadonlySet<string> = new Set([
  'coredns_dns_request_duration_seconds_bucket',
  'coredns_dns_responses_total',
  'kube_deployment_spec_replicas',
  'kube_deployment_status_replicas_available',
  'kube_pod_container_status_waiting_reason',
  'kubelet_runtime_operations_errors_total',
]);

test('what rules and dashboards ask for is there', async () => {
  const rules = await prometheus.rules();
  const recorded = new Set(rules.filter(({ type }) => type === 'recording').map(({ name }) => name));
  const asked = new Set(
    rules.flatMap(({ query }) =>
      [
        ...query.replaceAll(/\{[^}]*\}|"[^"]*"|\[[^\]]*\]|\b(by|on)\s*\([^)]*\)/g, ' ').matchAll(/[a-z][\w:]*_[\w:]+/g),
      ].map(([name]) => name),
    ),
  );
  const functions = new Set(['histogram_quantile', 'max_over_time', ...recorded, ...LATER]);
  await expect
    .poll(async () => {
      const names = await prometheus.names();
      return [...asked].filter((name) => !functions.has(name) && !names.has(name));
    }, WITHIN)
    .toEqual([]);
});

test.each([
  ['kube_pod_status_phase{pod="busy", phase="Running"}', 1],
  ['kubelet_running_pods', 1],
  ['kubelet_running_containers{container_state="running"}', 2],
  ['kube_node_status_condition{condition="Ready", status="true"}', 1],
  ['node_collector_zone_health', 100],
])('%s is %d', async (expression, value) => {
  await expect
    .poll(async () => (await prometheus.query(expression)).map((series) => series.value), WITHIN)
    .toEqual([value]);
});

test.each([
  'rate(container_cpu_usage_seconds_total{metrics_path="/metrics/cadvisor", pod="busy", container="main"}[30s]) > 0',
  'container_memory_working_set_bytes{metrics_path="/metrics/cadvisor", pod="busy", container="main"} > 20000000',
  'container_network_receive_bytes_total{pod="busy"} >= 0',
  'prober_probe_total{pod="busy", probe_type="Readiness", result="successful"} > 0',
  'etcd_request_duration_seconds_count > 0',
  'sum(rate(apiserver_request_total{resource="leases"}[1m])) > 0',
  'scheduler_schedule_attempts_total{result="scheduled"} > 0',
  'workqueue_adds_total{name="node_lifecycle_controller"} > 0',
  'kubelet_runtime_operations_total{operation_type="create_container"} > 0',
  'kubelet_pod_start_duration_seconds_count > 0',
  'kubeproxy_sync_proxy_rules_services > 0',
  'leader_election_master_status{name="kube-controller-manager"} == 1',
  'rest_client_requests_total{job="kube-scheduler", code="201"} > 0',
  'rest_client_requests_total{job="kubelet"} > 0',
  'rest_client_requests_total{job="kube-proxy"} > 0',
  'kubernetes_build_info{job="kube-controller-manager"}',
  'apiserver_watch_events_total{resource="pods"} > 0',
  'apiserver_admission_controller_admission_duration_seconds_count{name="ServiceAccount"} > 0',
  'authentication_attempts{result="success"} > 0',
  'scheduler_framework_extension_point_duration_seconds_count{extension_point="Filter"} > 0',
])('there are values of %s', async (expression) => {
  await expect.poll(async () => (await prometheus.query(expression)).length, WITHIN).toBeGreaterThan(0);
});

test.each([
  { name: 'scheduler', port: 10_259, nobody: 403 },
  { name: 'controller manager', port: 10_257, nobody: 403 },
  { name: 'kubelet', port: 10_250, nobody: 401 },
])('the $name tells metrics to whom the API server lets, and to nobody else', async ({ port, nobody }) => {
  const token = readFileSync(join(prometheus.directory, 'token'), 'utf8');
  const url = `https://127.0.0.1:${port}`;
  const status = async (asking: AskOptions) =>
    (await ask({ url, ca: '' }, '/metrics', { rejectUnauthorized: false, ...asking })).status;
  expect(await status({ token })).toBe(200);
  expect(await status({ token: `${token}x` })).toBe(401);
  expect(await status({ anonymous: true })).toBe(nobody);
});

test('usage is what the engine says, within a tenth', async () => {
  const engine = new Docker();
  const [container] = await engine.listContainers({ filters: { name: ['k8s_main_busy_default'] } });
  const path = 'namespaces/default/pods/busy';
  const found = await bothUsages(engine, container?.Id ?? '', () => toldUsage(cluster, path));
  expect(difference(found.told.cores, found.engine.cores), JSON.stringify(found)).toBeLessThan(0.1);
  expect(difference(found.told.bytes, found.engine.bytes), JSON.stringify(found)).toBeLessThan(0.1);
});

test.each([
  {
    args: ['top', 'nodes'],
    want: /^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\) *\n\S+ +\d+m +\d+% +\d+Mi +\d+% *\n$/,
  },
  { args: ['top', 'pods', '-A', '-l', 'app=busy'], want: /^NAMESPACE +NAME +.*\ndefault +busy +\d+m +\d+Mi *\n$/ },
  { args: ['top', 'pods', '--containers', '--sort-by=cpu'], want: /\nbusy +main +\d+m +\d+Mi *\n/ },
])('kubectl $args', async ({ args, want }) => {
  await expect.poll(async () => (await cluster.kubectl(...args)).stdout, WITHIN).toMatch(want);
});
