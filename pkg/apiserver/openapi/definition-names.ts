// The names under which Kubernetes publishes its types (`io.k8s.api.core.v1.Pod`) and the kinds that each type stands for.
import type { KindDefinition } from '../../api/schema/kind.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Types that have no fields of their own. */
export const TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
export const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';
export const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
export const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
export const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';
export const FIELDS_V1 = 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1';
export const PATCH = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
export const STATUS = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status';
export const DELETE_OPTIONS = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';
export const DELETE_OPTIONS_TYPE = 'meta.v1.DeleteOptions';
export const STATUS_TYPE = 'meta.v1.Status';

const PACKAGES: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  metrics: 'io.k8s.metrics.pkg.apis.metrics',
};

/** API groups by the short name that types carry, where it is not that name itself. */
const GROUPS: Readonly<Record<string, string>> = {
  core: '',
  meta: '',
  admissionregistration: 'admissionregistration.k8s.io',
  apiextensions: 'apiextensions.k8s.io',
  apiregistration: 'apiregistration.k8s.io',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  certificates: 'certificates.k8s.io',
  coordination: 'coordination.k8s.io',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  metrics: 'metrics.k8s.io',
  networking: 'networking.k8s.io',
  node: 'node.k8s.io',
  rbac: 'rbac.authorization.k8s.io',
  resource: 'resource.k8s.io',
  scheduling: 'scheduling.k8s.io',
  storage: 'storage.k8s.io',
};

/** `core.v1.Pod` is published as `io.k8s.api.core.v1.Pod`. */
export function definitionName(typeName: string): string {
  const [group = '', ...rest] = typeName.split('.');
  return [PACKAGES[group] ?? `io.k8s.api.${group}`, ...rest].join('.');
}

/** The kind that a type with kind and apiVersion of its own is. */
export function groupVersionKindOf(typeName: string): GroupVersionKind {
  const [group = '', version = '', kind = ''] = typeName.split('.');
  return { group: GROUPS[group] ?? group, version, kind };
}

/** The type of a kind's list, which is named after it. */
export function listTypeOf(kind: KindDefinition): string {
  return `${kind.schema.slice(0, kind.schema.lastIndexOf('.'))}.${kind.listKind}`;
}

/** `apps`, `core`, `rbacAuthorization`: how operation ids and tags name a group. */
export function operationGroup(group: string): string {
  if (group === '') return 'core';
  const [first = '', ...rest] = group.replace(/\.k8s\.io$/, '').split('.');
  return first + rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
}
