// What tests write pods with, and read of them.
import type { Container, ContainerStatus, Pod } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { IMAGE } from './node.ts';

/** Ends at once on SIGTERM. */
export const RUN = 'trap "exit 0" TERM; while :; do sleep 0.1; done';
/** Does not end on SIGTERM. */
export const STAY = 'trap "" TERM; while :; do sleep 0.1; done';

export function sh(script: string, more: Partial<Container> = {}): Container {
  return { name: 'main', image: IMAGE, command: ['sh', '-c', script], ...more };
}

export function hasCondition(pod: Pod, wanted: string, value = 'True'): boolean {
  return pod.status.conditions?.some(({ type, status }) => type === wanted && status === value) === true;
}

export const ready = (pod: Pod): boolean => hasCondition(pod, 'Ready');
export const finished = ({ status }: Pod): boolean => status.phase === 'Succeeded' || status.phase === 'Failed';

export function statusOf(pod: Pod, name = 'main'): ContainerStatus | undefined {
  return [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].find(
    (one) => one.name === name,
  );
}

export const waitingReason = (pod: Pod): string | undefined => statusOf(pod)?.state?.waiting?.reason;
/** The termination message. */
export const message = (pod: Pod): string => statusOf(pod)?.state?.terminated?.message ?? '';
export const engineId = (pod: Pod, name = 'main'): string =>
  (statusOf(pod, name)?.containerID ?? '').replace('docker://', '');
