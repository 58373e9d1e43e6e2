// POST serviceaccounts/<name>/token: a token for an account, bound to a pod, node or secret if asked for.
// k8s.io/kubernetes pkg/registry/core/serviceaccount/storage/token.go.
import { conflict, invalid, type FieldError } from '../../../api/meta/status.ts';
import { formatTime } from '../../../api/meta/time.ts';
import { schemaOf } from '../../../api/schema/object-schema.ts';
import type { Pod } from '../../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject } from '../../../api/schema/resource-type.ts';
import type { TokenRequest } from '../../../api/schema/generated/authentication.v1.gen.ts';
import type { BoundObject, ServiceAccountTokens } from '../../authn/service-account-tokens.ts';
import { encodeValue } from '../../encoded.ts';
import { badRequest, internalError } from '../../http-errors.ts';
import { newUid } from '../identity.ts';
import { respond } from '../represent.ts';
import { decodeBody, type BodyType } from '../request-body.ts';
import type { ResourceApi } from '../resource-api.ts';
import type { SubresourceCall, SubresourceHandler } from '../subresource-handler.ts';
import { settleNamespace } from '../write-parts.ts';

const SHORTEST_SECONDS = 600;
const LONGEST_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;
/** The pod's own token is asked for an hour; what is given lasts longer, as its reader may be slow to renew it. */
const EXTENDED = { asked: 3607, given: 365 * 24 * 3600 };

const BOUND_RESOURCES: Readonly<Record<string, 'pods' | 'nodes' | 'secrets'>> = {
  Pod: 'pods',
  Node: 'nodes',
  Secret: 'secrets',
};

function bodyType(): BodyType {
  return {
    schema: schemaOf('authentication.v1.TokenRequest'),
    groupVersionKind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  };
}

export function tokenOf(tokens: ServiceAccountTokens | undefined): SubresourceHandler {
  return async (call: SubresourceCall) => {
    const { api, served, target, request } = call;
    const how = api.representation(request, 'untabular');
    const context = api.writeContext(served, target, request, 'CreateOptions');
    // Decoded by TokenRequest's own schema.
    const asked = decodeBody(request.body, bodyType(), context.options.fieldValidation).object as TokenRequest;
    if (tokens === undefined) throw internalError('this server has no key to sign tokens with');
    const { value: account } = await api.parts.reader.get(served, target.namespace, target.name);
    if (asked.metadata?.name && asked.metadata.name !== target.name) {
      throw badRequest(`name on the request (${asked.metadata.name}) does not match name in the URL (${target.name})`);
    }
    if (asked.metadata !== undefined) settleNamespace(asked.metadata, target.namespace);
    const spec = asked.spec ?? {};
    const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
    check(seconds);
    const audiences = spec.audiences?.length ? spec.audiences : tokens.audiences;
    const bound = await boundObject(api, target.namespace, target.name, spec.boundObjectRef);
    const lasting = seconds === EXTENDED.asked && bound?.kind === 'Pod' ? EXTENDED.given : seconds;
    const now = api.parts.clock.now();
    const token = await tokens.sign({
      namespace: target.namespace,
      account: { name: target.name, uid: account.metadata.uid },
      bound,
      audiences,
      expirationSeconds: lasting,
      id: newUid(api.parts.random),
    });
    const answer = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: target.name, namespace: target.namespace, creationTimestamp: formatTime(now) },
      spec: { ...spec, audiences, expirationSeconds: seconds },
      status: { token, expirationTimestamp: formatTime(now + seconds * 1000) },
    };
    return respond(201, encodeValue(answer), how.negotiated, context.warnings);
  };
}

function check(seconds: number): void {
  const field = 'spec.expirationSeconds';
  const faults: FieldError[] = [];
  if (seconds < SHORTEST_SECONDS) {
    faults.push({
      type: 'Invalid',
      field,
      body: `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
    });
  }
  if (seconds > LONGEST_SECONDS) {
    faults.push({
      type: 'Invalid',
      field,
      body: `Invalid value: ${seconds}: may not specify a duration larger than 2^32 seconds`,
    });
  }
  if (faults.length === 0) return;
  const error = invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name: '' }, faults);
  delete error.status.details?.name;
  throw error;
}

interface BoundReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

async function boundObject(
  api: ResourceApi,
  namespace: string,
  account: string,
  reference: BoundReference | undefined,
): Promise<BoundObject | undefined> {
  if (reference === undefined) return undefined;
  const { kind = '', apiVersion = '', name = '', uid } = reference;
  const resource = BOUND_RESOURCES[kind];
  const served = resource === undefined ? undefined : api.kindOf('', resource);
  if (served === undefined || (apiVersion !== '' && apiVersion !== 'v1')) {
    throw badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  }
  const { value } = await api.parts.reader.get(served, served.namespaced ? namespace : '', name);
  if (uid && uid !== value.metadata.uid) {
    throw conflict(
      served.resource,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (kind === 'Pod' && podOf(value).spec.serviceAccountName !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    );
  }
  // BOUND_RESOURCES has these kinds only.
  const bound = { kind: kind as BoundObject['kind'], name, uid: value.metadata.uid };
  const nodeName = kind === 'Pod' ? podOf(value).spec.nodeName : undefined;
  return nodeName ? { ...bound, node: nodeOf(api, nodeName) } : bound;
}

function nodeOf(api: ResourceApi, name: string): { name: string; uid?: string } {
  const served = api.kindOf('', 'nodes');
  const uid = served === undefined ? undefined : api.parts.reader.peek(served, '', name)?.value.metadata.uid;
  return { name, ...(uid !== undefined && { uid }) };
}

/** The object is the pod that the reference names. */
function podOf(object: KubeObject): Pod {
  return object as Pod;
}
