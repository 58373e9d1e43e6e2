// The work queues' metrics, by Kubernetes' names and labels, and which controllers run.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock, Instant } from '../clock/clock.ts';
import type { WorkQueueMetrics } from '../client/work-queue.ts';

/** From ten nanoseconds to a thousand seconds in powers of ten, as Kubernetes has them. */
const SECONDS = Array.from({ length: 12 }, (_, index) => 10 ** (index - 8));

/** Answers with the counters of a queue of that name. */
export function registerQueueMetrics(
  registry: Registry,
  clock: Pick<Clock, 'now'>,
): (queue: string) => WorkQueueMetrics {
  /** When the work that is under way was begun, by queue. */
  const begun = new Map<string, Instant[]>();
  const underWay = (name: string, help: string, reckon: (ages: readonly number[]) => number) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['name'],
        registers: [],
        collect() {
          const now = clock.now();
          for (const [queue, instants] of begun) {
            this.set({ name: queue }, reckon(instants.map((instant) => (now - instant) / 1000)));
          }
        },
      }),
    );
  underWay(
    'workqueue_unfinished_work_seconds',
    "How many seconds of work has done that is in progress and hasn't been observed by work_duration.",
    (ages) => ages.reduce((sum, age) => sum + age, 0),
  );
  underWay(
    'workqueue_longest_running_processor_seconds',
    'How many seconds has the longest running processor for workqueue been running.',
    (ages) => Math.max(0, ...ages),
  );
  const common = { labelNames: ['name'] as const, registers: [registry] };
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Total number of adds handled by workqueue',
    ...common,
  });
  const depth = new Gauge({ name: 'workqueue_depth', help: 'Current depth of workqueue', ...common });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Total number of retries handled by workqueue',
    ...common,
  });
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long in seconds an item stays in workqueue before being requested.',
    buckets: SECONDS,
    ...common,
  });
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long in seconds processing an item from workqueue takes.',
    buckets: SECONDS,
    ...common,
  });
  return (name) => {
    const of = {
      adds: adds.labels(name),
      depth: depth.labels(name),
      retries: retries.labels(name),
      waited: waited.labels(name),
      worked: worked.labels(name),
    };
    const instants: Instant[] = [];
    begun.set(name, instants);
    return {
      added: (waiting) => {
        of.adds.inc();
        of.depth.set(waiting);
      },
      taken: (waiting, ms) => {
        of.depth.set(waiting);
        of.waited.observe(ms / 1000);
        instants.push(clock.now());
      },
      done: (ms) => {
        of.worked.observe(ms / 1000);
        const at = instants.indexOf(clock.now() - ms);
        instants.splice(Math.max(0, at), 1);
      },
      retried: () => of.retries.inc(),
    };
  };
}

/** 1 for every controller that runs in this process. */
export function registerRunning(registry: Registry, controllers: readonly string[]): void {
  const running = new Gauge({
    name: 'running_managed_controllers',
    help: 'Indicates where instances of a controller are currently running',
    labelNames: ['name', 'manager'],
    registers: [registry],
  });
  for (const name of controllers) running.set({ name, manager: 'kube-controller-manager' }, 1);
}
