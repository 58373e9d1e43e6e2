// What the models of @kubernetes/client-node do not say about a field's type: quantities are plain strings there.

/** `<group>.<version>.<Type>.<field>` of every field that holds a quantity, a list or a map of quantities. */
export const quantityFields: ReadonlySet<string> = new Set([
  'autoscaling.v2.HPAScalingRules.tolerance',
  'autoscaling.v2.MetricTarget.averageValue',
  'autoscaling.v2.MetricTarget.value',
  'autoscaling.v2.MetricValueStatus.averageValue',
  'autoscaling.v2.MetricValueStatus.value',
  'core.v1.ContainerStatus.allocatedResources',
  'core.v1.EmptyDirVolumeSource.sizeLimit',
  'core.v1.LimitRangeItem.default',
  'core.v1.LimitRangeItem.defaultRequest',
  'core.v1.LimitRangeItem.max',
  'core.v1.LimitRangeItem.maxLimitRequestRatio',
  'core.v1.LimitRangeItem.min',
  'core.v1.NodeAllocatableResourceClaimStatus.resources',
  'core.v1.NodeStatus.allocatable',
  'core.v1.NodeStatus.capacity',
  'core.v1.PersistentVolumeClaimStatus.allocatedResources',
  'core.v1.PersistentVolumeClaimStatus.capacity',
  'core.v1.PersistentVolumeSpec.capacity',
  'core.v1.PodSpec.overhead',
  'core.v1.PodStatus.allocatedResources',
  'core.v1.ResourceFieldSelector.divisor',
  'core.v1.ResourceQuotaSpec.hard',
  'core.v1.ResourceQuotaStatus.hard',
  'core.v1.ResourceQuotaStatus.used',
  'core.v1.ResourceRequirements.limits',
  'core.v1.ResourceRequirements.requests',
  'core.v1.VolumeResourceRequirements.limits',
  'core.v1.VolumeResourceRequirements.requests',
  'node.v1.Overhead.podFixed',
  'resource.v1.CapacityRequestPolicy.default',
  'resource.v1.CapacityRequestPolicy.validValues',
  'resource.v1.CapacityRequestPolicyRange.max',
  'resource.v1.CapacityRequestPolicyRange.min',
  'resource.v1.CapacityRequestPolicyRange.step',
  'resource.v1.CapacityRequirements.requests',
  'resource.v1.Counter.value',
  'resource.v1.DeviceCapacity.value',
  'resource.v1.DeviceRequestAllocationResult.consumedCapacity',
  'resource.v1.NodeAllocatableResourceMapping.allocationMultiplier',
  'storage.v1.CSIStorageCapacity.capacity',
  'storage.v1.CSIStorageCapacity.maximumVolumeSize',
]);

/** Fields that the models give another type than IntOrString. */
export const intOrStringFields: ReadonlySet<string> = new Set([]);

/** Fields that hold any JSON although the models say otherwise. */
export const jsonFields: ReadonlySet<string> = new Set([]);

/** Whole types replaced, by field. */
export const fieldTypeOverrides: Readonly<Record<string, string>> = {};
