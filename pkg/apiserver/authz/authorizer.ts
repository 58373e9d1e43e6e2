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

/** What a user may do, as SelfSubjectRulesReview tells it. */
export interface Rules {
  readonly resourceRules: readonly {
    readonly verbs: readonly string[];
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly nonResourceRules: readonly {
    readonly verbs: readonly string[];
    readonly nonResourceURLs: readonly string[];
  }[];
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision;
  rulesFor(user: UserInfo, namespace: string): Rules;
}

const EVERYTHING: Rules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const NOTHING: Rules = { resourceRules: [], nonResourceRules: [] };

/** `--authorization-mode=AlwaysAllow`: whoever is known may do everything. */
export const alwaysAllow: Authorizer = {
  authorize: ({ user }) =>
    user.groups.includes('system:unauthenticated')
      ? { allowed: false, reason: `User ${JSON.stringify(user.name)} cannot do this` }
      : { allowed: true, reason: '' },
  rulesFor: ({ groups }) => (groups.includes('system:unauthenticated') ? NOTHING : EVERYTHING),
};
