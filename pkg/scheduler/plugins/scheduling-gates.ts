// Keeps pods with scheduling gates out of the queue until the last gate is removed.
import type { Plugin } from '../framework/plugin.ts';

export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  preEnqueue({ pod }) {
    const gates = (pod.spec.schedulingGates ?? []).map((gate) => gate.name);
    return gates.length === 0 ? undefined : `waiting for scheduling gates: [${gates.join(' ')}]`;
  },
};
