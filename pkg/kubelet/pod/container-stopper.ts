// Stops one container as Kubernetes does: event, preStop hook within the grace period, then the signal with what is left of it.
import { deadlineOf } from '../../clock/deadline.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { containerNamed, isTerminating, type PodContainer } from './containers.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { StopReason } from './next-steps.ts';
import type { PodContext } from './pod-context.ts';
import { tellOfContainer } from './pod-events.ts';

/** Even a container without grace gets this to end by itself (k8s.io/kubernetes/pkg/kubelet/kuberuntime). */
const LEAST_GRACE_SECONDS = 2;

/**
 * A container that serves gets its signal this long after its pod was told to end: the Services' rules on the nodes are changed
 * by then (measured: 15 to 50 ms after the API's answer), and no new connection meets a server that has stopped listening.
 */
const DRAIN_MS = 300;

/** Seconds that the container has, the preStop hook included. */
export function graceOf(pod: Pod, container: PodContainer | undefined, reason: StopReason): number {
  const own = pod.metadata.deletionGracePeriodSeconds;
  if (own !== undefined) return own;
  const probe =
    reason === 'liveness'
      ? container?.spec.livenessProbe
      : reason === 'startup'
        ? container?.spec.startupProbe
        : undefined;
  return probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}

export interface StopRequest {
  readonly pod: Pod;
  readonly record: ContainerRecord;
  readonly reason: StopReason;
  readonly podIp: string;
  /** Seconds. */
  readonly grace: number;
  /** The preStop hook has had its time. */
  readonly hurry: AbortSignal;
}

export async function stopContainer(
  { pod, record, reason, podIp, grace, hurry }: StopRequest,
  context: PodContext,
  signal: AbortSignal,
): Promise<void> {
  const container = containerNamed(pod, record.name);
  if (container === undefined) {
    await context.runtime.stopContainer(record.id, LEAST_GRACE_SECONDS, signal);
    return;
  }
  const tell = tellOfContainer(context.events, pod, container);
  tell('Normal', 'Killing', sentenceOf(reason, record.name));
  const started = context.clock.now();
  const hook = container.spec.lifecycle?.preStop;
  const isServing = probesReady(container, record, context);
  if (hook === undefined && reason === 'pod-ends' && isTerminating(pod) && isServing && grace > 1) {
    await context.clock.sleep(DRAIN_MS, signal);
  }
  if (hook !== undefined && grace > 0) {
    using timeout = deadlineOf(context.clock, grace * 1000, () => new Error('the grace period is over'));
    const either = AbortSignal.any([signal, timeout.signal, hurry]);
    const outcome = await runHook(hook, { pod, container, containerId: record.id, podIp }, context, either).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        return { ok: false as const, message: error instanceof Error ? error.message : String(error) };
      },
    );
    if (!outcome.ok) {
      context.log.info('preStop hook failed', {
        container: record.name,
        pod: record.pod.name,
        message: outcome.message,
      });
      tell('Warning', 'FailedPreStopHook', 'PreStopHook failed');
    }
  }
  const used = Math.floor((context.clock.now() - started) / 1000);
  await context.runtime.stopContainer(record.id, Math.max(LEAST_GRACE_SECONDS, grace - used), signal);
}

function probesReady({ spec, role }: PodContainer, { id }: ContainerRecord, context: PodContext): boolean {
  if (role !== 'app' && role !== 'sidecar') return false;
  return spec.readinessProbe === undefined || context.probes.verdict(id, 'readiness') === true;
}

function sentenceOf(reason: StopReason, name: string): string {
  switch (reason) {
    case 'pod-ends':
    case 'pod-restarts':
      return `Stopping container ${name}`;
    case 'definition-changed':
      return `Container ${name} definition changed, will be restarted`;
    case 'resize':
      return `Container ${name} resize requires restart`;
    case 'liveness':
      return `Container ${name} failed liveness probe, will be restarted`;
    case 'startup':
      return `Container ${name} failed startup probe, will be restarted`;
  }
}
