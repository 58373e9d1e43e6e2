// Which container of which pod a request is about; what is not there is answered as Kubernetes' kubelet does.
import { containerNamed, containersOf } from '../pod/containers.ts';
import type { PodManager } from '../pod/pod-manager.ts';
import type { PodWorker } from '../pod/pod-worker.ts';
import type { ContainerRecord, SandboxState } from '../runtime/runtime.ts';
import { HttpError } from './http-error.ts';

export function podOf(manager: PodManager, namespace: string, name: string): PodWorker {
  const worker = manager.workerNamed(namespace, name);
  if (worker === undefined) throw new HttpError(404, `pod does not exist: ${namespace}/${name}`);
  return worker;
}

/** The attempts of a container, the newest first. */
export function attemptsOf(worker: PodWorker, container: string): readonly ContainerRecord[] {
  const { pod, observed } = worker;
  if (containerNamed(pod, container) === undefined) {
    const known = containersOf(pod).map(({ spec }) => spec.name);
    throw new HttpError(
      404,
      `container "${container}" is not valid for pod "${pod.metadata.name}": it has ${known.join(', ')}`,
    );
  }
  return observed.containers.filter(({ name }) => name === container).toSorted((a, b) => b.attempt - a.attempt);
}

export function runningContainer(worker: PodWorker, container: string): ContainerRecord {
  const newest = attemptsOf(worker, container)[0];
  if (newest?.state !== 'running') {
    throw new HttpError(500, `container not found ("${container}")`);
  }
  return newest;
}

export function runningSandbox(worker: PodWorker): SandboxState {
  const sandbox = worker.observed.sandboxes.find(({ ready }) => ready);
  if (sandbox === undefined) throw new HttpError(404, 'unable to upgrade connection: pod is not running');
  return sandbox;
}
