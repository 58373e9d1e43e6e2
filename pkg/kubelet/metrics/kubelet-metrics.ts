// What the kubelet counts of its own work, under Kubernetes' names; the pages beside this file are made of what is true when
// somebody asks.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../../clock/clock.ts';

export type PodOperation = 'create' | 'sync' | 'terminating';
export type ProbeResult = 'successful' | 'failed' | 'unknown';

export interface ProbedContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly kind: 'Startup' | 'Liveness' | 'Readiness';
}

export interface KubeletMetrics {
  /** One turn of a pod's worker. */
  podSynced(operation: PodOperation, seconds: number): void;
  /** The pod runs: so long after this kubelet, and after the API server, first knew of it. */
  podStarted(seconds: { readonly sinceSeen: number; readonly sinceCreated: number }): void;
  runtimeCalled(operation: string, seconds: number, failed: boolean): void;
  probed(container: ProbedContainer, result: ProbeResult, seconds: number): void;
  /** Nothing is told of the pod's probes any more. */
  forgetProbes(podUid: string): void;
  requested(method: string, path: string, seconds: number): void;
  /** A pod was ended because the node, or what the pod may use, ran short: `memory.available`, `nodefs.available`, ... */
  evicted(signal: string): void;
}

/** Kubernetes' buckets of how long pods take to start. */
const START_SECONDS = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
];
const WORK_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PULL_SECONDS = [1, 5, 10, 20, 30, 60, 180, 300, 600, 900, 1200, 1800, 2700, 3600];
/** Operations that start something, by what they start. */
const STARTED: Readonly<Record<string, string>> = { start_container: 'container', run_podsandbox: 'podsandbox' };
const RUNTIME_SECONDS = Array.from({ length: 14 }, (_, power) => 0.005 * 2.5 ** power);

export interface KubeletRegistries {
  /** /metrics */
  readonly own: Registry;
  /** /metrics/probes */
  readonly probes: Registry;
}

export function registerKubeletMetrics({ own, probes }: KubeletRegistries, clock: Pick<Clock, 'now'>): KubeletMetrics {
  const registers = [own];
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[],
  ) => new Histogram({ name, help, buckets: [...buckets], labelNames: [...labelNames], registers });
  const worker = histogram(
    'kubelet_pod_worker_duration_seconds',
    'Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync',
    WORK_SECONDS,
    ['operation_type'],
  );
  const start = histogram(
    'kubelet_pod_start_duration_seconds',
    'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run',
    START_SECONDS,
    [],
  );
  const startTotal = histogram(
    'kubelet_pod_start_total_duration_seconds',
    'Duration in seconds to start a pod since creation, including time to pull images and run init containers, measured from pod creation timestamp to when all its containers are reported as started and observed via watch',
    START_SECONDS,
    [],
  );
  const startedPods = new Counter({
    name: 'kubelet_started_pods_total',
    help: 'Cumulative number of pods started',
    registers,
  });
  const operations = new Counter({
    name: 'kubelet_runtime_operations_total',
    help: 'Cumulative number of runtime operations by operation type.',
    labelNames: ['operation_type'],
    registers,
  });
  const operationErrors = new Counter({
    name: 'kubelet_runtime_operations_errors_total',
    help: 'Cumulative number of runtime operation errors by operation type.',
    labelNames: ['operation_type'],
    registers,
  });
  const operationSeconds = histogram(
    'kubelet_runtime_operations_duration_seconds',
    'Duration in seconds of runtime operations. Broken down by operation type.',
    RUNTIME_SECONDS,
    ['operation_type'],
  );
  const startedContainers = new Counter({
    name: 'kubelet_started_containers_total',
    help: 'Cumulative number of containers started',
    labelNames: ['container_type'],
    registers,
  });
  const startedContainerErrors = new Counter({
    name: 'kubelet_started_containers_errors_total',
    help: 'Cumulative number of errors when starting containers',
    labelNames: ['container_type', 'code'],
    registers,
  });
  const startedPodErrors = new Counter({
    name: 'kubelet_started_pods_errors_total',
    help: 'Cumulative number of errors when starting pods',
    registers,
  });
  const pulls = histogram(
    'kubelet_image_pull_duration_seconds',
    'Duration in seconds to pull an image.',
    PULL_SECONDS,
    ['image_size_in_bytes'],
  );
  const relistInterval = histogram(
    'kubelet_pleg_relist_interval_seconds',
    'Interval in seconds between relisting in PLEG.',
    WORK_SECONDS,
    [],
  );
  const lastSeen = new Gauge({
    name: 'kubelet_pleg_last_seen_seconds',
    help: 'Timestamp in seconds when PLEG was last seen active.',
    registers,
  });
  let relistedAt: number | undefined;
  const relist = histogram(
    'kubelet_pleg_relist_duration_seconds',
    'Duration in seconds for relisting pods in PLEG.',
    WORK_SECONDS,
    [],
  );
  const evictions = new Counter({
    name: 'kubelet_evictions',
    help: 'Cumulative number of pod evictions by eviction signal',
    labelNames: ['eviction_signal'],
    registers,
  });
  const requests = new Counter({
    name: 'kubelet_http_requests_total',
    help: 'Number of the http requests received since the server started',
    labelNames: ['method', 'path', 'server_type', 'long_running'],
    registers,
  });
  const requestSeconds = histogram(
    'kubelet_http_requests_duration_seconds',
    'Duration in seconds to serve http requests',
    WORK_SECONDS,
    ['method', 'path', 'server_type', 'long_running'],
  );
  const probe = registerProbes(probes);
  return {
    podSynced: (operation, seconds) => worker.observe({ operation_type: operation }, seconds),
    podStarted({ sinceSeen, sinceCreated }) {
      startedPods.inc();
      start.observe(sinceSeen);
      startTotal.observe(sinceCreated);
    },
    runtimeCalled(operation, seconds, failed) {
      const labels = { operation_type: operation };
      operations.inc(labels);
      operationSeconds.observe(labels, seconds);
      if (failed) operationErrors.inc(labels);
      const started = STARTED[operation];
      if (started !== undefined) {
        if (failed) startedContainerErrors.inc({ container_type: started, code: operation });
        else startedContainers.inc({ container_type: started });
        if (failed && started === 'podsandbox') startedPodErrors.inc();
      }
      // How large an image is the engine does not say.
      if (operation === 'pull_image' && !failed) pulls.observe({ image_size_in_bytes: 'N/A' }, seconds);
      if (operation === 'list_podsandbox') {
        const now = clock.now() / 1000;
        relist.observe(seconds);
        if (relistedAt !== undefined) relistInterval.observe(now - relistedAt);
        relistedAt = now;
        lastSeen.set(now);
      }
    },
    evicted: (signal) => evictions.inc({ eviction_signal: signal }),
    ...probe,
    requested(method, path, seconds) {
      const labels = { method, path, server_type: 'readwrite', long_running: String(LONG_RUNNING.has(path)) };
      requests.inc(labels);
      requestSeconds.observe(labels, seconds);
    },
  };
}

