// How many pods were evicted because of taints, and how late, under Kubernetes' names.
import { Counter, Histogram, type Registry } from 'prom-client';

export interface EvictionMetrics {
  /** `lateMs`: since the pod's time had come. */
  evicted(lateMs: number): void;
}

export const noEvictionMetrics: EvictionMetrics = { evicted: () => undefined };

export function registerEvictionMetrics(registry: Registry): EvictionMetrics {
  const registers = [registry];
  const deletions = new Counter({
    name: 'taint_eviction_controller_pod_deletions_total',
    help: 'Total number of Pods deleted by TaintEvictionController since its start.',
    registers,
  });
  const delay = new Histogram({
    name: 'taint_eviction_controller_pod_deletion_duration_seconds',
    help: 'Latency, in seconds, between the time when a taint effect has been activated for the Pod and its deletion via TaintEvictionController.',
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240],
    registers,
  });
  return {
    evicted(lateMs) {
      deletions.inc();
      delay.observe(Math.max(0, lateMs) / 1000);
    },
  };
}
