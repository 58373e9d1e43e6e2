// kube_pod_*: what kube-state-metrics tells of pods and their containers. Pure.
import { findCondition } from '../../api/meta/conditions.ts';
import type { Container, ContainerStatus, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Sample } from '../../metrics/exposition.ts';
import {
  amountSamples,
  gauge,
  info,
  oneOf,
  ownersOf,
  seconds,
  value,
  type Labels,
  type StateFamily,
} from './family.ts';

const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'];
const CONDITIONS = ['true', 'false', 'unknown'];

function podOf({ metadata: { namespace = '', name, uid } }: Pod): Labels {
  return { namespace, pod: name, uid };
}

function each(pod: Pod, read: (status: ContainerStatus) => number | undefined): Sample[] {
  return (pod.status.containerStatuses ?? []).flatMap((status) => {
    const found = read(status);
    return found === undefined ? [] : [{ labels: { ...podOf(pod), container: status.name }, value: found }];
  });
}

function reasons(pod: Pod, read: (status: ContainerStatus) => string | undefined): Sample[] {
  return (pod.status.containerStatuses ?? []).flatMap((status) => {
    const reason = read(status);
    return reason === undefined ? [] : [{ labels: { ...podOf(pod), container: status.name, reason }, value: 1 }];
  });
}

/** Containers of a pod that has ended hold nothing any more. */
function amounts(pod: Pod, read: (container: Container) => Readonly<Record<string, string>> | undefined): Sample[] {
  if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') return [];
  const node = pod.spec.nodeName ?? '';
  return pod.spec.containers.flatMap((container) =>
    amountSamples({ ...podOf(pod), container: container.name, node }, read(container)),
  );
}

function conditionOf(pod: Pod, type: string): Sample[] {
  const status = findCondition(pod.status.conditions, type)?.status;
  return status === undefined ? [] : oneOf(podOf(pod), 'condition', CONDITIONS, status.toLowerCase());
}

export const podFamilies: readonly StateFamily<Pod>[] = [
  info('kube_pod_info', 'Information about pod.', (pod) => {
    const [owner] = ownersOf(pod);
    return {
      ...podOf(pod),
      host_ip: pod.status.hostIP ?? '',
      pod_ip: pod.status.podIP ?? '',
      node: pod.spec.nodeName ?? '',
      created_by_kind: owner?.kind ?? '',
      created_by_name: owner?.name ?? '',
      priority_class: pod.spec.priorityClassName ?? '',
      host_network: String(pod.spec.hostNetwork === true),
    };
  }),
  gauge('kube_pod_owner', "Information about the Pod's owner.", (pod) =>
    ownersOf(pod).map(({ kind, name, controller }) => ({
      labels: { ...podOf(pod), owner_kind: kind, owner_name: name, owner_is_controller: controller },
      value: 1,
    })),
  ),
  value('kube_pod_created', 'Unix creation timestamp', podOf, (pod) => seconds(pod.metadata.creationTimestamp)),
  value('kube_pod_start_time', 'Start time in unix timestamp for a pod.', podOf, (pod) =>
    seconds(pod.status.startTime),
  ),
  value('kube_pod_deletion_timestamp', 'Unix deletion timestamp', podOf, (pod) =>
    seconds(pod.metadata.deletionTimestamp),
  ),
  gauge('kube_pod_status_phase', "The pod's current phase.", (pod) =>
    oneOf(podOf(pod), 'phase', PHASES, pod.status.phase ?? 'Unknown'),
  ),
  gauge('kube_pod_status_ready', 'Describes whether the pod is ready to serve requests.', (pod) =>
    conditionOf(pod, 'Ready'),
  ),
  gauge('kube_pod_status_scheduled', 'Describes the status of the scheduling process for the pod.', (pod) =>
    conditionOf(pod, 'PodScheduled'),
  ),
  gauge('kube_pod_status_reason', 'The pod status reasons', ({ status, ...pod }) =>
    status.reason === undefined ? [] : [{ labels: { ...podOf({ status, ...pod }), reason: status.reason }, value: 1 }],
  ),
  gauge('kube_pod_container_info', 'Information about a container in a pod.', (pod) =>
    (pod.status.containerStatuses ?? []).map(({ name, image, imageID, containerID = '' }) => ({
      labels: { ...podOf(pod), container: name, image, image_id: imageID, container_id: containerID },
      value: 1,
    })),
  ),
  gauge('kube_pod_container_status_ready', 'Describes whether the containers readiness check succeeded.', (pod) =>
    each(pod, ({ ready }) => Number(ready)),
  ),
  gauge('kube_pod_container_status_running', 'Describes whether the container is currently in running state.', (pod) =>
    each(pod, ({ state }) => Number(state?.running !== undefined)),
  ),
  {
    ...gauge<Pod>(
      'kube_pod_container_status_restarts_total',
      'The number of container restarts per container.',
      (pod) => each(pod, ({ restartCount }) => restartCount),
    ),
    type: 'counter',
  },
  gauge(
    'kube_pod_container_status_waiting_reason',
    'Describes the reason the container is currently in waiting state.',
    (pod) => reasons(pod, ({ state }) => state?.waiting?.reason),
  ),
  gauge(
    'kube_pod_container_status_terminated_reason',
    'Describes the reason the container is currently in terminated state.',
    (pod) => reasons(pod, ({ state }) => state?.terminated?.reason),
  ),
  gauge(
    'kube_pod_container_status_last_terminated_reason',
    'Describes the last reason the container was in terminated state.',
    (pod) => reasons(pod, ({ lastState }) => lastState?.terminated?.reason),
  ),
  gauge('kube_pod_container_resource_requests', 'The number of requested request resource by a container.', (pod) =>
    amounts(pod, ({ resources }) => resources?.requests),
  ),
  gauge('kube_pod_container_resource_limits', 'The number of requested limit resource by a container.', (pod) =>
    amounts(pod, ({ resources }) => resources?.limits),
  ),
];
