// A handle for every built-in resource that this project's components use: `pods`, `deployments`, ...
import type { Deployment, ReplicaSet } from './schema/generated/apps.v1.gen.ts';
import type { TokenReview } from './schema/generated/authentication.v1.gen.ts';
import type { SubjectAccessReview } from './schema/generated/authorization.v1.gen.ts';
import type { Lease } from './schema/generated/coordination.v1.gen.ts';
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from './schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from './schema/generated/discovery.v1.gen.ts';
import type { Event as EventV1 } from './schema/generated/events.v1.gen.ts';
import type * as coreV1 from './schema/generated/core.v1.gen.ts';
import type * as appsV1 from './schema/generated/apps.v1.gen.ts';
import type * as batchV1 from './schema/generated/batch.v1.gen.ts';
import type * as rbacV1 from './schema/generated/rbac.v1.gen.ts';
import type * as policyV1 from './schema/generated/policy.v1.gen.ts';
import type * as schedulingV1 from './schema/generated/scheduling.v1.gen.ts';
import type * as nodeV1 from './schema/generated/node.v1.gen.ts';
import type * as storageV1 from './schema/generated/storage.v1.gen.ts';
import type * as networkingV1 from './schema/generated/networking.v1.gen.ts';
import type * as certificatesV1 from './schema/generated/certificates.v1.gen.ts';
import type * as admissionregistrationV1 from './schema/generated/admissionregistration.v1.gen.ts';
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from './schema/generated/autoscaling.v1.gen.ts';
import type { HorizontalPodAutoscaler } from './schema/generated/autoscaling.v2.gen.ts';
import type { KubeObject, ResourceType } from './schema/resource-type.ts';

function resource<T extends KubeObject>(
  groupVersion: string,
  plural: string,
  kind: string,
  scope: 'namespaced' | 'cluster',
): ResourceType<T> {
  const slash = groupVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : groupVersion.slice(0, slash),
    version: groupVersion.slice(slash + 1),
    resource: plural,
    kind,
    namespaced: scope === 'namespaced',
  };
}

export const namespaces = resource<Namespace>('v1', 'namespaces', 'Namespace', 'cluster');
export const nodes = resource<Node>('v1', 'nodes', 'Node', 'cluster');
export const pods = resource<Pod>('v1', 'pods', 'Pod', 'namespaced');
export const services = resource<Service>('v1', 'services', 'Service', 'namespaced');
export const endpoints = resource<Endpoints>('v1', 'endpoints', 'Endpoints', 'namespaced');
export const configMaps = resource<ConfigMap>('v1', 'configmaps', 'ConfigMap', 'namespaced');
export const secrets = resource<Secret>('v1', 'secrets', 'Secret', 'namespaced');
export const serviceAccounts = resource<ServiceAccount>('v1', 'serviceaccounts', 'ServiceAccount', 'namespaced');
export const events = resource<Event>('v1', 'events', 'Event', 'namespaced');
export const eventsV1 = resource<EventV1>('events.k8s.io/v1', 'events', 'Event', 'namespaced');
export const deployments = resource<Deployment>('apps/v1', 'deployments', 'Deployment', 'namespaced');
export const replicaSets = resource<ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet', 'namespaced');
export const leases = resource<Lease>('coordination.k8s.io/v1', 'leases', 'Lease', 'namespaced');
export const endpointSlices = resource<EndpointSlice>(
  'discovery.k8s.io/v1',
  'endpointslices',
  'EndpointSlice',
  'namespaced',
);

