// Instants as Kubernetes writes them: metav1.Time in whole seconds, metav1.MicroTime with six decimals, both in UTC.
import type { Instant } from '../clock/clock.ts';

export function formatTime(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

export function formatMicroTime(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 23)}000Z`;
}

/** Undefined and unreadable times are NaN: every comparison with them is false. */
export function parseTime(text: string | undefined): Instant {
  return text === undefined ? Number.NaN : Date.parse(text);
}
