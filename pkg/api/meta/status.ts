// Kubernetes' Status, the body of every failed request, and ApiError, the one error that crosses the HTTP boundary.
// Reasons and codes: k8s.io/apimachinery/pkg/apis/meta/v1 (StatusReason) and its api/errors.

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

export const CODE_OF_REASON = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  ServerTimeout: 500,
  Timeout: 504,
} as const;
export type StatusReason = keyof typeof CODE_OF_REASON;

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** What goes over the wire, ready to send. */
  readonly status: Status;

  constructor(
    reason: StatusReason,
    message: string,
    more: { details?: StatusDetails; cause?: unknown; code?: number } = {},
  ) {
    super(message, { cause: more.cause });
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(more.details !== undefined && { details: more.details }),
      code: more.code ?? CODE_OF_REASON[reason],
    };
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  get code(): number {
    return this.status.code;
  }

  /** The error that a received Status stands for. */
  static from(status: Status): ApiError {
    const error = new ApiError('InternalError', status.message ?? '');
    // Some errors of Kubernetes have no reason.
    delete error.status.reason;
    Object.assign(error.status, status);
    return error;
  }
}

export function isApiError(error: unknown, reason?: StatusReason): error is ApiError {
  return error instanceof ApiError && (reason === undefined || error.reason === reason);
}

/** One fault found in an object, rendered as Kubernetes' field.Error does: `spec.x: Invalid value: 3: must be ...`. */
export interface FieldError {
  readonly type:
    | 'Required'
    | 'Invalid'
    | 'Duplicate'
    | 'Forbidden'
    | 'NotSupported'
    | 'NotFound'
    | 'TooLong'
    | 'TooMany'
    | 'TypeInvalid'
    | 'InternalError';
  /** Dotted path, list positions in brackets: `spec.containers[0].name`. */
  readonly field: string;
  /** The text after the field: `Required value`, `Invalid value: "A": a lowercase RFC 1123 label ...`. */
  readonly body: string;
}

const CAUSE_OF_TYPE: Readonly<Record<FieldError['type'], string>> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  Duplicate: 'FieldValueDuplicate',
  Forbidden: 'FieldValueForbidden',
  NotSupported: 'FieldValueNotSupported',
  NotFound: 'FieldValueNotFound',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  TypeInvalid: 'FieldValueTypeInvalid',
  InternalError: 'InternalError',
};

/** 422 Invalid for an object, naming every faulty field. `group` is '' for the core group. */
export function invalid(what: { group: string; kind: string; name?: string }, errors: readonly FieldError[]): ApiError {
  const lines = [...new Set(errors.map((error) => `${error.field}: ${error.body}`))];
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  // An object that was sent without a name has none even where the types promise one.
  const name = what.name ?? '';
  const qualified = what.group === '' ? what.kind : `${what.kind}.${what.group}`;
  return new ApiError('Invalid', `${qualified} "${name}" is invalid: ${text}`, {
    details: {
      ...(name !== '' && { name }),
      ...(what.group !== '' && { group: what.group }),
      kind: what.kind,
      causes: errors.map((error) => ({
        reason: CAUSE_OF_TYPE[error.type],
        message: error.body,
        field: error.field,
      })),
    },
  });
}

/** `resource` is the plural with its group, as Kubernetes prints it: `pods`, `deployments.apps`. */
export function notFound(resource: { group: string; resource: string }, name: string): ApiError {
  return new ApiError('NotFound', `${qualifiedResource(resource)} "${name}" not found`, {
    details: detailsOf(resource, name),
  });
}

export function alreadyExists(resource: { group: string; resource: string }, name: string): ApiError {
  return new ApiError('AlreadyExists', `${qualifiedResource(resource)} "${name}" already exists`, {
    details: detailsOf(resource, name),
  });
}

export function conflict(resource: { group: string; resource: string }, name: string, why: string): ApiError {
  return new ApiError('Conflict', `Operation cannot be fulfilled on ${qualifiedResource(resource)} "${name}": ${why}`, {
    details: detailsOf(resource, name),
  });
}

export function qualifiedResource({ group, resource }: { group: string; resource: string }): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function detailsOf({ group, resource }: { group: string; resource: string }, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), kind: resource };
}
