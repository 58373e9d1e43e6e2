// What carries out a subresource that is more than a part of its object, and the collections that are no kind.
import { jsonResponse } from '../encoded.ts';
import { methodNotAllowed, unknownPath } from '../http-errors.ts';
import type { ResourceRequest } from '../request-info.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import type { ResourceApi } from './resource-api.ts';
import type { ServedKind } from './served-kind.ts';

/** One subresource that is more than a view of its object; `status` is handled by the registry itself. */
export type SubresourceHandler = (call: SubresourceCall) => Promise<ApiResponse>;

export interface SubresourceCall {
  readonly api: ResourceApi;
  readonly served: ServedKind;
  readonly target: ResourceRequest;
  readonly request: ApiRequest;
}

/** Collections that one can only create in: reviews and bindings. */
export async function virtualCollection(
  handler: SubresourceHandler,
  api: ResourceApi,
  target: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  if (target.name !== '') throw unknownPath();
  if (target.verb !== 'create') throw methodNotAllowed();
  // These are of no kind of the tables; handlers of collections do not look at it.
  const [served] = api.served();
  if (served === undefined) throw unknownPath();
  return handler({ api, served, target, request });
}

/** 201 with a Status, as bindings and evictions answer. */
export function createdStatus(): ApiResponse {
  return jsonResponse(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}
