// Turns what a server answered with 400 or more into the ApiError it stands for. A Status body is taken as it is; any
// other body (a proxy's page, plain text) gets the reason and the sentence that Kubernetes' own clients give its code.
import { ApiError, CODE_OF_REASON, type Status, type StatusReason } from '../api/meta/status.ts';

export function isStatus(value: unknown): value is Status {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'Status' &&
    'status' in value &&
    typeof value.status === 'string'
  );
}

/** What a code means when the server gave no Status; texts of apimachinery's NewGenericServerResponse. */
const GENERIC: Readonly<Record<number, { reason: StatusReason; message: string }>> = {
  400: { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' },
  401: { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' },
  403: { reason: 'Forbidden', message: 'the server does not allow access to the requested resource' },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' },
  406: {
    reason: 'NotAcceptable',
    message: 'the server was unable to respond with a content type that the client supports',
  },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  410: { reason: 'Gone', message: 'the server no longer has the requested resource' },
  413: { reason: 'RequestEntityTooLarge', message: 'limit is exceeded' },
  415: {
    reason: 'UnsupportedMediaType',
    message: 'the body of the request was in an unknown format - accepted media types include: application/json',
  },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: { reason: 'Timeout', message: 'the server was unable to return a response in the time allotted' },
};

/** `body`: parsed JSON or text. `retryAfter`: the Retry-After header, in seconds. */
export function errorOfResponse(code: number, body: unknown, retryAfter: string | undefined): ApiError {
  const seconds = retryAfterSeconds(retryAfter);
  if (isStatus(body)) {
    const details =
      seconds === undefined || body.details?.retryAfterSeconds !== undefined
        ? body.details
        : { ...body.details, retryAfterSeconds: seconds };
    return ApiError.from({ ...body, ...(details !== undefined && { details }), code: body.code ?? code });
  }
  const known = GENERIC[code];
  const text = typeof body === 'string' ? body.trim().slice(0, 1024) : '';
  const reason = known?.reason ?? 'InternalError';
  const message =
    known?.message ??
    `an error on the server (${JSON.stringify(text || 'unknown')}) has prevented the request from succeeding`;
  return new ApiError(reason, message, {
    code: known === undefined ? code : CODE_OF_REASON[reason],
    details: {
      causes: [{ reason: 'UnexpectedServerResponse', message: text === '' ? 'unknown' : text }],
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    },
  });
}

/** Undefined when there is no such header or it is a date, which API servers do not send. */
export function retryAfterSeconds(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}
