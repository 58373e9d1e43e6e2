// Lists and maps of flowcontrol.apiserver.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  FlowSchemaSpec: 'rules:atomic',
  FlowSchemaStatus: 'conditions:merge(type)',
  NonResourcePolicyRule: 'nonResourceURLs,verbs:set',
  PolicyRulesWithSubjects: 'nonResourceRules,resourceRules,subjects:atomic',
  PriorityLevelConfigurationStatus: 'conditions:merge(type)',
  ResourcePolicyRule: 'apiGroups,namespaces,resources,verbs:set',
};
