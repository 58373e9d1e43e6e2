// Which fields are structs, not pointers, in Kubernetes' Go types. They exist in every object, empty or not, so adding the
// first field below one does not add the struct itself: nobody owns it.
import type { ObjectSchema } from '../../api/schema/object-schema.ts';

/** Besides `metadata`, `spec` and `status` of kinds. */
const EMBEDDED: ReadonlySet<string> = new Set([
  'apps.v1.DaemonSetSpec.template',
  'apps.v1.DaemonSetSpec.updateStrategy',
  'apps.v1.DeploymentSpec.strategy',
  'apps.v1.DeploymentSpec.template',
  'apps.v1.ReplicaSetSpec.template',
  'apps.v1.StatefulSetSpec.template',
  'apps.v1.StatefulSetSpec.updateStrategy',
  'apiextensions.v1.CustomResourceDefinitionSpec.names',
  'apiextensions.v1.CustomResourceDefinitionStatus.acceptedNames',
  'autoscaling.v1.HorizontalPodAutoscalerSpec.scaleTargetRef',
  'autoscaling.v2.HorizontalPodAutoscalerSpec.scaleTargetRef',
  'batch.v1.CronJobSpec.jobTemplate',
  'batch.v1.JobSpec.template',
  'batch.v1.JobTemplateSpec.metadata',
  'batch.v1.JobTemplateSpec.spec',
  'core.v1.Binding.target',
  'core.v1.Container.resources',
  'core.v1.ContainerStatus.lastState',
  'core.v1.ContainerStatus.state',
  'core.v1.EphemeralContainer.resources',
  'core.v1.Event.involvedObject',
  'core.v1.Event.source',
  'core.v1.NodeDaemonEndpoints.kubeletEndpoint',
  'core.v1.NodeStatus.daemonEndpoints',
  'core.v1.NodeStatus.nodeInfo',
  'core.v1.PersistentVolumeClaimSpec.resources',
  'core.v1.PodTemplate.template',
  'core.v1.PodTemplateSpec.metadata',
  'core.v1.PodTemplateSpec.spec',
  'core.v1.ServiceStatus.loadBalancer',
  'discovery.v1.Endpoint.conditions',
  'events.v1.Event.deprecatedSource',
  'events.v1.Event.regarding',
  'networking.v1.IngressStatus.loadBalancer',
  'networking.v1.NetworkPolicySpec.podSelector',
  'rbac.v1.ClusterRoleBinding.roleRef',
  'rbac.v1.RoleBinding.roleRef',
  'resource.v1.ResourceClaimSpec.devices',
  'storage.v1.VolumeAttachmentSpec.source',
]);

const KIND_PARTS: ReadonlySet<string> = new Set(['metadata', 'spec', 'status']);

const cache = new WeakMap<ObjectSchema, ReadonlySet<string>>();

/** The members of a type that are such structs. */
export function embeddedStructs(schema: ObjectSchema): ReadonlySet<string> {
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const isKind = schema.fields.has('kind') && schema.fields.has('metadata');
  const names = [...schema.fields.keys()].filter(
    (name) => (isKind && KIND_PARTS.has(name)) || EMBEDDED.has(`${schema.name}.${name}`),
  );
  const found = new Set(names);
  cache.set(schema, found);
  return found;
}
