import { pods } from '../../resources.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { Pod } from '../../schema/generated/core.v1.gen.ts';

export const podKind = defineKind<Pod>({
  type: pods,
  schema: 'core.v1.Pod',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  subresources: [
    subresource('attach', 'v1', 'PodAttachOptions', 'get', 'post'),
    subresource('binding', 'v1', 'Binding', 'create'),
    subresource('ephemeralcontainers', 'v1', 'Pod', 'get', 'patch', 'update'),
    subresource('eviction', 'policy/v1', 'Eviction', 'create'),
    subresource('exec', 'v1', 'PodExecOptions', 'get', 'post'),
    subresource('log', 'v1', 'Pod', 'get'),
    subresource('portforward', 'v1', 'PodPortForwardOptions', 'get', 'post'),
    subresource('proxy', 'v1', 'PodProxyOptions', 'delete', 'get', 'patch', 'post', 'put'),
    subresource('resize', 'v1', 'Pod', 'get', 'patch', 'update'),
  ],
  selectableFields: (pod) => ({
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.restartPolicy': pod.spec.restartPolicy ?? '',
    'spec.schedulerName': pod.spec.schedulerName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(pod.spec.hostNetwork ?? false),
    'status.phase': pod.status.phase ?? '',
    'status.podIP': pod.status.podIP ?? '',
    'status.nominatedNodeName': pod.status.nominatedNodeName ?? '',
  }),
  gracefulDeletion: (pod, requested) => {
    const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    const started = pod.spec.nodeName !== undefined && pod.spec.nodeName !== '';
    const over = pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded';
    return !started || over ? 0 : seconds;
  },
});