export const componentStatuses = resource<coreV1.ComponentStatus>(
  'v1',
  'componentstatuses',
  'ComponentStatus',
  'cluster',
);
export const limitRanges = resource<coreV1.LimitRange>('v1', 'limitranges', 'LimitRange', 'namespaced');
export const persistentVolumes = resource<coreV1.PersistentVolume>(
  'v1',
  'persistentvolumes',
  'PersistentVolume',
  'cluster',
);
export const persistentVolumeClaims = resource<coreV1.PersistentVolumeClaim>(
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
  'namespaced',
);
export const podTemplates = resource<coreV1.PodTemplate>('v1', 'podtemplates', 'PodTemplate', 'namespaced');
export const replicationControllers = resource<coreV1.ReplicationController>(
  'v1',
  'replicationcontrollers',
  'ReplicationController',
  'namespaced',
);
export const resourceQuotas = resource<coreV1.ResourceQuota>('v1', 'resourcequotas', 'ResourceQuota', 'namespaced');
export const controllerRevisions = resource<appsV1.ControllerRevision>(
  'apps/v1',
  'controllerrevisions',
  'ControllerRevision',
  'namespaced',
);
export const daemonSets = resource<appsV1.DaemonSet>('apps/v1', 'daemonsets', 'DaemonSet', 'namespaced');
export const statefulSets = resource<appsV1.StatefulSet>('apps/v1', 'statefulsets', 'StatefulSet', 'namespaced');
export const cronJobs = resource<batchV1.CronJob>('batch/v1', 'cronjobs', 'CronJob', 'namespaced');
export const jobs = resource<batchV1.Job>('batch/v1', 'jobs', 'Job', 'namespaced');
export const clusterRoleBindings = resource<rbacV1.ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
  'cluster',
);
export const clusterRoles = resource<rbacV1.ClusterRole>(
  'rbac.authorization.k8s.io/v1',
  'clusterroles',
  'ClusterRole',
  'cluster',
);
export const roleBindings = resource<rbacV1.RoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'rolebindings',
  'RoleBinding',
  'namespaced',
);
export const roles = resource<rbacV1.Role>('rbac.authorization.k8s.io/v1', 'roles', 'Role', 'namespaced');
export const podDisruptionBudgets = resource<policyV1.PodDisruptionBudget>(
  'policy/v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
  'namespaced',
);
export const priorityClasses = resource<schedulingV1.PriorityClass>(
  'scheduling.k8s.io/v1',
  'priorityclasses',
  'PriorityClass',
  'cluster',
);
export const runtimeClasses = resource<nodeV1.RuntimeClass>(
  'node.k8s.io/v1',
  'runtimeclasses',
  'RuntimeClass',
  'cluster',
);
export const csiDrivers = resource<storageV1.CSIDriver>('storage.k8s.io/v1', 'csidrivers', 'CSIDriver', 'cluster');
export const csiNodes = resource<storageV1.CSINode>('storage.k8s.io/v1', 'csinodes', 'CSINode', 'cluster');
export const csiStorageCapacities = resource<storageV1.CSIStorageCapacity>(
  'storage.k8s.io/v1',
  'csistoragecapacities',
  'CSIStorageCapacity',
  'namespaced',
);
export const storageClasses = resource<storageV1.StorageClass>(
  'storage.k8s.io/v1',
  'storageclasses',
  'StorageClass',
  'cluster',
);
export const volumeAttachments = resource<storageV1.VolumeAttachment>(
  'storage.k8s.io/v1',
  'volumeattachments',
  'VolumeAttachment',
  'cluster',
);
export const volumeAttributesClasses = resource<storageV1.VolumeAttributesClass>(
  'storage.k8s.io/v1',
  'volumeattributesclasses',
  'VolumeAttributesClass',
  'cluster',
);
export const ingresses = resource<networkingV1.Ingress>('networking.k8s.io/v1', 'ingresses', 'Ingress', 'namespaced');
export const ingressClasses = resource<networkingV1.IngressClass>(
  'networking.k8s.io/v1',
  'ingressclasses',
  'IngressClass',
  'cluster',
);
export const ipAddresses = resource<networkingV1.IPAddress>(
  'networking.k8s.io/v1',
  'ipaddresses',
  'IPAddress',
  'cluster',
);
export const networkPolicies = resource<networkingV1.NetworkPolicy>(
  'networking.k8s.io/v1',
  'networkpolicies',
  'NetworkPolicy',
  'namespaced',
);
export const serviceCidrs = resource<networkingV1.ServiceCIDR>(
  'networking.k8s.io/v1',
  'servicecidrs',
  'ServiceCIDR',
  'cluster',
);
export const certificateSigningRequests = resource<certificatesV1.CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
  'cluster',
);
export const mutatingWebhookConfigurations = resource<admissionregistrationV1.MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
  'cluster',
);
export const validatingWebhookConfigurations = resource<admissionregistrationV1.ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  'cluster',
);
export const horizontalPodAutoscalers = resource<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
  'namespaced',
);
export const horizontalPodAutoscalersV1 = resource<HorizontalPodAutoscalerV1>(
  'autoscaling/v1',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
  'namespaced',
);

/** Created only: the server answers with the status and keeps nothing. */
export const tokenReviews = resource<TokenReview>('authentication.k8s.io/v1', 'tokenreviews', 'TokenReview', 'cluster');
export const subjectAccessReviews = resource<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
  'cluster',
);
