// The legacy list of a version's resources (APIResourceList), subresources after the resource they belong to.
import type { KindDefinition, SubresourceDefinition } from '../../api/schema/kind.ts';
import type { ApiVersion } from './groups.ts';

/** The body of /api/v1 and /apis/GROUP/VERSION. */
export function resourceList({ groupVersion, kinds }: ApiVersion): object {
  return {
    kind: 'APIResourceList',
    ...(groupVersion.includes('/') && { apiVersion: 'v1' }),
    groupVersion,
    resources: kinds.flatMap((kind) => [
      resource(kind),
      ...sortedSubresources(kind).map((definition) => subresource(kind, definition)),
    ]),
  };
}

export function sortedSubresources(kind: KindDefinition): readonly SubresourceDefinition[] {
  return kind.subresources.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function resource(kind: KindDefinition): object {
  const { type, singular, verbs, shortNames, categories } = kind;
  return {
    name: type.resource,
    singularName: singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: verbs.toSorted(),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
}

/** Names the kind's group and version where they are not those of the list. */
function subresource({ type }: KindDefinition, { name, kind, verbs }: SubresourceDefinition): object {
  const foreign = kind.group !== type.group || kind.version !== type.version;
  return {
    name: `${type.resource}/${name}`,
    singularName: '',
    namespaced: type.namespaced,
    ...(foreign && { group: kind.group, version: kind.version }),
    kind: kind.kind,
    verbs: verbs.toSorted(),
  };
}
