// Instants as metav1.Time: whole seconds, UTC.
import type { Instant } from '../../clock/clock.ts';

export function timeText(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}
