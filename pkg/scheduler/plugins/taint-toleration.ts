// Keeps pods off nodes with taints they do not tolerate, and prefers nodes with fewer PreferNoSchedule taints to overlook.
import type { Taint } from '../../api/schema/generated/core.v1.gen.ts';
import type { Failure, Plugin } from '../framework/plugin.ts';
import { tolerated } from '../../api/core/v1/taints.ts';
import { nodeOf } from '../queue/cluster-event.ts';

const NAME = 'TaintToleration';

export const taintToleration: Plugin = {
  name: NAME,
  filter(pod) {
    const failures = new Map<string, Failure>();
    return (node) => {
      for (const taint of node.taints) {
        if (!repels(taint) || tolerated(taint, pod.tolerations)) continue;
        const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
        const failure = failures.get(reason) ?? { plugin: NAME, reasons: [reason], evictionHelps: false };
        failures.set(reason, failure);
        return failure;
      }
      return undefined;
    };
  },
  score: {
    scale: 'least',
    prepare(pod) {
      const relevant = pod.tolerations.filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
      return (node) => {
        let count = 0;
        for (const taint of node.taints) {
          if (taint.effect === 'PreferNoSchedule' && !tolerated(taint, relevant)) count++;
        }
        return count;
      };
    },
  },
  helps(pod, event) {
    const node = nodeOf(event);
    return node !== undefined && !node.taints.some((taint) => repels(taint) && !tolerated(taint, pod.tolerations));
  },
};

function repels(taint: Taint): boolean {
  return taint.effect === 'NoSchedule' || taint.effect === 'NoExecute';
}
