// Lists and maps of storage.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  CSIDriverSpec: 'tokenRequests:atomic volumeLifecycleModes:set',
  CSINodeDriver: 'topologyKeys:atomic',
  CSINodeSpec: 'drivers:merge(name)',
  StorageClass: 'allowedTopologies,mountOptions:atomic',
};
