// Lists and maps of authorization.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  FieldSelectorAttributes: 'requirements:atomic',
  LabelSelectorAttributes: 'requirements:atomic',
  NonResourceRule: 'nonResourceURLs,verbs:atomic',
  ResourceRule: 'apiGroups,resourceNames,resources,verbs:atomic',
  SubjectAccessReviewSpec: 'groups:atomic',
  SubjectRulesReviewStatus: 'nonResourceRules,resourceRules:atomic',
};
