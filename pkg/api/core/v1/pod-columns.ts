// The columns of `kubectl get pods`: how a pod's many states become one word, its restarts and readiness. The rules are
// printPod's in pkg/printers/internalversion of Kubernetes.
import { ageOf } from '../../meta/duration.ts';
import { isConditionTrue } from '../../meta/conditions.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import type { Container, ContainerState, ContainerStatus, Pod } from '../../schema/generated/core.v1.gen.ts';
import type { RowCondition } from '../../schema/kind.ts';

interface Summary {
  readonly status: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** Of the restarts counted, when the last one's predecessor ended; empty if never. */
  readonly lastRestart: string;
}

/** Three columns are read off one summary; it depends on nothing but the pod, which nobody changes. */
const summaries = new WeakMap<Pod, Summary>();

export function podSummary(pod: Pod): Summary {
  let summary = summaries.get(pod);
  if (summary === undefined) {
    summary = summarise(pod);
    summaries.set(pod, summary);
  }
  return summary;
}

function summarise(pod: Pod): Summary {
  const { spec, status, metadata } = pod;
  const initContainers = new Map((spec.initContainers ?? []).map((container) => [container.name, container]));
  let word = status.reason || status.phase || '';
  if (status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')) {
    word = 'SchedulingGated';
  }
  const init = summariseInit(status.initContainerStatuses ?? [], initContainers);
  let { restarts, lastRestart, ready } = init;
  if (init.word !== undefined) word = init.word;
  if (init.word === undefined || isConditionTrue(status.conditions, 'Initialized')) {
    restarts = init.sidecarRestarts;
    lastRestart = init.lastSidecarRestart;
    let running = false;
    for (const container of (status.containerStatuses ?? []).toReversed()) {
      restarts += container.restartCount;
      lastRestart = later(lastRestart, container.lastState?.terminated?.finishedAt);
      const said = wordOf(container.state);
      if (said !== undefined) word = said;
      else if (container.ready && container.state?.running !== undefined) {
        running = true;
        ready++;
      }
    }
    if (word === 'Completed' && running) {
      word = isConditionTrue(status.conditions, 'Ready') ? 'Running' : 'NotReady';
    }
  }
  if (metadata.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') word = 'Unknown';
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') word = 'Terminating';
  }
  const sidecars = [...initContainers.values()].filter(isSidecar).length;
  return { status: word, ready, total: spec.containers.length + sidecars, restarts, lastRestart };
}

interface InitSummary {
  /** What initialisation waits for or failed with; undefined once nothing does. */
  readonly word: string | undefined;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: string;
  readonly sidecarRestarts: number;
  readonly lastSidecarRestart: string;
}

function summariseInit(statuses: readonly ContainerStatus[], containers: ReadonlyMap<string, Container>): InitSummary {
  let [ready, restarts, sidecarRestarts, lastRestart, lastSidecarRestart] = [0, 0, 0, '', ''];
  for (const [i, container] of statuses.entries()) {
    restarts += container.restartCount;
    lastRestart = later(lastRestart, container.lastState?.terminated?.finishedAt);
    const sidecar = isSidecar(containers.get(container.name));
    if (sidecar) {
      sidecarRestarts += container.restartCount;
      lastSidecarRestart = later(lastSidecarRestart, container.lastState?.terminated?.finishedAt);
    }
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready) ready++;
      continue;
    }
    const word = initWord(container.state) ?? `Init:${i}/${containers.size}`;
    return { word, ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart };
  }
  return { word: undefined, ready, restarts, lastRestart, sidecarRestarts, lastSidecarRestart };
}

function isSidecar(container: Container | undefined): boolean {
  return container?.restartPolicy === 'Always';
}

function initWord(state: ContainerState | undefined): string | undefined {
  const word = state?.waiting?.reason === 'PodInitializing' ? undefined : wordOf(state);
  return word === undefined ? undefined : `Init:${word}`;
}

/** Why a container waits or how it ended. */
function wordOf(state: ContainerState | undefined): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  const ended = state?.terminated;
  if (ended === undefined) return undefined;
  if (ended.reason) return ended.reason;
  return ended.signal ? `Signal:${ended.signal}` : `ExitCode:${ended.exitCode}`;
}

function later(a: string, b: string | undefined): string {
  return b !== undefined && (a === '' || Date.parse(b) > Date.parse(a)) ? b : a;
}

function restartsCell(pod: Pod, now: number): string {
  const { restarts, lastRestart } = podSummary(pod);
  return restarts !== 0 && lastRestart !== '' ? `${restarts} (${ageOf(lastRestart, now)} ago)` : `${restarts}`;
}

function gatesCell({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const open = gates.filter(({ conditionType }) => isConditionTrue(status.conditions, conditionType));
  return `${open.length}/${gates.length}`;
}

export const podColumns = columns<Pod>(
  text('Ready', 'The aggregate readiness state of this pod for accepting traffic.', (pod) => {
    const { ready, total } = podSummary(pod);
    return `${ready}/${total}`;
  }),
  text('Status', 'The aggregate status of the containers in this pod.', (pod) => podSummary(pod).status),
  text(
    'Restarts',
    'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    restartsCell,
  ),
  age(),
  wide(
    text(
      'IP',
      'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.',
      ({ status }) => status.podIPs?.[0]?.ip || '<none>',
    ),
  ),
  wide(
    text('Node', 'NodeName indicates in which node this pod is scheduled.', ({ spec }) => spec.nodeName || '<none>'),
  ),
  wide(
    text(
      'Nominated Node',
      'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods.',
      ({ status }) => status.nominatedNodeName || '<none>',
    ),
  ),
  wide(
    text(
      'Readiness Gates',
      'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True"',
      gatesCell,
    ),
  ),
);

export function podRowConditions({ status }: Pod): readonly RowCondition[] {
  if (status.phase === 'Succeeded') {
    const message = 'The pod has completed successfully.';
    return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message }];
  }
  if (status.phase === 'Failed') {
    return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
  }
  return [];
}
