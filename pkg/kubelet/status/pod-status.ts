// The whole status of a pod as the kubelet sees it. Pure. What it does not own (nominatedNodeName, conditions of others)
// stays as the API server has it.
import type { ContainerStatus, Pod, PodStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { containersOf, hasFinished, isOnNodeNetwork, type PodContainer } from '../pod/containers.ts';
import type { Waiting } from '../pod/next-steps.ts';
import { qosClassOf } from '../pod/qos.ts';
import type { ContainerRecord, ObservedPod } from '../runtime/runtime.ts';
import type { EndVerdict } from '../pod/deadline.ts';
import type { ResizeState } from '../pod/pod-resizer.ts';
import { conditionsOf, RESIZE_CONDITIONS } from './conditions.ts';
import { containerStatusOf } from './container-status.ts';
import { phaseOf } from './phase.ts';
import { formatTime } from '../../api/meta/time.ts';

export interface StatusInputs {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly now: Instant;
  readonly runtimeName: string;
  readonly hostIps: readonly string[];
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Nothing will be started again. */
  readonly ended: boolean;
  /** Why the pod was made to end, when it was not by its own containers. */
  readonly verdict: EndVerdict | undefined;
  readonly resize: ResizeState;
  readonly started: (container: PodContainer, record: ContainerRecord) => boolean;
  readonly ready: (container: PodContainer, record: ContainerRecord) => boolean;
  readonly terminationMessage: (record: ContainerRecord) => string;
}

export function podStatusOf(inputs: StatusInputs): PodStatus {
  const { pod, observed, now, verdict, ended } = inputs;
  const statusOf = (container: PodContainer): ContainerStatus =>
    containerStatusOf(pod, container, {
      runtimeName: inputs.runtimeName,
      records: observed.containers
        .filter((record) => record.name === container.spec.name)
        .sort((a, b) => b.attempt - a.attempt),
      waiting: inputs.waiting.get(container.spec.name),
      ended,
      started: (record) => inputs.started(container, record),
      ready: (record) => inputs.ready(container, record),
      terminationMessage: inputs.terminationMessage,
    });
  const all = containersOf(pod);
  const init = all.filter(({ role }) => role === 'init' || role === 'sidecar').map(statusOf);
  // By name, as Kubernetes lists them; init containers are in their own order.
  const named = (role: PodContainer['role']) =>
    all
      .filter((container) => container.role === role)
      .map(statusOf)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const app = named('app');
  const ephemeral = named('ephemeral');

  const anythingRuns = observed.containers.some(({ state }) => state === 'running');
  const before = pod.status;
  const phase =
    verdict !== undefined && !anythingRuns
      ? 'Failed'
      : hasFinished(pod) && before?.phase === 'Succeeded'
        ? 'Succeeded'
        : hasFinished(pod)
          ? 'Failed'
          : phaseOf(pod, { init, app }, ended);
  const sandbox = observed.sandboxes.find(({ ready }) => ready);
  const ips = podIpsOf(pod, inputs.hostIps, sandbox?.ip, sandbox !== undefined);
  const disruption = verdict?.isDisruption === true ? verdict.message : undefined;
  const conditions = conditionsOf(pod, {
    disruption,
    phase,
    init,
    app,
    hasSandbox: sandbox !== undefined && ips.length > 0,
    resize: inputs.resize,
    now,
  });
  const own = new Set([...conditions.map(({ type }) => type), ...RESIZE_CONDITIONS]);
  const reason = verdict?.reason ?? before?.reason;
  const message = verdict?.message ?? before?.message;
  return {
    ...(before?.nominatedNodeName !== undefined && { nominatedNodeName: before.nominatedNodeName }),
    ...(before?.resourceClaimStatuses !== undefined && { resourceClaimStatuses: before.resourceClaimStatuses }),
    conditions: [...conditions, ...(before?.conditions ?? []).filter(({ type }) => !own.has(type))],
    containerStatuses: app,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    ...(inputs.hostIps[0] !== undefined && {
      hostIP: inputs.hostIps[0],
      hostIPs: inputs.hostIps.map((ip) => ({ ip })),
    }),
    ...(init.length > 0 && { initContainerStatuses: init }),
    ...(message !== undefined && message !== '' && { message }),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    ...(ips[0] !== undefined && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    qosClass: before?.qosClass ?? qosClassOf(pod),
    ...(reason !== undefined && reason !== '' && { reason }),
    startTime: before?.startTime ?? formatTime(now),
  };
}

/** An address that was told once stays told while the pod winds down: its containers are still reached by it. */
function podIpsOf(pod: Pod, hostIps: readonly string[], sandboxIp: string | undefined, hasSandbox: boolean): string[] {
  if (isOnNodeNetwork(pod)) return hasSandbox || pod.status?.podIP !== undefined ? [...hostIps] : [];
  if (sandboxIp !== undefined && sandboxIp !== '') return [sandboxIp];
  return (pod.status?.podIPs ?? []).map(({ ip }) => ip);
}
