// Questions that are asked by creating an object and never stored: who am I, may I, is this token good.
import { Faults } from '../../../api/meta/field-faults.ts';
import { invalid, type FieldError } from '../../../api/meta/status.ts';
import { schemaOf } from '../../../api/schema/object-schema.ts';
import type { TokenReview } from '../../../api/schema/generated/authentication.v1.gen.ts';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SubjectAccessReview,
} from '../../../api/schema/generated/authorization.v1.gen.ts';
import type { KubeObject } from '../../../api/schema/resource-type.ts';
import { reviewToken, type TokenAuthenticator, type TokenFinding } from '../../authn/authenticator.ts';
import type { Attributes, Authorizer } from '../../authz/authorizer.ts';
import { encodeValue } from '../../encoded.ts';
import { badRequest } from '../../http-errors.ts';
import type { UserInfo } from '../../request.ts';
import { respond } from '../represent.ts';
import { decodeBody } from '../request-body.ts';
import type { SubresourceHandler } from '../subresource-handler.ts';
import { settleNamespace } from '../write-parts.ts';

interface AccessSpec {
  resourceAttributes?: {
    group?: string;
    name?: string;
    namespace?: string;
    resource?: string;
    subresource?: string;
    verb?: string;
    version?: string;
  };
  nonResourceAttributes?: { path?: string; verb?: string };
}

/** Decodes the body as the kind, and answers with it and the status that `decide` gives. */
function review(
  group: string,
  kind: string,
  decide: (asked: KubeObject, user: UserInfo) => object | Promise<object>,
): SubresourceHandler {
  const version = group === 'authentication.k8s.io' ? 'authentication.v1' : 'authorization.v1';
  return async ({ api, request, target }) => {
    const how = api.representation(request, 'untabular');
    const type = { schema: schemaOf(`${version}.${kind}`), groupVersionKind: { group, version: 'v1', kind } };
    const { object } = decodeBody(request.body, type, 'Warn');
    settleNamespace(object.metadata, target.namespace);
    const status = await decide(object, request.user);
    return respond(201, encodeValue({ ...object, status }), how.negotiated, []);
  };
}

/** By `group/version/resource`. */
export function reviewHandlers(
  authorizer: Authorizer,
  tokens: readonly TokenAuthenticator[],
  ownAudiences: readonly string[],
): [string, SubresourceHandler][] {
  const access = (kind: string, spec: AccessSpec | undefined, user: UserInfo, metadata: KubeObject['metadata']) => {
    const faults = accessFaults(kind, spec ?? {}, user, metadata);
    if (faults.length > 0) throw invalid({ group: z, kind, name: '' }, faults);
    const { allowed, reason } = authorizer.authorize(attributesOf(spec ?? {}, user));
    return { allowed, ...(reason !== '' && { reason }) };
  };
  const z = 'authorization.k8s.io';
  const n = 'authentication.k8s.io';
  // Each body has been decoded by its own schema.
  return [
    [
      `${z}/v1/selfsubjectaccessreviews`,
      review(z, SELF, (asked, user) => access(SELF, (asked as SelfSubjectAccessReview).spec, user, asked.metadata)),
    ],
    [
      `${z}/v1/subjectaccessreviews`,
      review(z, 'SubjectAccessReview', (asked) => {
        const { spec } = asked as SubjectAccessReview;
        return access('SubjectAccessReview', spec, subjectOf(spec), asked.metadata);
      }),
    ],
    [
      `${z}/v1/localsubjectaccessreviews`,
      review(z, LOCAL, (asked) => {
        const { spec } = asked as LocalSubjectAccessReview;
        return access(LOCAL, spec, subjectOf(spec), asked.metadata);
      }),
    ],
    [
      `${z}/v1/selfsubjectrulesreviews`,
      review(z, 'SelfSubjectRulesReview', (asked, user) => {
        // Validation does not see reviews, so even what the type promises may be missing.
        const { spec } = asked as { spec?: { namespace?: string } };
        if (!spec?.namespace) throw badRequest('no namespace on request');
        return { ...authorizer.rulesFor(user, spec.namespace), incomplete: false };
      }),
    ],
    [`${n}/v1/selfsubjectreviews`, review(n, 'SelfSubjectReview', (_, user) => ({ userInfo: infoOf(user) }))],
    [
      `${n}/v1/tokenreviews`,
      review(n, 'TokenReview', async (asked) => {
        // Validation does not see reviews, so even what the type promises may be missing.
        const { spec } = asked as { spec?: TokenReview['spec'] };
        if (!spec?.token) throw badRequest('token is required for TokenReview in authentication');
        return tokenStatus(await reviewToken(spec.token, spec.audiences ?? [], ownAudiences, tokens));
      }),
    ],
  ];
}

const SELF = 'SelfSubjectAccessReview';
const LOCAL = 'LocalSubjectAccessReview';

/** Source: k8s.io/kubernetes/pkg/apis/authorization/validation. */
function accessFaults(kind: string, spec: AccessSpec, user: UserInfo, metadata: KubeObject['metadata']): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  const faults = new Faults();
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const why = 'cannot be specified in combination with resourceAttributes';
    faults.invalid(['spec', 'nonResourceAttributes'], nonResourceAttributes, why);
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    faults.invalid(['spec', 'resourceAttributes'], null, why);
  }
  if (kind !== SELF && user.name === '' && user.groups.length === 0) {
    faults.invalid(['spec', 'user'], '', 'at least one of user or group must be specified');
  }
  const { namespace, managedFields: _, ...others } = metadata;
  // A body of protobuf holds zeros where JSON holds nothing.
  if (Object.values(others).some((value) => value !== undefined && value !== '' && value !== 0)) {
    faults.invalid('metadata', metadata, `must be empty${kind === LOCAL ? ' except for namespace' : ''}`);
  }
  if (kind !== LOCAL) return faults.errors;
  if (resourceAttributes !== undefined && resourceAttributes.namespace !== namespace) {
    const sentence = 'must match metadata.namespace';
    faults.invalid('spec.resourceAttributes.namespace', resourceAttributes.namespace ?? '', sentence);
  }
  if (nonResourceAttributes !== undefined) {
    faults.invalid('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request');
  }
  return faults.errors;
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: AccessSpec, user: UserInfo): Attributes {
  const asked = resourceAttributes ?? {};
  return {
    user,
    verb: asked.verb ?? nonResourceAttributes?.verb ?? '',
    group: asked.group ?? '',
    version: asked.version ?? '',
    resource: asked.resource ?? '',
    subresource: asked.subresource ?? '',
    namespace: asked.namespace ?? '',
    name: asked.name ?? '',
    path: nonResourceAttributes?.path ?? '',
  };
}

function subjectOf(spec: { user?: string; groups?: readonly string[]; uid?: string } | undefined): UserInfo {
  return { name: spec?.user ?? '', groups: spec?.groups ?? [], ...(spec?.uid !== undefined && { uid: spec.uid }) };
}

function tokenStatus(found: Exclude<TokenFinding, undefined>): object {
  if ('fault' in found) return { user: {}, error: found.fault };
  const { user, audiences } = found;
  return { authenticated: true, user: infoOf(user), ...(audiences.length > 0 && { audiences }) };
}

function infoOf({ name, uid, groups, extra }: UserInfo): object {
  return {
    username: name,
    ...(uid !== undefined && uid !== '' && { uid }),
    groups,
    ...(extra !== undefined && { extra }),
  };
}
