// A container runtime whose calls are counted and timed. Nothing else about them changes.
import type { Clock } from '../../clock/clock.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { KubeletMetrics } from './kubelet-metrics.ts';

/** The names of the CRI, by which Kubernetes labels its runtime operations. */
const OPERATIONS: Readonly<Record<string, string>> = {
  status: 'status',
  runPodSandbox: 'run_podsandbox',
  removePodSandbox: 'remove_podsandbox',
  createContainer: 'create_container',
  startContainer: 'start_container',
  stopContainer: 'stop_container',
  removeContainer: 'remove_container',
  updateContainer: 'update_container',
  podStatus: 'podsandbox_status',
  listPods: 'list_podsandbox',
  logs: 'container_logs',
  exec: 'exec',
  attach: 'attach',
  dialPort: 'port_forward',
  imageStatus: 'image_status',
  pullImage: 'pull_image',
  listImages: 'list_images',
  removeImage: 'remove_image',
  stats: 'list_container_stats',
};

export function meteredRuntime(
  runtime: ContainerRuntime,
  metrics: Pick<KubeletMetrics, 'runtimeCalled'>,
  clock: Pick<Clock, 'elapsed'>,
): ContainerRuntime {
  const metered = new Map<PropertyKey, unknown>();
  return new Proxy(runtime, {
    get(target, property) {
      const known = metered.get(property);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const operation = OPERATIONS[String(property)];
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      const wrapped = operation === undefined ? call : timed(operation, call, metrics, clock);
      metered.set(property, wrapped);
      return wrapped;
    },
  });
}

function timed(
  operation: string,
  call: (...args: unknown[]) => unknown,
  metrics: Pick<KubeletMetrics, 'runtimeCalled'>,
  clock: Pick<Clock, 'elapsed'>,
): (...args: unknown[]) => Promise<unknown> {
  return async (...args) => {
    const began = clock.elapsed();
    try {
      const answer = await call(...args);
      metrics.runtimeCalled(operation, (clock.elapsed() - began) / 1000, false);
      return answer;
    } catch (error) {
      metrics.runtimeCalled(operation, (clock.elapsed() - began) / 1000, true);
      throw error;
    }
  };
}
