// Which pods were swept away and why, under the names of Kubernetes' pod garbage collector.
import { Counter, type Registry } from 'prom-client';

export type SweepReason = 'terminated' | 'orphaned' | 'unscheduled' | 'out-of-service';

export interface SweepMetrics {
  swept(namespace: string, reason: SweepReason): void;
  failed(namespace: string, reason: SweepReason): void;
}

export const noSweepMetrics: SweepMetrics = { swept: () => undefined, failed: () => undefined };

export function registerSweepMetrics(registry: Registry): SweepMetrics {
  const common = { labelNames: ['namespace', 'reason'] as const, registers: [registry] };
  const swept = new Counter({
    name: 'pod_gc_collector_force_delete_pods_total',
    help: 'Number of pods that are being forcefully deleted since the Pod GC Controller started.',
    ...common,
  });
  const failed = new Counter({
    name: 'pod_gc_collector_force_delete_pod_errors_total',
    help: 'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.',
    ...common,
  });
  return {
    swept: (namespace, reason) => swept.inc({ namespace, reason }),
    failed: (namespace, reason) => failed.inc({ namespace, reason }),
  };
}