const LONG_RUNNING: ReadonlySet<string> = new Set(['exec', 'attach', 'portForward', 'containerLogs']);

function registerProbes(registry: Registry): Pick<KubeletMetrics, 'probed' | 'forgetProbes'> {
  const total = new Counter({
    name: 'prober_probe_total',
    help: 'Cumulative number of a liveness, readiness or startup probe for a container by result.',
    labelNames: ['probe_type', 'result', 'container', 'pod', 'namespace', 'pod_uid'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'prober_probe_duration_seconds',
    help: 'Duration in seconds for a probe response.',
    labelNames: ['probe_type', 'container', 'pod', 'namespace'],
    registers: [registry],
  });
  /** The series of each pod, so that none outlives it. */
  const known = new Map<string, Map<string, { readonly labels: ProbeLabels; readonly results: Set<ProbeResult> }>>();
  return {
    probed({ namespace, pod, podUid, container, kind }, result, took) {
      const labels = { probe_type: kind, container, pod, namespace };
      total.inc({ ...labels, result, pod_uid: podUid });
      seconds.observe(labels, took);
      const own = known.get(podUid) ?? new Map<string, { labels: ProbeLabels; results: Set<ProbeResult> }>();
      known.set(podUid, own);
      const series = own.get(`${kind} ${container}`) ?? { labels, results: new Set<ProbeResult>() };
      own.set(`${kind} ${container}`, series);
      series.results.add(result);
    },
    forgetProbes(podUid) {
      for (const { labels, results } of known.get(podUid)?.values() ?? []) {
        for (const result of results) total.remove({ ...labels, result, pod_uid: podUid });
        seconds.remove(labels);
      }
      known.delete(podUid);
    },
  };
}

interface ProbeLabels {
  readonly probe_type: string;
  readonly container: string;
  readonly pod: string;
  readonly namespace: string;
}

/** What is true of the pods at the moment of the scrape. */
export interface PodCounts {
  readonly sandboxes: number;
  readonly containers: Readonly<Record<'running' | 'exited' | 'created', number>>;
  readonly desired: number;
}

export function registerPodCounts(registry: Registry, node: string, counts: () => PodCounts): void {
  new Gauge({
    name: 'kubelet_node_name',
    help: "The node's name. The count is always 1.",
    labelNames: ['node'],
    registers: [registry],
  }).set({ node }, 1);
  const gauges = [
    new Gauge({
      name: 'kubelet_running_pods',
      help: 'Number of pods that have a running pod sandbox',
      registers: [],
      collect() {
        this.set(counts().sandboxes);
      },
    }),
    new Gauge({
      name: 'kubelet_active_pods',
      help: 'The number of pods the kubelet considers active and which are being considered when admitting new pods.',
      labelNames: ['static'],
      registers: [],
      collect() {
        this.set({ static: '' }, counts().desired);
      },
    }),
    new Gauge({
      name: 'kubelet_desired_pods',
      help: 'The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.',
      labelNames: ['static'],
      registers: [],
      collect() {
        this.set({ static: '' }, counts().desired);
      },
    }),
    new Gauge({
      name: 'kubelet_running_containers',
      help: 'Number of containers currently running',
      labelNames: ['container_state'],
      registers: [],
      collect() {
        for (const [state, value] of Object.entries(counts().containers)) this.set({ container_state: state }, value);
      },
    }),
  ];
  for (const gauge of gauges) registry.registerMetric(gauge);
}
