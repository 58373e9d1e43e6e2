// Aggregated discovery: every group, version, resource and subresource in one document (APIGroupDiscoveryList), which is what
// kubectl since 1.26 and Helm ask for first.
import type { KindDefinition } from '../../api/schema/kind.ts';
import type { ApiGroup } from './groups.ts';
import { sortedSubresources } from './resource-list.ts';

export type AggregatedVersion = 'v2' | 'v2beta1';

export function aggregatedDiscovery(groups: readonly ApiGroup[], version: AggregatedVersion): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: { ...(name !== '' && { name }), creationTimestamp: null },
      versions: versions.map((served) => ({
        version: served.version,
        resources: served.kinds.map(resource),
        freshness: 'Current',
      })),
    })),
  };
}

function resource(kind: KindDefinition): object {
  const { type, singular, verbs, shortNames, categories, subresources } = kind;
  return {
    resource: type.resource,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbs.toSorted(),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && {
      subresources: sortedSubresources(kind).map(({ name, kind: responseKind, verbs: verbsOf }) => ({
        subresource: name,
        responseKind,
        verbs: verbsOf.toSorted(),
      })),
    }),
  };
}
