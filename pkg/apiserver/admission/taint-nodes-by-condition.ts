// TaintNodesByCondition: a node that registers itself takes no pods until somebody has seen it ready.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { AdmissionPlugin } from './admission.ts';

const NOT_READY = 'node.kubernetes.io/not-ready';

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  operations: new Set(['CREATE']),
  resources: new Set(['nodes']),
  admit({ object }) {
    if (object === undefined) return;
    // The plugin is asked about nodes only.
    const { spec } = object as Node;
    const taints = spec.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY && effect === 'NoSchedule')) return;
    spec.taints = [...taints, { key: NOT_READY, effect: 'NoSchedule' }];
  },
};
