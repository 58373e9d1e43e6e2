// The work queues' metrics, by Kubernetes' names and labels.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WorkQueueMetrics } from '../client/work-queue.ts';

/** From ten nanoseconds to a thousand seconds in powers of ten, as Kubernetes has them. */
const SECONDS = Array.from({ length: 12 }, (_, index) => 10 ** (index - 8));

/** Answers with the counters of a queue of that name. */
export function registerQueueMetrics(registry: Registry): (queue: string) => WorkQueueMetrics {
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
    return {
      added: (waiting) => {
        of.adds.inc();
        of.depth.set(waiting);
      },
      taken: (waiting, ms) => {
        of.depth.set(waiting);
        of.waited.observe(ms / 1000);
      },
      done: (ms) => of.worked.observe(ms / 1000),
      retried: () => of.retries.inc(),
    };
  };
}
