// Every kind that is served, in the order in which discovery lists them. One file per kind says what it is.
import { deploymentKind } from './apps/v1/deployment.ts';
import { replicaSetKind } from './apps/v1/replica-set.ts';
import { leaseKind } from './coordination/v1/lease.ts';
import { componentStatusKind } from './core/v1/component-status.ts';
import { configMapKind } from './core/v1/config-map.ts';
import { endpointsKind } from './core/v1/endpoints.ts';
import { eventKind } from './core/v1/event.ts';
import { namespaceKind } from './core/v1/namespace.ts';
import { nodeKind } from './core/v1/node.ts';
import { podKind } from './core/v1/pod.ts';
import { secretKind } from './core/v1/secret.ts';
import { serviceAccountKind } from './core/v1/service-account.ts';
import { serviceKind } from './core/v1/service.ts';
import { endpointSliceKind } from './discovery/v1/endpoint-slice.ts';
import { eventV1Kind } from './events/v1/event.ts';
import { limitRangeKind } from './core/v1/limit-range.ts';
import { persistentVolumeClaimKind } from './core/v1/persistent-volume-claim.ts';
import { persistentVolumeKind } from './core/v1/persistent-volume.ts';
import { podTemplateKind } from './core/v1/pod-template.ts';
import { replicationControllerKind } from './core/v1/replication-controller.ts';
import { resourceQuotaKind } from './core/v1/resource-quota.ts';
import { controllerRevisionKind } from './apps/v1/controller-revision.ts';
import { daemonSetKind } from './apps/v1/daemon-set.ts';
import { statefulSetKind } from './apps/v1/stateful-set.ts';
import {
  mutatingWebhookConfigurationKind,
  validatingWebhookConfigurationKind,
} from './admissionregistration/v1/webhook-configuration.ts';
import { horizontalPodAutoscalerV1Kind } from './autoscaling/v1/horizontal-pod-autoscaler.ts';
import { horizontalPodAutoscalerKind } from './autoscaling/v2/horizontal-pod-autoscaler.ts';
import { cronJobKind } from './batch/v1/cron-job.ts';
import { jobKind } from './batch/v1/job.ts';
import { certificateSigningRequestKind } from './certificates/v1/certificate-signing-request.ts';
import { ingressClassKind, ingressKind } from './networking/v1/ingress.ts';
import { networkPolicyKind } from './networking/v1/network-policy.ts';
import { ipAddressKind, serviceCidrKind } from './networking/v1/service-cidr.ts';
import { runtimeClassKind } from './node/v1/runtime-class.ts';
import { podDisruptionBudgetKind } from './policy/v1/pod-disruption-budget.ts';
import { clusterRoleBindingKind, roleBindingKind } from './rbac/v1/role-binding.ts';
import { clusterRoleKind, roleKind } from './rbac/v1/role.ts';
import { priorityClassKind } from './scheduling/v1/priority-class.ts';
import {
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
} from './storage-k8s-io/v1/csi.ts';
import { storageClassKind } from './storage-k8s-io/v1/storage-class.ts';
import type { KindDefinition } from './schema/kind.ts';

/** Group, version and plural of a kind, as paths name it. */
export interface KindKey {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export const kinds: readonly KindDefinition[] = [
  componentStatusKind,
  configMapKind,
  endpointsKind,
  eventKind,
  namespaceKind,
  nodeKind,
  podKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
  deploymentKind,
  replicaSetKind,
  leaseKind,
  endpointSliceKind,
  eventV1Kind,
  limitRangeKind,
  persistentVolumeClaimKind,
  persistentVolumeKind,
  podTemplateKind,
  replicationControllerKind,
  resourceQuotaKind,
  controllerRevisionKind,
  daemonSetKind,
  statefulSetKind,
  mutatingWebhookConfigurationKind,
  validatingWebhookConfigurationKind,
  // The newer version first: it is the preferred one.
  horizontalPodAutoscalerKind,
  horizontalPodAutoscalerV1Kind,
  cronJobKind,
  jobKind,
  certificateSigningRequestKind,
  ingressClassKind,
  ingressKind,
  networkPolicyKind,
  ipAddressKind,
  serviceCidrKind,
  runtimeClassKind,
  podDisruptionBudgetKind,
  clusterRoleBindingKind,
  roleBindingKind,
  clusterRoleKind,
  roleKind,
  priorityClassKind,
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
  storageClassKind,
];

const keyOf = ({ group, version, resource }: KindKey): string => `${group}/${version}/${resource}`;
const byKey = new Map(kinds.map((kind) => [keyOf(kind.type), kind]));

/** The built-in kind of that name, if it is served. */
export function kindFor(key: KindKey): KindDefinition | undefined {
  return byKey.get(keyOf(key));
}
