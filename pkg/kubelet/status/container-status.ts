// What the status of a pod says of one container: its state now, how the attempt before ended, whether it is ready.
import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
} from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { PodContainer } from '../pod/containers.ts';
import type { Waiting } from '../pod/next-steps.ts';
import { enforcedResources, limitsOf } from '../pod/resize.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { formatTime } from '../../api/meta/time.ts';

export interface ContainerView {
  readonly runtimeName: string;
  /** Attempts of this container, the newest first. */
  readonly records: readonly ContainerRecord[];
  /** Why it is not running: held back by a back-off, or the last try to start it failed. */
  readonly waiting: Waiting | undefined;
  /** The pod has ended: what waits will never run. */
  readonly ended: boolean;
  readonly started: (record: ContainerRecord) => boolean;
  readonly ready: (record: ContainerRecord) => boolean;
  readonly terminationMessage: (record: ContainerRecord) => string;
}

export function containerStatusOf(pod: Pod, container: PodContainer, view: ContainerView): ContainerStatus {
  const { spec, role } = container;
  const [newest, ...older] = view.records;
  const before = told(pod, container);
  const running = newest?.state === 'running';
  const started = running && view.started(newest);
  const state = stateOf(pod, newest, before, view);
  const lastEnded =
    newest?.state === 'exited' && state.terminated === undefined
      ? newest
      : older.find((record) => record.state === 'exited');
  const lastState = lastEnded === undefined ? lostState(newest, before) : { terminated: terminatedOf(lastEnded, view) };
  const known = newest ?? undefined;
  return {
    ...(known !== undefined
      ? { containerID: `${view.runtimeName}://${known.id}` }
      : before?.containerID !== undefined && { containerID: before.containerID }),
    image: known?.image ?? before?.image ?? spec.image ?? '',
    imageID: known?.imageId ?? before?.imageID ?? '',
    lastState,
    name: spec.name,
    ready:
      role === 'init'
        ? newest?.state === 'exited' && newest.exitCode === 0
        : started && newest !== undefined && view.ready(newest),
    ...(known === undefined ? resourcesIn(before) : resourcesOf(spec, known)),
    restartCount: newest?.attempt ?? before?.restartCount ?? 0,
    started: role === 'init' ? running : started,
    state,
    ...mountsOf(spec.volumeMounts),
  };
}

function told(pod: Pod, { role, spec }: PodContainer): ContainerStatus | undefined {
  const lists = {
    app: pod.status?.containerStatuses,
    init: pod.status?.initContainerStatuses,
    sidecar: pod.status?.initContainerStatuses,
    ephemeral: pod.status?.ephemeralContainerStatuses,
  };
  return lists[role]?.find((status) => status.name === spec.name);
}

function stateOf(
  pod: Pod,
  newest: ContainerRecord | undefined,
  before: ContainerStatus | undefined,
  view: ContainerView,
): ContainerState {
  if (newest?.state === 'running') return { running: { startedAt: formatTime(newest.startedAt ?? newest.createdAt) } };
  if (view.waiting !== undefined && !view.ended) return { waiting: { ...view.waiting } };
  if (newest?.state === 'exited') return { terminated: terminatedOf(newest, view) };
  if (newest === undefined && before?.state?.terminated !== undefined) return before.state;
  if (newest === undefined && before?.state?.running !== undefined) return { terminated: lost(before) };
  const beforeInit = (pod.spec.initContainers ?? []).length > 0;
  return { waiting: { reason: beforeInit ? 'PodInitializing' : 'ContainerCreating' } };
}

/** A container that ran when last heard of and of which the engine knows nothing now. */
function lost(before: ContainerStatus): ContainerStateTerminated {
  return {
    ...(before.containerID !== undefined && { containerID: before.containerID }),
    exitCode: 137,
    message: 'The container could not be located when the pod was terminated',
    reason: 'ContainerStatusUnknown',
  };
}

function lostState(newest: ContainerRecord | undefined, before: ContainerStatus | undefined): ContainerState {
  if (newest !== undefined && before !== undefined && before.restartCount < newest.attempt) {
    if (before.state?.terminated !== undefined) return { terminated: before.state.terminated };
    if (before.state?.running !== undefined) return { terminated: lost(before) };
  }
  return before?.lastState ?? {};
}

export function terminatedOf(record: ContainerRecord, view: ContainerView): ContainerStateTerminated {
  const failedToStart = record.startedAt === undefined;
  const message = failedToStart ? record.error : view.terminationMessage(record);
  return {
    containerID: `${view.runtimeName}://${record.id}`,
    exitCode: record.exitCode,
    finishedAt: formatTime(record.finishedAt ?? record.createdAt),
    ...(message !== '' && { message }),
    reason: failedToStart ? 'StartError' : reasonOf(record),
    startedAt: formatTime(record.startedAt ?? NEVER),
  };
}

/** What containerd reports of a container that did not start. */
const NEVER: Instant = 0;

function reasonOf(record: ContainerRecord): string {
  if (record.oomKilled) return 'OOMKilled';
  return record.exitCode === 0 ? 'Completed' : 'Error';
}

function resourcesOf(spec: PodContainer['spec'], { state, limits }: ContainerRecord): Partial<ContainerStatus> {
  const requests = spec.resources?.requests;
  return {
    ...(requests !== undefined && { allocatedResources: requests }),
    resources: enforcedResources(spec, state === 'running' ? limits : limitsOf(spec)),
  };
}

function resourcesIn(before: ContainerStatus | undefined): Partial<ContainerStatus> {
  const { allocatedResources, resources } = before ?? {};
  return {
    ...(allocatedResources !== undefined && { allocatedResources }),
    ...(resources !== undefined && { resources }),
  };
}

function mountsOf(mounts: PodContainer['spec']['volumeMounts']): Partial<ContainerStatus> {
  if (mounts === undefined || mounts.length === 0) return {};
  return {
    volumeMounts: mounts.map(({ name, mountPath, readOnly, recursiveReadOnly }) => ({
      mountPath,
      name,
      ...(readOnly === true && { readOnly, recursiveReadOnly: recursiveReadOnly ?? 'Disabled' }),
    })),
  };
}
