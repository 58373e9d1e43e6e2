// The plugins that exist, in Kubernetes' default order and with its weights; only the default of NodeResourcesFit differs:
// it packs. Spreading is another profile, and what topology constraints ask for.
import { imageLocality } from '../plugins/image-locality.ts';
import { interPodAffinity } from '../plugins/inter-pod-affinity.ts';
import { nodeAffinity } from '../plugins/node-affinity.ts';
import { nodeName } from '../plugins/node-name.ts';
import { nodePorts } from '../plugins/node-ports.ts';
import { nodeResourcesBalancedAllocation } from '../plugins/node-resources-balanced-allocation.ts';
import { DEFAULT_FIT_ARGS, nodeResourcesFit, type FitArgs } from '../plugins/node-resources-fit.ts';
import { nodeUnschedulable } from '../plugins/node-unschedulable.ts';
import { podTopologySpread } from '../plugins/pod-topology-spread.ts';
import { schedulingGates } from '../plugins/scheduling-gates.ts';
import { taintToleration } from '../plugins/taint-toleration.ts';
import type { Profile } from './profile.ts';
import type { Plugin } from './plugin.ts';

export const DEFAULT_SCHEDULER_NAME = 'default-scheduler';

/** Names without a Plugin object are built into the scheduler and can only be turned on or off. */
export const DEFAULT_PLUGINS: readonly { readonly name: string; readonly weight: number }[] = [
  { name: 'SchedulingGates', weight: 0 },
  { name: 'PrioritySort', weight: 0 },
  { name: 'NodeUnschedulable', weight: 0 },
  { name: 'NodeName', weight: 0 },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts', weight: 0 },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  { name: 'DefaultPreemption', weight: 0 },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'DefaultBinder', weight: 0 },
];

export function defaultPlugins(fit: FitArgs = DEFAULT_FIT_ARGS): Plugin[] {
  return [
    schedulingGates,
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity(),
    nodePorts,
    nodeResourcesFit(fit),
    podTopologySpread(),
    interPodAffinity(),
    nodeResourcesBalancedAllocation(),
    imageLocality,
  ];
}

export function defaultProfile(fit: FitArgs = DEFAULT_FIT_ARGS, schedulerName = DEFAULT_SCHEDULER_NAME): Profile {
  const plugins = defaultPlugins(fit);
  return {
    schedulerName,
    preEnqueue: plugins.filter((plugin) => 'preEnqueue' in plugin),
    filters: plugins.filter((plugin) => 'filter' in plugin || 'clusterFilter' in plugin),
    scores: plugins
      .filter((plugin) => 'score' in plugin || 'clusterScore' in plugin)
      .map((plugin) => ({ plugin, weight: DEFAULT_PLUGINS.find(({ name }) => name === plugin.name)?.weight || 1 })),
    preempts: true,
  };
}
