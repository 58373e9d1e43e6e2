// How many results of a probe in a row make a verdict. Pure.
import type { Probe } from '../../api/schema/generated/core.v1.gen.ts';

export interface ProbeState {
  /** Undefined until the thresholds are reached for the first time. */
  readonly verdict: boolean | undefined;
  readonly lastResult: boolean | undefined;
  readonly inARow: number;
}

export const UNPROBED: ProbeState = { verdict: undefined, lastResult: undefined, inARow: 0 };

export function afterResult(state: ProbeState, probe: Probe, result: boolean): ProbeState {
  const inARow = state.lastResult === result ? state.inARow + 1 : 1;
  const threshold = result ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { verdict: inARow >= threshold ? result : state.verdict, lastResult: result, inARow };
}
