// Pods: the kind that everything else is about. Its parts stand beside this file: defaults, validation, columns, warnings.
import { formatTime } from '../../meta/time.ts';
import { pods } from '../../resources.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { Pod } from '../../schema/generated/core.v1.gen.ts';
import { selectByOwnLabels } from './label-key-selectors.ts';
import { podColumns, podRowConditions } from './pod-columns.ts';
import { defaultPod } from './pod-defaults.ts';
import { qosClassOf } from './pod-qos.ts';
import { validatePodStatusUpdate } from './pod-status-validation.ts';
import { validatePod, validatePodUpdate } from './pod-validation.ts';
import { podWarnings } from './pod-warnings.ts';

export const podKind = defineKind<Pod>({
  type: pods,
  schema: 'core.v1.Pod',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  generation: true,
  returnsDeletedObject: true,
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
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName,
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy,
    'spec.schedulerName': ({ spec }) => spec.schedulerName,
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName,
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status.phase,
    'status.podIP': ({ status }) => status.podIPs?.[0]?.ip ?? status.podIP,
    'status.podIPs': ({ status }) => status.podIPs?.[0]?.ip ?? status.podIP,
    'status.nominatedNodeName': ({ status }) => status.nominatedNodeName,
  },
  setDefaults: defaultPod,
  prepareForCreate(pod, { now }) {
    selectByOwnLabels(pod);
    pod.status = { phase: 'Pending', qosClass: qosClassOf(pod) };
    if ((pod.spec.schedulingGates ?? []).length === 0) return;
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
        lastTransitionTime: formatTime(now),
      },
    ];
  },
  prepareForStatusUpdate(pod, old) {
    // Kubelets of old wrote back owner references that they had not understood.
    if (old.metadata.ownerReferences === undefined) delete pod.metadata.ownerReferences;
    else pod.metadata.ownerReferences = old.metadata.ownerReferences;
    if (!pod.status.qosClass && old.status.qosClass !== undefined) pod.status.qosClass = old.status.qosClass;
  },
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  warnings: (pod) => podWarnings(pod),
  gracefulDeletion(pod, requested) {
    const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    // A pod that no kubelet has, or that has ended, has nobody to wait for.
    if (!pod.spec.nodeName || pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded') return 0;
    return seconds < 0 ? 1 : seconds;
  },
});
