// Lists and maps of resource.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  AllocatedDeviceStatus: 'conditions:map(type)',
  CapacityRequestPolicy: 'validValues:atomic',
  Device: 'bindingConditions,bindingFailureConditions,consumesCounters,taints:atomic',
  DeviceAllocationConfiguration: 'requests:atomic',
  DeviceAllocationResult: 'config,results:atomic',
  DeviceAttribute: 'bools,ints,strings,versions:atomic',
  DeviceClaim: 'config,constraints,requests:atomic',
  DeviceClaimConfiguration: 'requests:atomic',
  DeviceClassSpec: 'config,selectors:atomic',
  DeviceConstraint: 'requests:atomic',
  DeviceRequest: 'firstAvailable:atomic',
  DeviceRequestAllocationResult: 'bindingConditions,bindingFailureConditions,tolerations:atomic',
  DeviceSubRequest: 'selectors,tolerations:atomic',
  ExactDeviceRequest: 'selectors,tolerations:atomic',
  NetworkDeviceData: 'ips:atomic',
  ResourceClaimStatus: 'devices:map(driver,device,pool,shareID) reservedFor:merge(uid)',
  ResourceSliceSpec: 'devices,sharedCounters:atomic',
};
