// Lists and maps of meta/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../schema/merge-rules.ts';

export const lists: MergeRules = {
  APIGroup: 'serverAddressByClientCIDRs,versions:atomic',
  APIGroupList: 'groups:atomic',
  APIResource: 'categories,shortNames:atomic',
  APIResourceList: 'resources:atomic',
  APIVersions: 'serverAddressByClientCIDRs,versions:atomic',
  DeleteOptions: 'dryRun:atomic',
  FieldSelectorRequirement: 'values:atomic',
  LabelSelector: '*:atomicMap matchExpressions:atomic',
  LabelSelectorRequirement: 'values:atomic',
  ObjectMeta: 'finalizers:mergeSet managedFields:atomic ownerReferences:merge(uid)',
  OwnerReference: '*:atomicMap',
  StatusDetails: 'causes:atomic',
};
