// Holds a pod that names its node to that node.
import type { Failure, Plugin } from '../framework/plugin.ts';
import { nodeOf } from '../queue/cluster-event.ts';

const NAME = 'NodeName';
const OTHER_NODE: Failure = {
  plugin: NAME,
  reasons: ["node(s) didn't match the requested node name"],
  evictionHelps: false,
};

export const nodeName: Plugin = {
  name: NAME,
  filter({ pod }) {
    const wanted = pod.spec.nodeName;
    if (wanted === undefined || wanted === '') return undefined;
    return (node) => (node.name === wanted ? undefined : OTHER_NODE);
  },
  helps: ({ pod }, event) => nodeOf(event)?.name === pod.spec.nodeName,
};
