// `apply --prune`: deletes what was applied earlier and is not in the files any more. Only objects that carry apply's
// annotation are touched, of the kinds and with the labels asked for.
import type { JsonObject } from '../../api/schema/json.ts';
import { isApiError } from '../../api/meta/status.ts';
import { Failure } from '../cli/failure.ts';
import { at, nameOf, objects, text } from '../objects/access.ts';
import { withType } from '../resources/infos.ts';
import type { Api } from '../rest/api.ts';
import type { ApiResource, Resources } from '../rest/resources.ts';
import { LAST_APPLIED } from './last-applied.ts';

/** What is looked through when nothing else is asked for, in this order. */
const NAMESPACED = [
  'core/v1/ConfigMap',
  'core/v1/Endpoints',
  'core/v1/PersistentVolumeClaim',
  'core/v1/Pod',
  'core/v1/ReplicationController',
  'core/v1/Secret',
  'core/v1/Service',
  'batch/v1/Job',
  'batch/v1/CronJob',
  'networking.k8s.io/v1/Ingress',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/ReplicaSet',
  'apps/v1/StatefulSet',
];
const CLUSTER_WIDE = ['core/v1/Namespace', 'core/v1/PersistentVolume'];

/** Throws Failure for words that name no kind of this server. */
export function prunedKinds(allowlist: readonly string[], resources: Resources): ApiResource[] {
  const kinds = allowlist.length > 0 ? allowlist : [...NAMESPACED, ...CLUSTER_WIDE];
  return kinds.map((word) => {
    const [group = '', version = '', kind, ...more] = word.split('/');
    if (kind === undefined || more.length > 0)
      throw new Failure(`invalid GroupVersionKind format: ${word}, please follow <group/version/kind>`);
    return resources.forKind(group === 'core' ? version : `${group}/${version}`, kind);
  });
}

export interface PruneRequest {
  readonly kinds: readonly ApiResource[];
  /** Where objects were applied. */
  readonly namespaces: ReadonlySet<string>;
  readonly labelSelector: string;
  /** UIDs of what the files have. */
  readonly kept: ReadonlySet<string>;
  readonly dryRun: 'none' | 'client' | 'server';
  readonly deleteOptions: JsonObject;
}

/** Deletes, and gives what was deleted to `report`. */
export async function prune(api: Api, request: PruneRequest, report: (object: JsonObject) => void): Promise<void> {
  const namespaced = request.kinds.filter((kind) => kind.namespaced);
  for (const namespace of request.namespaces)
    for (const resource of namespaced) await pruneKind(api, resource, namespace, request, report);
  for (const resource of request.kinds) if (!resource.namespaced) await pruneKind(api, resource, '', request, report);
}

async function pruneKind(
  api: Api,
  resource: ApiResource,
  namespace: string,
  request: PruneRequest,
  report: (object: JsonObject) => void,
): Promise<void> {
  const answer = await api.list({ resource, namespace, name: '' }, { labelSelector: request.labelSelector });
  for (const item of objects(answer, 'items')) {
    if (at(item, 'metadata', 'annotations', LAST_APPLIED) === undefined) continue;
    if (request.kept.has(text(item, 'metadata', 'uid'))) continue;
    if (request.dryRun !== 'client') {
      const options = { ...request.deleteOptions, ...(request.dryRun === 'server' && { dryRun: ['All'] }) };
      try {
        await api.delete({ resource, namespace, name: nameOf(item) }, options);
      } catch (error) {
        if (isApiError(error, 'NotFound')) continue;
        throw error;
      }
    }
    report(withType(item, resource));
  }
}
