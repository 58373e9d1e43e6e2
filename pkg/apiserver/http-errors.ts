// The answers that Kubernetes' own plumbing gives before any resource is asked. Texts: k8s.io/apimachinery/pkg/api/errors
// and k8s.io/apiserver/pkg/endpoints/handlers/negotiation.
import { ApiError } from '../api/meta/status.ts';

export function unknownPath(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource', { details: {} });
}

export function methodNotAllowed(): ApiError {
  return new ApiError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {
    details: {},
  });
}

export function unauthorized(): ApiError {
  return new ApiError('Unauthorized', 'Unauthorized');
}

export function badRequest(message: string, cause?: unknown): ApiError {
  return new ApiError('BadRequest', message, { cause });
}

export function notAcceptable(accepted: readonly string[]): ApiError {
  return new ApiError('NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

export function tooLarge(limit: number): ApiError {
  return new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
}

export function forbidden(resource: { group: string; resource: string }, name: string, why: string): ApiError {
  const { group } = resource;
  const qualified = group === '' ? resource.resource : `${resource.resource}.${group}`;
  const what = name === '' ? qualified : `${qualified} "${name}"`;
  return new ApiError('Forbidden', `${what} is forbidden: ${why}`, {
    details: { ...(name !== '' && { name }), ...(group !== '' && { group }), kind: resource.resource },
  });
}

/** An error that Kubernetes reports without a reason: code 500 and the bare sentence. */
export function plainServerError(message: string): ApiError {
  return ApiError.from({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

export function internalError(message: string, cause?: unknown): ApiError {
  return new ApiError('InternalError', `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
    cause,
  });
}
