// Lists and maps of apiextensions.k8s.io/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  CustomResourceDefinitionNames: 'categories,shortNames:atomic',
  CustomResourceDefinitionSpec: 'versions:atomic',
  CustomResourceDefinitionStatus: 'conditions:map(type) storedVersions:atomic',
  CustomResourceDefinitionVersion: 'additionalPrinterColumns,selectableFields:atomic',
  JSONSchemaProps:
    'allOf,anyOf,enum,oneOf,required,x-kubernetes-list-map-keys:atomic x-kubernetes-validations:merge(rule)',
  WebhookConversion: 'conversionReviewVersions:atomic',
};
