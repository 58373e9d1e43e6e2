// What a path and a method ask for: which verb on which resource. The rules are those of k8s.io/apiserver's RequestInfo
// and of its route table: `/api/v1/...` and `/apis/<group>/<version>/...`, then `namespaces/<ns>` before namespaced resources.
import type { ApiRequest } from './request.ts';

export type RequestVerb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  /** A method that no resource has. */
  | 'none';

export interface ResourceRequest {
  readonly verb: RequestVerb;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' when the path names none. */
  readonly namespace: string;
  /** '' for collections. */
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource, as in `.../proxy/a/b`. */
  readonly rest: string;
}

export type RequestInfo =
  | { readonly kind: 'resource'; readonly request: ResourceRequest }
  /** Not about a resource: discovery, health, metrics, ... */
  | { readonly kind: 'other' };

const SUBRESOURCES_OF_NAMESPACES: ReadonlySet<string> = new Set(['status', 'finalize']);

export function requestInfo(request: Pick<ApiRequest, 'method' | 'path' | 'query'>): RequestInfo {
  const { path } = request;
  const core = path.startsWith('/api/');
  if (!core && !path.startsWith('/apis/')) return { kind: 'other' };
  const parts = segmentsOf(path);
  if (parts === undefined) return { kind: 'other' };
  const group = core ? '' : (parts[1] ?? '');
  const version = (core ? parts[1] : parts[2]) ?? '';
  let at = core ? 2 : 3;
  if (parts.length <= at) return { kind: 'other' };
  const watchPath = parts[at] === 'watch' && parts.length > at + 1;
  if (watchPath) at++;
  let namespace = '';
  if (parts[at] === 'namespaces' && parts.length > at + 1) {
    const below = parts[at + 2];
    if (below !== undefined && !SUBRESOURCES_OF_NAMESPACES.has(below)) {
      namespace = parts[at + 1] ?? '';
      at += 2;
    }
  }
  const resource = parts[at] ?? '';
  const name = parts[at + 1] ?? '';
  const subresource = parts[at + 2] ?? '';
  const rest = parts.slice(at + 3).join('/');
  const verb = verbOf(request.method, name !== '', watchPath || (name === '' && asksToWatch(request.query)), watchPath);
  return { kind: 'resource', request: { verb, group, version, resource, namespace, name, subresource, rest } };
}

/** Of the decoded path, as in Kubernetes, where `%2f` divides like a slash; undefined when it does not decode. */
function segmentsOf(path: string): string[] | undefined {
  const decoded = path.includes('%') ? decodedPath(path) : path;
  if (decoded === undefined) return undefined;
  const parts = decoded.split('/');
  parts.shift();
  // An empty last segment is none.
  if (parts.at(-1) === '') parts.pop();
  return parts;
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function verbOf(method: string, named: boolean, watch: boolean, watchPath: boolean): RequestVerb {
  switch (method) {
    case 'GET':
      if (watch) return 'watch';
      return named ? 'get' : 'list';
    case 'POST':
      return watchPath ? 'none' : 'create';
    case 'PUT':
      return named && !watchPath ? 'update' : 'none';
    case 'PATCH':
      return named && !watchPath ? 'patch' : 'none';
    case 'DELETE':
      if (watchPath) return 'none';
      return named ? 'delete' : 'deletecollection';
    default:
      return 'none';
  }
}

/** Any value but `false` and `0` means yes, also the empty one (conversion of a query to a boolean in apimachinery). */
export function truthy(value: string | null): boolean {
  if (value === null) return false;
  const lower = value.toLowerCase();
  return lower !== 'false' && lower !== '0';
}

function asksToWatch(query: URLSearchParams): boolean {
  return truthy(query.get('watch'));
}
