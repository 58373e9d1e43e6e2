// The conditions that a kubelet keeps on a pod (k8s.io/kubernetes/pkg/kubelet/status/generate.go). Conditions of others
// (readiness gates, DisruptionTarget) are theirs and only read here.
import type { ContainerStatus, Pod, PodCondition } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import { initContainersOf } from '../pod/containers.ts';
import type { ResizeState } from '../pod/pod-resizer.ts';
import type { Phase } from './phase.ts';
import { formatTime } from '../../api/meta/time.ts';

export interface ConditionInputs {
  readonly phase: Phase;
  readonly init: readonly ContainerStatus[];
  readonly app: readonly ContainerStatus[];
  readonly hasSandbox: boolean;
  readonly resize: ResizeState;
  /** Why the node ends the pod against its will. */
  readonly disruption: string | undefined;
  readonly now: Instant;
}

/** Only there while they are true. */
export const RESIZE_CONDITIONS = ['PodResizePending', 'PodResizeInProgress'] as const;

type Draft = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The kubelet's own conditions, in Kubernetes' order; times of those that stay as they were are kept. */
export function conditionsOf(pod: Pod, inputs: ConditionInputs): PodCondition[] {
  const containersReady = containersReadyCondition(pod, inputs);
  const drafts: Draft[] = [
    { type: 'PodReadyToStartContainers', status: inputs.hasSandbox ? 'True' : 'False' },
    initializedCondition(pod, inputs),
    readyCondition(pod, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
    ...resizeConditions(inputs.resize),
    ...(inputs.disruption === undefined
      ? []
      : [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: inputs.disruption }]),
  ];
  return drafts.map((draft) => dated(pod, draft, inputs.now));
}

function resizeConditions({ pending, inProgress }: ResizeState): Draft[] {
  const [pendingType, inProgressType] = RESIZE_CONDITIONS;
  return [
    ...(pending === undefined ? [] : [{ type: pendingType, status: 'True', ...pending }]),
    ...(inProgress === undefined
      ? []
      : [
          {
            type: inProgressType,
            status: 'True',
            ...(inProgress.error !== undefined && { reason: 'Error', message: inProgress.error }),
          },
        ]),
  ];
}

function dated(pod: Pod, draft: Draft, now: Instant): PodCondition {
  const before = pod.status?.conditions?.find(({ type }) => type === draft.type);
  const unchanged = before !== undefined && before.status === draft.status;
  return {
    ...draft,
    lastTransitionTime: (unchanged ? before.lastTransitionTime : undefined) ?? formatTime(now),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
  };
}

function initializedCondition(pod: Pod, { phase, init, app }: ConditionInputs): Draft {
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const { role, spec } of initContainersOf(pod)) {
    const status = init.find((one) => one.name === spec.name);
    if (status === undefined) unknown.push(spec.name);
    else if (role === 'sidecar' ? status.started !== true : !status.ready) incomplete.push(spec.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) {
    return { type: 'Initialized', status: 'True', reason: 'PodCompleted' };
  }
  const begun = app.some(({ state, lastState }) => state?.waiting === undefined || lastState?.terminated !== undefined);
  if (begun) return { type: 'Initialized', status: 'True' };
  const message = sentences([
    ['unknown', unknown],
    ['incomplete', incomplete],
  ]);
  if (message === '') return { type: 'Initialized', status: 'True' };
  return { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message };
}

function containersReadyCondition(pod: Pod, { phase, init, app }: ConditionInputs): Draft {
  const type = 'ContainersReady';
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const { role, spec } of initContainersOf(pod)) {
    if (role !== 'sidecar') continue;
    const status = init.find((one) => one.name === spec.name);
    if (status === undefined) unknown.push(spec.name);
    else if (!status.ready) unready.push(spec.name);
  }
  for (const { name } of pod.spec.containers) {
    const status = app.find((one) => one.name === name);
    if (status === undefined) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const message = sentences([
    ['unknown', unknown],
    ['unready', unready],
  ]);
  if (message === '') return { type, status: 'True' };
  return { type, status: 'False', reason: 'ContainersNotReady', message };
}

function readyCondition(pod: Pod, containersReady: Draft): Draft {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const missing: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const condition = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (condition === undefined) {
      missing.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (condition.status !== 'True') {
      missing.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
    }
  }
  if (missing.length === 0) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}

function sentences(parts: readonly (readonly [string, readonly string[]])[]): string {
  return parts
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `containers with ${what} status: [${names.join(' ')}]`)
    .join(', ');
}
