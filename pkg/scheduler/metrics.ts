// The scheduler's metrics, by Kubernetes' names and labels.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { SchedulerCache } from './cache/scheduler-cache.ts';
import type { QueueName, SchedulingQueue } from './queue/scheduling-queue.ts';

/** Filtering and scoring are one here, looked up together, and told as Filter. */
export type ExtensionPoint = 'Filter' | 'PostFilter' | 'Bind';
export type ExtensionStatus = 'Success' | 'Unschedulable' | 'Error';

export interface SchedulerMetrics {
  /** One pod was sought a node for, in this many seconds. */
  attempted(profile: string, result: 'scheduled' | 'unschedulable' | 'error', seconds: number): void;
  /** A pod is bound, after so many attempts and seconds since it was first seen. */
  scheduled(profile: string, attempts: number, seconds: number): void;
  /** A decision alone took this many seconds. */
  decided(seconds: number): void;
  /** What Kubernetes calls an extension point has run for one pod. */
  extended(point: ExtensionPoint, status: ExtensionStatus, profile: string, seconds: number): void;
  arrived(queue: QueueName, event: string): void;
  preempted(victims: number): void;
}

/** Where nobody asks for metrics. */
export const noMetrics: SchedulerMetrics = {
  attempted: () => undefined,
  scheduled: () => undefined,
  decided: () => undefined,
  extended: () => undefined,
  arrived: () => undefined,
  preempted: () => undefined,
};

/** What is measured at the moment somebody asks. */
export interface Measured {
  readonly queue: SchedulingQueue;
  readonly cache: SchedulerCache;
  /** How many are under way. */
  readonly bindings: () => number;
}

/** Buckets from one millisecond, doubling, as Kubernetes has them. */
const SECONDS = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);
const EXTENSION_SECONDS = Array.from({ length: 12 }, (_, index) => 0.0001 * 2 ** index);
const SLI_SECONDS = Array.from({ length: 20 }, (_, index) => 0.01 * 2 ** index);

export function registerMetrics(registry: Registry, { queue, cache, bindings }: Measured): SchedulerMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'scheduler_schedule_attempts_total',
    help: 'Number of attempts to schedule pods, by the result.',
    labelNames: ['profile', 'result'],
    registers,
  });
  const duration = new Histogram({
    name: 'scheduler_scheduling_attempt_duration_seconds',
    help: 'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    labelNames: ['profile', 'result'],
    buckets: SECONDS,
    registers,
  });
  const sli = new Histogram({
    name: 'scheduler_pod_scheduling_sli_duration_seconds',
    help: 'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue.',
    labelNames: ['attempts'],
    buckets: SLI_SECONDS,
    registers,
  });
  const tries = new Histogram({
    name: 'scheduler_pod_scheduling_attempts',
    help: 'Number of attempts to successfully schedule a pod.',
    buckets: [1, 2, 4, 8, 16],
    registers,
  });
  const incoming = new Counter({
    name: 'scheduler_queue_incoming_pods_total',
    help: 'Number of pods added to scheduling queues by event and queue type.',
    labelNames: ['queue', 'event'],
    registers,
  });
  const preemptions = new Counter({
    name: 'scheduler_preemption_attempts_total',
    help: 'Total preemption attempts in the cluster till now',
    registers,
  });
  const victims = new Histogram({
    name: 'scheduler_preemption_victims',
    help: 'Number of selected preemption victims',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers,
  });
  const pending = new Gauge({
    name: 'scheduler_pending_pods',
    help: 'Number of pending pods, by the queue type.',
    labelNames: ['queue'],
    registers: [],
    collect() {
      for (const [name, size] of Object.entries(queue.sizes)) this.set({ queue: name }, size);
    },
  });
  const size = new Gauge({
    name: 'scheduler_cache_size',
    help: 'Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
    labelNames: ['type'],
    registers: [],
    collect() {
      for (const [type, count] of Object.entries(cache.sizes)) this.set({ type }, count);
    },
  });
  const unschedulable = new Gauge({
    name: 'scheduler_unschedulable_pods',
    help: 'The number of unschedulable pods broken down by plugin name.',
    labelNames: ['plugin', 'profile'],
    registers: [],
    collect() {
      this.reset();
      for (const { plugin, profile, pods } of queue.rejections()) this.set({ plugin, profile }, pods);
    },
  });
  const algorithm = new Histogram({
    name: 'scheduler_scheduling_algorithm_duration_seconds',
    help: 'Scheduling algorithm latency in seconds',
    buckets: SECONDS,
    registers,
  });
  const extensions = new Histogram({
    name: 'scheduler_framework_extension_point_duration_seconds',
    help: 'Latency for running all plugins of a specific extension point.',
    labelNames: ['extension_point', 'status', 'profile'],
    buckets: EXTENSION_SECONDS,
    registers,
  });
  const underWay = new Gauge({
    name: 'scheduler_goroutines',
    help: 'Number of running goroutines split by the work they do such as binding.',
    labelNames: ['operation'],
    registers: [],
    collect() {
      this.set({ operation: 'binding' }, bindings());
    },
  });
  for (const gauge of [pending, size, unschedulable, underWay]) registry.registerMetric(gauge);
  return {
    attempted(profile, result, seconds) {
      attempts.inc({ profile, result });
      duration.observe({ profile, result }, seconds);
    },
    scheduled(_, count, seconds) {
      sli.observe({ attempts: String(Math.min(count, 16)) }, seconds);
      tries.observe(count);
    },
    decided: (seconds) => algorithm.observe(seconds),
    extended: (point, status, profile, seconds) =>
      extensions.observe({ extension_point: point, status, profile }, seconds),
    arrived: (name, event) => incoming.inc({ queue: name, event }),
    preempted(count) {
      preemptions.inc();
      victims.observe(count);
    },
  };
}
