// The containers of a pod in the order in which they come to life, each with the part it plays.
import type { Container, Pod, Probe } from '../../api/schema/generated/core.v1.gen.ts';

/** `init` runs to its end before the next; `sidecar` is an init container that stays; `app`; `ephemeral` is for debugging. */
export type ContainerRole = 'init' | 'sidecar' | 'app' | 'ephemeral';

export interface PodContainer {
  readonly role: ContainerRole;
  readonly spec: Container;
}

export function containersOf(pod: Pod): PodContainer[] {
  return [
    ...initContainersOf(pod),
    ...pod.spec.containers.map((spec) => ({ role: 'app' as const, spec })),
    ...(pod.spec.ephemeralContainers ?? []).map((spec) => ({ role: 'ephemeral' as const, spec })),
  ];
}

export function initContainersOf(pod: Pod): PodContainer[] {
  return (pod.spec.initContainers ?? []).map((spec) => ({
    role: spec.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
    spec,
  }));
}

export function containerNamed(pod: Pod, name: string): PodContainer | undefined {
  return containersOf(pod).find(({ spec }) => spec.name === name);
}

/** What messages about a container of a pod call the pod: `name_namespace(uid)`. */
export function podText(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`;
}

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export function probeOf(spec: Container, kind: ProbeKind): Probe | undefined {
  return kind === 'startup' ? spec.startupProbe : kind === 'liveness' ? spec.livenessProbe : spec.readinessProbe;
}

/** `spec.containers{name}`: what events about one container point to. */
export function fieldPathOf({ role, spec }: PodContainer): string {
  const list = role === 'app' ? 'containers' : role === 'ephemeral' ? 'ephemeralContainers' : 'initContainers';
  return `spec.${list}{${spec.name}}`;
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Succeeded or failed for good: nothing of it runs again. */
export function hasFinished(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

export function isOnNodeNetwork(pod: Pod): boolean {
  return pod.spec.hostNetwork === true;
}
