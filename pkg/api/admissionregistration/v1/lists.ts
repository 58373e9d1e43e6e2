// Lists and maps of admissionregistration.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  MatchResources: '*:atomicMap excludeResourceRules,resourceRules:atomic',
  MutatingAdmissionPolicySpec: 'matchConditions:merge(name) mutations,variables:atomic',
  MutatingWebhook: 'admissionReviewVersions,rules:atomic matchConditions:merge(name)',
  MutatingWebhookConfiguration: 'webhooks:merge(name)',
  NamedRuleWithOperations: '*:atomicMap apiGroups,apiVersions,operations,resourceNames,resources:atomic',
  ParamKind: '*:atomicMap',
  ParamRef: '*:atomicMap',
  RuleWithOperations: 'apiGroups,apiVersions,operations,resources:atomic',
  TypeChecking: 'expressionWarnings:atomic',
  ValidatingAdmissionPolicyBindingSpec: 'validationActions:set',
  ValidatingAdmissionPolicySpec: 'auditAnnotations,validations:atomic matchConditions,variables:merge(name)',
  ValidatingAdmissionPolicyStatus: 'conditions:map(type)',
  ValidatingWebhook: 'admissionReviewVersions,rules:atomic matchConditions:merge(name)',
  ValidatingWebhookConfiguration: 'webhooks:merge(name)',
  Variable: '*:atomicMap',
};
