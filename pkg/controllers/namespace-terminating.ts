// A create that was refused because the namespace is going: everything in it will be gone as well, so there is nothing to
// try again and nothing to complain about.
import { isApiError } from '../api/meta/status.ts';

export function isNamespaceTerminating(error: unknown): boolean {
  return (
    isApiError(error, 'Forbidden') &&
    (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
  );
}
