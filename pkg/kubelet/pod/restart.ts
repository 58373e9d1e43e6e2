// Whether a container that ended runs again, and how long it must wait: 10 s after the second end, doubled up to 5 minutes,
// forgotten after it has run for 10 minutes. The pause travels in a label of the container, so that a kubelet that is
// restarted goes on where it was.
import type { Container, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { PodContainer } from './containers.ts';

/** Milliseconds that must lie between this container's end and the start of the next attempt. */
export const BACKOFF_LABEL = 'io.typekube.container.backoff-ms';

const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;
const FORGOTTEN_AFTER_MS = 600_000;

/** By restart rules, then the container's own policy, then the pod's. */
export function shouldRestart(pod: Pod, { role, spec }: PodContainer, record: ContainerRecord): boolean {
  if (role === 'sidecar') return true;
  if (role === 'ephemeral') return false;
  const failed = record.exitCode !== 0;
  if (matchesRestartRule(spec, record.exitCode)) return true;
  const policy = spec.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
  if (role === 'init') return failed && policy !== 'Never';
  return policy === 'Always' || (policy === 'OnFailure' && failed);
}

function matchesRestartRule(spec: Container, exitCode: number): boolean {
  return (spec.restartPolicyRules ?? []).some(({ action, exitCodes }) => {
    if (action !== 'Restart' || exitCodes === undefined) return false;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    return exitCodes.operator === 'NotIn' ? !listed : listed;
  });
}

/** When the attempt after `ended` may start. Not after `now`: at once. */
export function restartAt(ended: ContainerRecord): Instant {
  const finished = ended.finishedAt ?? ended.createdAt;
  return finished + pauseAfter(ended);
}

/** What the label of the attempt after `ended` must say. */
export function nextBackoffMs(ended: ContainerRecord | undefined, now: Instant): number {
  if (ended === undefined) return 0;
  const current = now - ended.createdAt > FORGOTTEN_AFTER_MS * 2 ? 0 : pauseAfter(ended);
  return current === 0 ? FIRST_BACKOFF_MS : Math.min(current * 2, LONGEST_BACKOFF_MS);
}

/** The pause that is in force after this container's end. */
export function pauseAfter(ended: ContainerRecord): number {
  const finished = ended.finishedAt ?? ended.createdAt;
  if (finished - (ended.startedAt ?? ended.createdAt) >= FORGOTTEN_AFTER_MS) return 0;
  const pause = Number(ended.labels[BACKOFF_LABEL] ?? '0');
  return Number.isFinite(pause) ? pause : 0;
}

/** As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
