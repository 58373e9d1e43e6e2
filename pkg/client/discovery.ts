// What an API server serves, for programs that deal with every kind (namespace deletion, garbage collection): aggregated
// discovery in two requests where the server has it, the older form group by group otherwise. A group that cannot be
// discovered (its aggregated server is away) is reported, not thrown.
import type { KubeObject, ResourceType } from '../api/schema/resource-type.ts';
import { UnreachableError, type Transport } from './transport.ts';

export interface DiscoveredResource {
  readonly type: ResourceType<KubeObject>;
  readonly verbs: ReadonlySet<string>;
}

export interface Discovery {
  /** Each resource once, in its group's preferred version. */
  readonly resources: readonly DiscoveredResource[];
  /** Sentences about group versions that could not be discovered. */
  readonly failures: readonly string[];
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

/** Rejects only when the server's roots cannot be read. */
export async function discoverResources(transport: Transport, signal: AbortSignal): Promise<Discovery> {
  const roots = await Promise.all(
    ['/api', '/apis'].map((path) => transport.request({ method: 'GET', path, accept: AGGREGATED }, signal)),
  );
  const answers = await Promise.all(
    roots.map(async ({ body }) =>
      isRecord(body) && body['kind'] === 'APIGroupDiscoveryList'
        ? aggregated(body)
        : await legacy(transport, body, signal),
    ),
  );
  const first = new Map<string, DiscoveredResource>();
  for (const resource of answers.flatMap((answer) => answer.resources)) {
    const id = `${resource.type.group}/${resource.type.resource}`;
    if (!first.has(id)) first.set(id, resource);
  }
  return { resources: [...first.values()], failures: answers.flatMap((answer) => answer.failures) };
}

function aggregated(root: Record<string, unknown>): Discovery {
  const resources: DiscoveredResource[] = [];
  const failures: string[] = [];
  for (const group of recordsIn(root['items'])) {
    const groupName = isRecord(group['metadata']) ? textOf(group['metadata']['name']) : '';
    for (const version of recordsIn(group['versions'])) {
      const versionName = textOf(version['version']);
      if (version['freshness'] === 'Stale') failures.push(`${groupName}/${versionName}: stale GroupVersion discovery`);
      for (const resource of recordsIn(version['resources'])) {
        const responseKind = isRecord(resource['responseKind']) ? resource['responseKind'] : {};
        resources.push({
          type: {
            group: groupName,
            version: versionName,
            resource: textOf(resource['resource']),
            kind: textOf(responseKind['kind']),
            namespaced: resource['scope'] === 'Namespaced',
          },
          verbs: new Set(textsIn(resource['verbs'])),
        });
      }
    }
  }
  return { resources, failures };
}

/** APIVersions (`/api`) or APIGroupList (`/apis`), then one request for each version, the preferred ones first. */
async function legacy(transport: Transport, root: unknown, signal: AbortSignal): Promise<Discovery> {
  if (!isRecord(root)) throw new UnreachableError('the server did not answer discovery');
  const paths =
    root['kind'] === 'APIVersions'
      ? textsIn(root['versions']).map((version) => ({ path: `/api/${version}`, group: '', version }))
      : recordsIn(root['groups']).flatMap(versionsOf);
  const found = await Promise.all(paths.map((at) => legacyVersion(transport, at, signal)));
  return { resources: found.flatMap((one) => one.resources), failures: found.flatMap((one) => one.failures) };
}

interface GroupVersionPath {
  readonly path: string;
  readonly group: string;
  readonly version: string;
}

function versionsOf(group: Record<string, unknown>): GroupVersionPath[] {
  const name = textOf(group['name']);
  const preferred = isRecord(group['preferredVersion']) ? textOf(group['preferredVersion']['version']) : '';
  const versions = recordsIn(group['versions']).map((version) => textOf(version['version']));
  const ordered = [preferred, ...versions.filter((version) => version !== preferred)].filter(
    (version) => version !== '',
  );
  return ordered.map((version) => ({ path: `/apis/${name}/${version}`, group: name, version }));
}

async function legacyVersion(transport: Transport, at: GroupVersionPath, signal: AbortSignal): Promise<Discovery> {
  let body: unknown;
  try {
    body = (await transport.request({ method: 'GET', path: at.path }, signal)).body;
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { resources: [], failures: [`${at.group}/${at.version}: ${why}`] };
  }
  const listed = isRecord(body) ? recordsIn(body['resources']) : [];
  const resources = listed
    .filter((resource) => !textOf(resource['name']).includes('/'))
    .map((resource) => ({
      type: {
        group: at.group,
        version: at.version,
        resource: textOf(resource['name']),
        kind: textOf(resource['kind']),
        namespaced: resource['namespaced'] === true,
      },
      verbs: new Set(textsIn(resource['verbs'])),
    }));
  return { resources, failures: [] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function recordsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
