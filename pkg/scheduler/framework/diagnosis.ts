// Why a pod fits nowhere, counted into the one sentence that users read. Wording and order are Kubernetes' FitError:
// reasons sorted as text with their numbers in front.
import type { Failure } from './plugin.ts';

export interface Diagnosis {
  readonly nodeCount: number;
  /** How many nodes failed for this. A node that failed for several reasons of one plugin counts for each of them. */
  readonly failures: ReadonlyMap<Failure, number>;
  /** Said instead of reasons by node when no node needed to be looked at. */
  readonly refusal?: { readonly plugin: string; readonly reason: string };
}

export const NO_NODES_MESSAGE = 'no nodes available to schedule pods';

/** `postscript` is what preemption has to say about it. */
export function diagnosisMessage(diagnosis: Diagnosis, postscript = ''): string {
  if (diagnosis.nodeCount === 0) return NO_NODES_MESSAGE;
  const start = `0/${diagnosis.nodeCount} nodes are available:`;
  const tail = postscript === '' ? '' : ` ${postscript}`;
  if (diagnosis.refusal !== undefined) return `${start} ${diagnosis.refusal.reason}.${tail}`;
  const counts = new Map<string, number>();
  for (const [failure, nodes] of diagnosis.failures) {
    for (const reason of failure.reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes);
  }
  const lines = [...counts].map(([reason, nodes]) => `${nodes} ${reason}`).sort(byBytes);
  return `${start}${lines.length === 0 ? '' : ` ${lines.join(', ')}.`}${tail}`;
}

/** Plugins to blame: an event that helps none of them cannot help the pod. */
export function rejectors(diagnosis: Diagnosis): Set<string> {
  if (diagnosis.refusal !== undefined) return new Set([diagnosis.refusal.plugin]);
  return new Set([...diagnosis.failures.keys()].map((failure) => failure.plugin));
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
