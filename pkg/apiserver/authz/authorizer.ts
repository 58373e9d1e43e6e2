// Whether a user may do something. Every request is asked about before it is carried out, and reviews
// (`kubectl auth can-i`) get the same answer.
import type { UserInfo } from '../request.ts';

export interface Attributes {
  readonly user: UserInfo;
  readonly verb: string;
  /** '' with `path` set for requests that are not about resources. */
  readonly resource: string;
  readonly group: string;
  readonly version: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision;
}

/** `--authorization-mode=AlwaysAllow`: whoever is known may do everything. */
export const alwaysAllow: Authorizer = {
  authorize: ({ user }) =>
    user.groups.includes('system:unauthenticated')
      ? { allowed: false, reason: `User ${JSON.stringify(user.name)} cannot do this` }
      : { allowed: true, reason: '' },
};
