// NamespaceLifecycle: nothing is created in a namespace that does not exist or is on its way out, and the namespaces of the
// system stay. k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle.
import { ApiError, notFound, qualifiedResource } from '../../api/meta/status.ts';
import { forbidden } from '../http-errors.ts';
import type { CachedObject } from '../watchcache/cached-object.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);
export const NAMESPACES_PREFIX = '/registry/core/namespaces/';

export function namespaceLifecycle({ cache }: { cache: WatchCache }): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    operations: new Set(['CREATE', 'DELETE']),
    resources: undefined,
    admit(request) {
      const { operation, served, namespace, name } = request;
      if (operation === 'DELETE') {
        if (served.prefix === NAMESPACES_PREFIX && IMMORTAL.has(name)) {
          throw forbidden(served.resource, name, 'this namespace may not be deleted');
        }
        return undefined;
      }
      if (!served.namespaced) return undefined;
      const found = cache.resource(NAMESPACES_PREFIX).get('', namespace);
      if (found === undefined) return lookAgain(cache, request);
      refuseIfTerminating(found, request);
      return undefined;
    },
  };
}

/** It may have been created a moment ago. */
async function lookAgain(cache: WatchCache, request: AdmissionRequest): Promise<void> {
  await cache.current();
  const found = cache.resource(NAMESPACES_PREFIX).get('', request.namespace);
  if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, request.namespace);
  refuseIfTerminating(found, request);
}

function refuseIfTerminating(found: CachedObject, { served, namespace, object }: AdmissionRequest): void {
  if (found.value.metadata.deletionTimestamp === undefined) return;
  const { group, resource } = served.resource;
  const name = object?.metadata.name ?? '';
  const message = `${qualifiedResource(served.resource)} ${JSON.stringify(name)} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
  throw new ApiError('Forbidden', message, {
    details: {
      name,
      ...(group !== '' && { group }),
      kind: resource,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  });
}
