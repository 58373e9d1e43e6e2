// The phase of a pod out of its containers' states; the rules are getPhase's in k8s.io/kubernetes/pkg/kubelet.
import type { ContainerStatus, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { initContainersOf } from '../pod/containers.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

interface Statuses {
  readonly init: readonly ContainerStatus[];
  readonly app: readonly ContainerStatus[];
}

/** `ended`: nothing of the pod will be started again. */
export function phaseOf(pod: Pod, statuses: Statuses, ended: boolean): Phase {
  const policy = pod.spec.restartPolicy ?? 'Always';
  const initialisation = initState(pod, statuses);
  if (initialisation === 'failed' && policy === 'Never') return 'Failed';
  const count = { running: 0, waiting: 0, stopped: 0, succeeded: 0, unknown: 0 };
  // A sidecar keeps the pod running until it has ended, too; how it ends does not matter.
  for (const { role, spec } of initContainersOf(pod)) {
    const status = statuses.init.find((one) => one.name === spec.name);
    if (role === 'sidecar' && status?.state?.running !== undefined) count.running++;
  }
  for (const { name } of pod.spec.containers) {
    const status = statuses.app.find((one) => one.name === name);
    const state = status?.state;
    if (state?.running !== undefined) count.running++;
    else if (state?.terminated !== undefined) {
      count.stopped++;
      if (state.terminated.exitCode === 0) count.succeeded++;
    } else if (state?.waiting !== undefined) {
      if (status?.lastState?.terminated !== undefined) count.stopped++;
      else count.waiting++;
    } else count.unknown++;
  }
  if (ended && count.running === 0 && (count.stopped > 0 || count.waiting > 0)) {
    return count.stopped === count.succeeded && count.waiting === 0 && initialisation === 'done'
      ? 'Succeeded'
      : 'Failed';
  }
  if (initialisation !== 'done' && !hasBegun(statuses.app)) return 'Pending';
  if (count.waiting > 0) return 'Pending';
  if (count.running > 0 && count.unknown === 0) return 'Running';
  if (count.running === 0 && count.stopped > 0 && count.unknown === 0) {
    if (policy === 'Always') return 'Running';
    if (count.stopped === count.succeeded) return 'Succeeded';
    return policy === 'Never' ? 'Failed' : 'Running';
  }
  return 'Pending';
}

function hasBegun(app: readonly ContainerStatus[]): boolean {
  return app.some(({ state, lastState }) => state?.waiting === undefined || lastState?.terminated !== undefined);
}

function initState(pod: Pod, statuses: Statuses): 'pending' | 'failed' | 'done' {
  let pending = false;
  for (const { role, spec } of initContainersOf(pod)) {
    const status = statuses.init.find((one) => one.name === spec.name);
    if (role === 'sidecar') {
      if (status?.started !== true && status?.state?.terminated === undefined) pending = true;
      continue;
    }
    const ended =
      status?.state?.terminated ?? (status?.state?.waiting === undefined ? undefined : status.lastState?.terminated);
    if (ended === undefined) pending = true;
    else if (ended.exitCode !== 0) return 'failed';
  }
  return pending ? 'pending' : 'done';
}
