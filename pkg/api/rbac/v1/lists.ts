// Lists and maps of rbac.authorization.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  AggregationRule: 'clusterRoleSelectors:atomic',
  ClusterRole: 'rules:atomic',
  ClusterRoleBinding: 'subjects:atomic',
  PolicyRule: 'apiGroups,nonResourceURLs,resourceNames,resources,verbs:atomic',
  Role: 'rules:atomic',
  RoleBinding: 'subjects:atomic',
  RoleRef: '*:atomicMap',
  Subject: '*:atomicMap',
};
