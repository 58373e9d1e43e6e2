// Kinds arranged as discovery shows them: groups in Kubernetes' order, in each its versions, the preferred one first.
import type { KindDefinition } from '../../api/schema/kind.ts';

export interface ApiVersion {
  /** `v1`, `apps/v1`. */
  readonly groupVersion: string;
  readonly version: string;
  /** Sorted by their plurals. */
  readonly kinds: readonly KindDefinition[];
}

export interface ApiGroup {
  /** Empty for the core group. */
  readonly name: string;
  readonly versions: readonly ApiVersion[];
}

/** Kubernetes lists its own groups by priority; clients that look a kind up by name take the first group that has it. */
const PRIORITY: readonly string[] = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

export function groupsOf(kinds: readonly KindDefinition[]): readonly ApiGroup[] {
  return [...Map.groupBy(kinds, ({ type }) => type.group)]
    .toSorted(([a], [b]) => place(a) - place(b) || compareText(a, b))
    .map(([name, members]) => ({ name, versions: versionsOf(name, members) }));
}

function versionsOf(group: string, kinds: readonly KindDefinition[]): readonly ApiVersion[] {
  return [...Map.groupBy(kinds, ({ type }) => type.version)]
    .toSorted(([a], [b]) => compareVersions(a, b))
    .map(([version, members]) => ({
      groupVersion: group === '' ? version : `${group}/${version}`,
      version,
      kinds: members.toSorted((a, b) => compareText(a.type.resource, b.type.resource)),
    }));
}

function place(group: string): number {
  const at = PRIORITY.indexOf(group);
  return at < 0 ? PRIORITY.length : at;
}

/** Stable before beta before alpha, then the higher number first: v2, v1, v1beta2, v1beta1, v1alpha1, others. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return compareText(a, b);
}

function versionRank(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
