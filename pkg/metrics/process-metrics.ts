// What every program of the project reports of itself: CPU, memory, event loop, under the names Prometheus gives them.
import { collectDefaultMetrics, Registry } from 'prom-client';
import { registerBuildInfo } from './build-info.ts';

/** A registry of its own for each program; add the program's metrics to it. */
/** With the version that it is of. */
export function componentMetrics(): Registry {
  const registry = processMetrics();
  registerBuildInfo(registry);
  return registry;
}

export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
