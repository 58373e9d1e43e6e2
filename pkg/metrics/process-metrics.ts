// What every program of the project reports of itself: CPU, memory, event loop, under the names Prometheus gives them.
import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of its own for each program; add the program's metrics to it. */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
