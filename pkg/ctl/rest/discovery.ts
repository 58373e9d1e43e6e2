// Asks a server what it serves: the aggregated form in two requests where it has that, else group by group.
import { ApiError, isApiError } from '../../api/meta/status.ts';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { at, flag, objects, text, texts } from '../objects/access.ts';
import type { Api } from './api.ts';
import type { ApiResource } from './resources.ts';

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

/** client-go's words for 401 without a body. */
export const UNREAD = 'the server has asked for the client to provide credentials';

export async function discover(api: Api): Promise<ApiResource[]> {
  const [core, groups] = await roots(api);
  const [legacy, named] = await Promise.all([fromCore(api, core ?? {}), fromGroups(api, groups ?? {})]);
  return [...legacy, ...named];
}

/** Group versions in the server's order, as `api-versions` lists them. */
export async function groupVersions(api: Api): Promise<string[]> {
  const versions = (await roots(api)).flatMap((root) =>
    isAggregated(root)
      ? objects(root, 'items').flatMap((group) =>
          objects(group, 'versions').map((version) =>
            text(group, 'metadata', 'name') === ''
              ? text(version, 'version')
              : `${text(group, 'metadata', 'name')}/${text(version, 'version')}`,
          ),
        )
      : [
          ...texts(root, 'versions'),
          ...objects(root, 'groups').flatMap((group) =>
            objects(group, 'versions').map((version) => text(version, 'groupVersion')),
          ),
        ],
  );
  return versions;
}

async function roots(api: Api): Promise<JsonObject[]> {
  try {
    return await Promise.all(
      ['/api', '/apis'].map((path) => api.sendForObject({ method: 'GET', path, accept: AGGREGATED })),
    );
  } catch (error) {
    // kubectl does not read the body of a refused discovery.
    if (isApiError(error, 'Unauthorized')) throw new ApiError('Unauthorized', UNREAD, { cause: error });
    throw error;
  }
}

function isAggregated(root: JsonObject): boolean {
  return text(root, 'kind') === 'APIGroupDiscoveryList';
}

async function fromCore(api: Api, root: JsonObject): Promise<ApiResource[]> {
  if (isAggregated(root)) return aggregated(root);
  const pages = await Promise.all(
    texts(root, 'versions').map((version, index) =>
      legacyGroupVersion(api, `/api/${version}`, '', version, index === 0),
    ),
  );
  return pages.flat();
}

async function fromGroups(api: Api, root: JsonObject): Promise<ApiResource[]> {
  if (isAggregated(root)) return aggregated(root);
  const pages = await Promise.all(
    objects(root, 'groups').map(async (group) => {
      const name = text(group, 'name');
      const preferred = text(group, 'preferredVersion', 'version');
      const versions = objects(group, 'versions').map((version) => text(version, 'version'));
      const found = await Promise.all(
        versions.map((version) =>
          legacyGroupVersion(api, `/apis/${name}/${version}`, name, version, version === preferred),
        ),
      );
      return preferFirst(found.flat());
    }),
  );
  return pages.flat();
}

function aggregated(root: JsonObject): ApiResource[] {
  return objects(root, 'items').flatMap((group) => {
    const name = text(group, 'metadata', 'name');
    const found = objects(group, 'versions').flatMap((version) =>
      objects(version, 'resources').map((resource): ApiResource => {
        const plural = text(resource, 'resource');
        return {
          group: name,
          version: text(version, 'version'),
          resource: plural,
          singular: text(resource, 'singularResource') || text(resource, 'responseKind', 'kind').toLowerCase(),
          kind: text(resource, 'responseKind', 'kind'),
          namespaced: text(resource, 'scope') === 'Namespaced',
          shortNames: texts(resource, 'shortNames'),
          categories: texts(resource, 'categories'),
          verbs: texts(resource, 'verbs'),
          preferred: false,
          subresources: objects(resource, 'subresources').map((sub) => text(sub, 'subresource')),
        };
      }),
    );
    return preferFirst(found);
  });
}

/** Within one group the first version that has a resource is the one to use for it. */
function preferFirst(found: readonly ApiResource[]): ApiResource[] {
  const seen = new Set<string>();
  return found.map((resource) => {
    const preferred = !seen.has(resource.resource);
    seen.add(resource.resource);
    return { ...resource, preferred };
  });
}

async function legacyGroupVersion(
  api: Api,
  path: string,
  group: string,
  version: string,
  preferred: boolean,
): Promise<ApiResource[]> {
  const page: Json = await api.send({ method: 'GET', path });
  const entries = objects(at(page, 'resources') ?? null);
  const names = entries.map((entry) => text(entry, 'name'));
  return entries
    .filter((entry) => !text(entry, 'name').includes('/'))
    .map((entry) => {
      const resource = text(entry, 'name');
      return {
        group,
        version,
        resource,
        singular: text(entry, 'singularName') || text(entry, 'kind').toLowerCase(),
        kind: text(entry, 'kind'),
        namespaced: flag(entry, 'namespaced'),
        shortNames: texts(entry, 'shortNames'),
        categories: texts(entry, 'categories'),
        verbs: texts(entry, 'verbs'),
        preferred,
        subresources: names
          .filter((name) => name.startsWith(`${resource}/`))
          .map((name) => name.slice(resource.length + 1)),
      };
    });
}
