// Turns away from cordoned nodes all pods but those that tolerate the taint which stands for it.
import type { Failure, Plugin } from '../framework/plugin.ts';
import { tolerated } from '../../api/core/v1/taints.ts';
import { nodeOf } from '../queue/cluster-event.ts';

const NAME = 'NodeUnschedulable';
const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const CORDONED: Failure = { plugin: NAME, reasons: ['node(s) were unschedulable'], evictionHelps: false };

export const nodeUnschedulable: Plugin = {
  name: NAME,
  filter(pod) {
    if (tolerated(UNSCHEDULABLE_TAINT, pod.tolerations)) return undefined;
    return (node) => (node.unschedulable ? CORDONED : undefined);
  },
  helps: (_, event) => nodeOf(event)?.unschedulable === false,
};
