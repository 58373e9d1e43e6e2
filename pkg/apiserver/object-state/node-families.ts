// kube_node_* and kube_namespace_*: what kube-state-metrics tells of nodes and namespaces. Pure.
import type { Namespace, Node } from '../../api/schema/generated/core.v1.gen.ts';
import {
  amountSamples,
  conditionSamples,
  gauge,
  info,
  oneOf,
  seconds,
  value,
  type Labels,
  type StateFamily,
} from './family.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeOf({ metadata }: Node): Labels {
  return { node: metadata.name };
}

export const nodeFamilies: readonly StateFamily<Node>[] = [
  info('kube_node_info', 'Information about a cluster node.', (node) => {
    const { nodeInfo, addresses = [] } = node.status;
    return {
      ...nodeOf(node),
      kernel_version: nodeInfo?.kernelVersion ?? '',
      os_image: nodeInfo?.osImage ?? '',
      container_runtime_version: nodeInfo?.containerRuntimeVersion ?? '',
      kubelet_version: nodeInfo?.kubeletVersion ?? '',
      provider_id: node.spec.providerID ?? '',
      pod_cidr: node.spec.podCIDR ?? '',
      system_uuid: nodeInfo?.systemUUID ?? '',
      internal_ip: addresses.find(({ type }) => type === 'InternalIP')?.address ?? '',
    };
  }),
  value('kube_node_created', 'Unix creation timestamp', nodeOf, (node) => seconds(node.metadata.creationTimestamp)),
  gauge('kube_node_role', 'The role of a cluster node.', (node) =>
    Object.keys(node.metadata.labels ?? {})
      .filter((label) => label.startsWith(ROLE_PREFIX))
      .map((label) => ({ labels: { ...nodeOf(node), role: label.slice(ROLE_PREFIX.length) }, value: 1 })),
  ),
  value('kube_node_spec_unschedulable', 'Whether a node can schedule new pods.', nodeOf, ({ spec }) =>
    Number(spec.unschedulable === true),
  ),
  gauge('kube_node_spec_taint', 'The taint of a cluster node.', (node) =>
    (node.spec.taints ?? []).map(({ key, value: text = '', effect }) => ({
      labels: { ...nodeOf(node), key, value: text, effect },
      value: 1,
    })),
  ),
  gauge('kube_node_status_condition', 'The condition of a cluster node.', (node) =>
    conditionSamples(nodeOf(node), node.status.conditions),
  ),
  gauge('kube_node_status_capacity', 'The total amount of resources available for a node.', (node) =>
    amountSamples(nodeOf(node), node.status.capacity),
  ),
  gauge(
    'kube_node_status_allocatable',
    'The amount of resources allocatable for pods (after reserving some for system daemons).',
    (node) => amountSamples(nodeOf(node), node.status.allocatable),
  ),
];

export const namespaceFamilies: readonly StateFamily<Namespace>[] = [
  gauge('kube_namespace_status_phase', 'kubernetes namespace status phase.', ({ metadata, status }) =>
    oneOf({ namespace: metadata.name }, 'phase', ['Active', 'Terminating'], status.phase ?? ''),
  ),
  value(
    'kube_namespace_created',
    'Unix creation timestamp',
    ({ metadata }) => ({ namespace: metadata.name }),
    ({ metadata }) => seconds(metadata.creationTimestamp),
  ),
];
