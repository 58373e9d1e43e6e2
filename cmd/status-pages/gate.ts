// Who may read a component's status pages: everybody the open ones; the rest those whom the API server knows and lets, by client
// certificate or bearer token, as Kubernetes' components ask it (delegated authentication and authorization).
import { ApiError } from '../../pkg/api/meta/status.ts';
import { authenticate, type Credentials } from '../../pkg/apiserver/authn/authenticator.ts';
import { internalError, unauthorized } from '../../pkg/apiserver/http-errors.ts';
import type { DelegatedAccess } from '../../pkg/client/delegated-access.ts';
import type { Logger } from '../../pkg/logging/logger.ts';

export interface Gate {
  readonly access: DelegatedAccess;
  readonly openPaths: readonly string[];
  readonly log: Logger;
}

/** Undefined: come in. */
export async function refusal(
  { access, openPaths, log }: Gate,
  credentials: Credentials,
  { method, path }: { readonly method: string; readonly path: string },
): Promise<ApiError | undefined> {
  if (openPaths.some((open) => isCovered(path, open))) return undefined;
  let user;
  try {
    user = await authenticate(credentials, [{ authenticate: (token) => access.identify(token) }]);
  } catch (error) {
    log.warn('cannot ask the API server who it is', { path, error });
    return unauthorized();
  }
  if (user === undefined) return unauthorized();
  if (user.groups.includes('system:masters')) return undefined;
  const verb = method.toLowerCase();
  try {
    const { allowed, reason } = await access.decide(user, { nonResourceAttributes: { path, verb } });
    return allowed ? undefined : forbiddenPath(user.name, verb, path, reason);
  } catch (error) {
    log.warn('cannot ask the API server what they may do', { path, user: user.name, error });
    return internalError(`cannot check what ${JSON.stringify(user.name)} may do`, error);
  }
}

function isCovered(path: string, open: string): boolean {
  if (open.endsWith('*')) return path.startsWith(open.slice(0, -1));
  return path === open;
}

function forbiddenPath(user: string, verb: string, path: string, reason: string): ApiError {
  const why = reason === '' ? '' : `: ${reason}`;
  const message = `forbidden: User ${JSON.stringify(user)} cannot ${verb} path ${JSON.stringify(path)}${why}`;
  return new ApiError('Forbidden', message, { details: {} });
}
