// The Statuses that Kubernetes answers to patches it cannot apply (k8s.io/apiserver pkg/endpoints/handlers/patch.go).
import { ApiError } from '../meta/status.ts';

/** A well-formed patch that does not fit the object: 422 without saying why, as Kubernetes does. */
export function inapplicable(why: string): ApiError {
  const error = new ApiError('Invalid', 'the server rejected our request due to an error in our request', {
    details: {},
    cause: new Error(why),
  });
  return error;
}

/** The object that the patch makes cannot be decoded: 422 naming the field `patch`. `shown` is the patch or its result. */
export function invalidResult(shown: string, why: string): ApiError {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  return new ApiError('Invalid', ` "" is invalid: patch: ${message}`, {
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  });
}

export function badPatch(message: string, cause?: unknown): ApiError {
  return new ApiError('BadRequest', message, { cause });
}

/** An error that Kubernetes does not translate: 500 with its bare text and no reason. */
export function untranslated(message: string): ApiError {
  return ApiError.from({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: undefined,
    code: 500,
  });
}
